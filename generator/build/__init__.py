"""Runs plan -> render -> store -> pages, and reports progress as events."""

import sys

from generator.build.events import (
    Event,
    Failure,
    Measuring,
    ModelReady,
    PagesDone,
    Planned,
    Progressed,
    Summary,
    TaskDone,
    TaskStarted,
)
from generator.build.run import build
from generator.build.workshop import prepare
from generator.face.room import CallableRoom

__all__ = [
    "Event",
    "Failure",
    "Measuring",
    "ModelReady",
    "PagesDone",
    "Planned",
    "Progressed",
    "Summary",
    "TaskDone",
    "TaskStarted",
    "build",
    "prepare",
]

sys.modules[__name__].__class__ = CallableRoom  # so that `from generator import build` is what builds
