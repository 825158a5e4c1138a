"""What a build will take, before it is done: in proportion to the pictures that the network is shown."""

from __future__ import annotations

import pytest

from generator.config.values import ObjectiveSpec
from generator.pipeline import Event, Planned, Progressed
from generator.pipeline.cost import COMPILING, OVERHEAD, duration, fixed_seconds, task_bytes, task_cost
from generator.plan import PICTURE, Task, plan_model
from tests.pipeline.conftest import Place
from tests.summaries import conv, entry, summary

CARD = summary(conv(1, "a", 6, macs=1e5))
BASE: dict[str, object] = {"size": 64, "margin": 0, "steps": 10}
DIRECTION = ObjectiveSpec("direction", tuple((index, 1.0) for index in range(6)))


def pictures(**settings: object) -> list[Task]:
    """Return the tasks of pictures with these settings."""
    found = plan_model(entry(render=tuple({**BASE, **settings}.items())), CARD, [])
    return [task for task in found if task.technique == PICTURE]


def cost(**settings: object) -> float:
    return sum(task_cost(task, CARD) for task in pictures(**settings))


@pytest.mark.parametrize(
    ("settings", "times"),
    [
        ({"steps": 20}, 2),
        ({"size": 128}, 4),
        ({"margin": 16}, 2.25),
        ({"sign": "both"}, 2),
        ({"repeats": 3}, 3),
        ({"objective": (ObjectiveSpec(), ObjectiveSpec("neuron"))}, 2),
        ({"precision": "bfloat16"}, 1),
        ({"diversity": 3}, 3),
        ({"objective": (DIRECTION,)}, 1 / 6),  # one picture for all of them
    ],
)
def test_the_cost_grows_with_the_pictures(settings: dict[str, object], times: float) -> None:
    assert cost(**settings) == pytest.approx(times * cost())


def test_each_layer_and_setting_is_compiled_once() -> None:
    one, two = (fixed_seconds(pictures(sign=sign)) for sign in ("positive", "both"))
    assert two - one == COMPILING
    assert fixed_seconds([]) == 0


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        *((0.2, "0 s"), (99, "99 s"), (100, "2 min"), (3600, "60 min"), (5960, "99 min"), (6000, "1.7 h")),
        (191209, "53.1 h"),
    ],
)
def test_times_are_told_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_every_crop_goes_through_the_network() -> None:
    one, many = (cost(method="maco", crops=crops) for crops in (1, 8))
    network = 2 * 10 * 6 * 64 * 64 * (CARD.layers[0].macs)
    assert many - one == pytest.approx(7 * network, rel=2 * OVERHEAD / CARD.layers[0].macs)


@pytest.mark.parametrize(
    ("settings", "times"),
    [
        ({"steps": 20}, 1),
        ({"size": 128}, 4),
        ({"sign": "both"}, 2),
        ({"diversity": 3}, 3),
        ({"objective": (DIRECTION,)}, 1 / 6),
    ],
)
def test_the_bytes_grow_with_the_pictures(settings: dict[str, object], times: float) -> None:
    found, base = (sum(task_bytes(task, CARD) for task in pictures(**more)) for more in (settings, {}))
    assert found == pytest.approx(times * base)


@pytest.mark.parametrize(
    ("render", "count"),
    [
        ("sign: both", 14),
        ("repeats: 2", 14),
        ("diversity: 3", 21),
        ("objective: {direction: {0: 1, 1: 1, 2: 1}}", 2),
    ],
)
def test_as_many_pictures_are_told_as_are_made(render: str, count: int, place: Place) -> None:
    heard: list[Event] = []
    place.build(render=render, hear=heard.append)
    (planned,) = (event for event in heard if isinstance(event, Planned))
    assert planned.pictures == count
    assert sum(event.filters for event in heard if isinstance(event, Progressed)) == pytest.approx(count)
