"""What came of a picture task, whichever process did it, on its way into the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from generator.config.values import RenderSettings
from generator.pipeline.events import Failure, OnEvent, TaskDone
from generator.plan import Task
from generator.store import Store
from generator.store.store import Record

Kind = tuple[int, RenderSettings]
"""What the tasks of one compiled graph have in common."""


@dataclass(frozen=True)
class Rendered:
    """What came of a task: its ``record``, None if nothing did, with the files that it names, by their digest."""

    task: Task
    record: Record | None
    files: Mapping[str, bytes]
    failures: tuple[Failure, ...]


def kind_of(task: Task) -> Kind:
    """Return what the tasks of one graph have in common."""
    assert task.settings is not None
    return task.layer.index, replace(task.settings, seed=0)


def keep(done: Rendered, store: Store, on_event: OnEvent) -> Iterator[Failure]:
    """Put what came of a task into the store; yield what failed."""
    yield from done.failures
    if done.record is not None:
        for content in done.files.values():
            store.put_blob(content)
        store.put_record(done.task.record_group, done.task.key, done.record)
        on_event(TaskDone(done.task))
