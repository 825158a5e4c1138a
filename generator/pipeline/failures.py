"""Failures that cost one layer and not the others: what a task raises, and numbers that are not finite."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from generator.errors import GalleryError, reason
from generator.pipeline.events import Failure
from generator.plan import Task
from generator.store.store import Record

OVERFLOW = "the network's activation is not a finite number"
NOT_FINITE = "its weights are not all finite numbers"
MOST_FILTERS = 8
"""Filters that are named in a failure."""


def attempt(tasks: list[Task], work: Callable[[], None]) -> Iterator[Failure]:
    """Do the work of some tasks; yield the failure, if it fails."""
    try:
        work()
    except GalleryError:
        raise  # the store cannot be written: nothing else would succeed
    except Exception as error:  # TensorFlow raises many kinds; one layer's failure must not cost the others
        layers = ", ".join(dict.fromkeys(f"{task.model}/{task.layer.name}" for task in tasks))
        yield Failure(f"{tasks[0].technique} of {layers}", reason(error), error)


def of_filters(task: Task, reasons: Mapping[int, str]) -> Iterator[Failure]:
    """Yield a failure for each of the reasons why filters of a task have no result, by filter, with all of these."""
    for why in dict.fromkeys(reasons.values()):
        failed = [index for index, own in sorted(reasons.items()) if own == why]
        what = f"{task.technique} of {task.model}/{task.layer.name}"
        if set(failed) != set(task.filters):
            shown = [str(index) for index in failed[:MOST_FILTERS]]
            more = f" and {len(failed) - MOST_FILTERS} more" if len(failed) > MOST_FILTERS else ""
            what += f", filter{'s' if failed[1:] else ''} {', '.join(shown)}{more}"
        yield Failure(what + (f" on {task.photo.name}" if task.photo else ""), why, FloatingPointError(why))


def leaving_out(record: Record, reasons: Mapping[int, str]) -> Record:
    """Return the record of a task with the reasons why filters are left out of it, if there are any."""
    return {**record, "failed": [[index, why] for index, why in sorted(reasons.items())]} if reasons else record


def recorded(task: Task, record: Record) -> Iterator[Failure]:
    """Yield again the failures of the filters that the record of a task leaves out."""
    yield from of_filters(task, dict(record.get("failed", ())))


def rounded(value: Any) -> float:
    """Return six digits of a number.

    Raises FloatingPointError if the network overflowed: its pictures would mean nothing.
    """
    number = float(value)
    if not np.isfinite(number):
        raise FloatingPointError(OVERFLOW)
    return float(f"{number:.6g}")
