"""The order of a build's tasks: each is done once, and each layer has pictures before any has all of them."""

from __future__ import annotations

from generator.pipeline.turns import first_turn, quick_tasks, second_turn
from generator.plan import PICTURE, PhotoIdentity, Tuning, plan_model
from tests.summaries import conv, entry, summary

PHOTO = PhotoIdentity("cat", "1" * 64, (32, 32))


def test_every_task_has_one_turn() -> None:
    of = entry(render=(("repeats", 2),))
    tasks = plan_model(
        of, summary(conv(1, "stem", 5), conv(2, "top", 4)), [PHOTO], tuning=Tuning("float32", ((30.0, 2),))
    )
    pictures = [task for task in tasks if task.technique == PICTURE]
    assert len(pictures) > 4
    quick, first, second = quick_tasks(tasks), first_turn(tasks), second_turn(tasks)
    assert sorted(task.key for task in quick + first + second) == sorted(task.key for task in tasks)
    assert not any(task.settings for task in quick)
    assert [task.layer.index for task in first] == [1, 2]
    assert all(task is next(t for t in pictures if t.layer is task.layer) for task in first)
    assert second == [task for task in pictures if task not in first]
