"""Runs plan -> render -> store -> pages, and reports progress as events."""

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
