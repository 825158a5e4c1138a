"""Failures that cost one layer and not the others: what a task raises, and numbers that are not finite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from generator.errors import GalleryError, reason
from generator.pipeline.events import Failure
from generator.plan import Task

OVERFLOW = "the network's activation is not a finite number"
NOT_FINITE = "its weights are not all finite numbers"


def attempt(tasks: list[Task], work: Callable[[], None]) -> Iterator[Failure]:
    """Do the work of some tasks; yield the failure, if it fails."""
    try:
        work()
    except GalleryError:
        raise  # the store cannot be written: nothing else would succeed
    except Exception as error:  # TensorFlow raises many kinds; one layer's failure must not cost the others
        layers = ", ".join(dict.fromkeys(f"{task.model}/{task.layer.name}" for task in tasks))
        yield Failure(f"{tasks[0].technique} of {layers}", reason(error), error)


def rounded(value: Any) -> float:
    """Return six digits of a number.

    Raises FloatingPointError if the network overflowed: its pictures would mean nothing.
    """
    number = float(value)
    if not np.isfinite(number):
        raise FloatingPointError(OVERFLOW)
    return float(f"{number:.6g}")
