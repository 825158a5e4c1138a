"""The order in which a build works: what is cheap, then a few pictures of every layer, then all others."""

from __future__ import annotations

from collections.abc import Sequence

from generator.plan import PICTURE, Task


def quick_tasks(tasks: Sequence[Task]) -> list[Task]:
    """Return the tasks that take next to no time: kernels and feature maps."""
    return [task for task in tasks if task.technique != PICTURE]


def first_turn(tasks: Sequence[Task]) -> list[Task]:
    """Return the first batch of pictures of every layer, so that each has something to see soon."""
    first: dict[int, Task] = {}
    for task in tasks:
        if task.technique == PICTURE:
            first.setdefault(task.layer.index, task)
    return list(first.values())


def second_turn(tasks: Sequence[Task]) -> list[Task]:
    """Return the other pictures, layer by layer."""
    first = {task.key for task in first_turn(tasks)}
    return [task for task in tasks if task.technique == PICTURE and task.key not in first]
