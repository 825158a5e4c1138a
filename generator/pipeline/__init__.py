"""Runs plan -> render -> store -> pages, and reports progress as events."""

from generator.pipeline.context import prepare
from generator.pipeline.events import (
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
from generator.pipeline.run import build

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
