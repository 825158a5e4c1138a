"""The events of a build, and its summary. Plain values: how they are shown is not decided here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from generator.plan import Task


@dataclass(frozen=True)
class Waiting:
    """Another process writes to the same output, and is waited for; ``holder`` says which, where and since when."""

    output: str
    holder: str


@dataclass(frozen=True)
class LockWarning:
    """What the user should know of an output's lock, such as that there is none."""

    output: str
    message: str


@dataclass(frozen=True)
class PhotoWarning:
    """What the user should know of a photo, such as that all of it is dark."""

    name: str
    message: str


@dataclass(frozen=True)
class ModelReady:
    """A model's summary is known; ``warnings`` are for its user."""

    name: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Measuring:
    """It is measured, once, how a model's pictures are optimised fastest on this machine."""

    name: str


@dataclass(frozen=True)
class DatasetOpened:
    """A model's dataset was read: how many images it has, and how many the model was not shown yet."""

    model: str
    name: str
    images: int
    new: int


@dataclass(frozen=True)
class DatasetWarning:
    """What the user should know of a dataset, such as an image that was left out."""

    name: str
    message: str


@dataclass(frozen=True)
class CircuitWarning:
    """What a model's filters are made of could not be measured."""

    model: str
    message: str


@dataclass(frozen=True)
class ImagesSeen:
    """So many of a dataset's images are done; ``doing`` says with what."""

    model: str
    name: str
    doing: str
    done: int
    count: int


@dataclass(frozen=True)
class AgainFromExamples:
    """So many filters of a model, which an image excites more than their picture, are optimised again from there.

    ``cost`` comes on top of the plan's, in multiplications.
    """

    model: str
    filters: int
    cost: float


@dataclass(frozen=True)
class Planned:
    """All tasks are known. ``cost`` is in multiplications; pictures are by far the most of it."""

    pending: int
    cached: int
    pictures: int
    cost: float


@dataclass(frozen=True)
class TaskStarted:
    """A task begins."""

    task: Task


@dataclass(frozen=True)
class Progressed:
    """``cost`` more of the plan's cost is done; of pictures, so many ``filters``' worth."""

    task: Task
    cost: float
    filters: float = 0.0


@dataclass(frozen=True)
class TaskDone:
    """A task's result is in the store."""

    task: Task


@dataclass(frozen=True)
class Failure:
    """Something failed; the rest goes on. ``error`` is the exception, for ``--debug``."""

    what: str
    message: str
    error: BaseException


@dataclass(frozen=True)
class WorkersStarted:
    """Pictures are rendered by so many processes; ``why_fewer`` than were asked for, empty if as many."""

    count: int
    why_fewer: str


@dataclass(frozen=True)
class WorkerLost:
    """A process died while it did a task, which another does again."""

    task: Task


@dataclass(frozen=True)
class PagesGrown:
    """The site was written meanwhile, with what there is; ``index`` is its first page."""

    index: str


@dataclass(frozen=True)
class Interrupted:
    """The build ends here; the pages of what is done are written."""


@dataclass(frozen=True)
class PagesDone:
    """The site is written: how many files changed, stayed as they were, and were deleted."""

    written: int
    unchanged: int
    deleted: int


@dataclass(frozen=True)
class Summary:
    """What a build did."""

    rendered: int
    cached: int
    failures: tuple[Failure, ...]
    pages: PagesDone
    verdicts: tuple[tuple[str, int], ...]
    index: str


Event = (
    Waiting
    | LockWarning
    | PhotoWarning
    | ModelReady
    | Measuring
    | DatasetOpened
    | DatasetWarning
    | CircuitWarning
    | ImagesSeen
    | AgainFromExamples
    | Planned
    | TaskStarted
    | Progressed
    | TaskDone
    | Failure
    | WorkersStarted
    | WorkerLost
    | PagesGrown
    | Interrupted
    | PagesDone
)

OnEvent = Callable[[Event], None]
"""Called with each event when it happens."""
