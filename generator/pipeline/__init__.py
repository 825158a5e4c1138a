"""Runs plan -> render -> store -> pages, and reports progress as events."""

from generator.pipeline.context import prepare
from generator.pipeline.events import (
    AgainFromExamples,
    CircuitWarning,
    DatasetOpened,
    DatasetWarning,
    Event,
    Failure,
    ImagesSeen,
    LockWarning,
    Measuring,
    ModelReady,
    PagesDone,
    PhotoWarning,
    Planned,
    Progressed,
    Summary,
    TaskDone,
    TaskStarted,
    Waiting,
)
from generator.pipeline.run import build, building

__all__ = [
    "AgainFromExamples",
    "CircuitWarning",
    "DatasetOpened",
    "DatasetWarning",
    "Event",
    "Failure",
    "ImagesSeen",
    "LockWarning",
    "Measuring",
    "ModelReady",
    "PagesDone",
    "PhotoWarning",
    "Planned",
    "Progressed",
    "Summary",
    "TaskDone",
    "TaskStarted",
    "Waiting",
    "build",
    "building",
    "prepare",
]
