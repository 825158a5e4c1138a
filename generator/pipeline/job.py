"""A job: one task, with all that another process needs to do it. What comes of it is put into the store by the caller.

A process keeps the model of its last job, and what it compiled for it.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from generator.config.values import ModelEntry
from generator.errors import GalleryError, ModelError
from generator.models.start import start_keras
from generator.pipeline.events import Failure
from generator.plan import Task

if TYPE_CHECKING:
    from generator.models.load import LoadedModel
    from generator.pipeline.optimize import Searches

Record = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """A picture task of a model, which must have the ``digest``; after it come ``more`` that the same graph serves."""

    entry: ModelEntry
    trust: bool
    digest: str
    task: Task
    more: bool


@dataclass(frozen=True)
class Answer:
    """What came of a job's task: see ``optimize.Rendered``. ``failures`` are what, why, and a traceback.

    ``refused`` is why nothing of the model can be done there, with the way out; empty if it can.
    """

    record: Record | None
    files: Mapping[str, bytes]
    failures: tuple[tuple[str, str, str], ...]
    refused: tuple[str, str] | None = None


class RemoteError(Exception):
    """What another process raised, by its traceback."""


def failures_of(answer: Answer) -> list[Failure]:
    """Return the failures of an answer as a build reports them."""
    return [Failure(what, message, RemoteError(text)) for what, message, text in answer.failures]


def do(job: Job) -> Answer:
    """Do a job in this process."""
    try:
        held = _held(job)
    except GalleryError as error:
        return Answer(None, {}, (), (str(error), error.hint))
    from generator.pipeline.optimize import rendered

    record: Record | None = None
    files: Mapping[str, bytes] = {}
    failures: list[tuple[str, str, str]] = []
    for done in rendered(held.model, [job.task], lambda event: None, partial(held.searches, job)):
        record, files = (done.record, done.files) if done.record else (record, files)
        failures += [
            (failure.what, failure.message, "".join(traceback.format_exception(failure.error)))
            for failure in done.failures
        ]
    return Answer(record, files, tuple(failures))


class _Held:
    """A model that was loaded, with its compiled searches: with its weights as they are, and with some set to zero."""

    def __init__(self, entry: ModelEntry, model: LoadedModel) -> None:
        self.entry, self.model = entry, model
        self._searches: dict[bool, Searches] = {}

    def searches(self, job: Job, spoiled: bool) -> Searches:
        from generator.pipeline.optimize import Searches

        own = self._searches.setdefault(spoiled, Searches(self.model))
        own.expect(job.task, 2 if job.more else 1)
        return own


_last: list[_Held] = []


def _held(job: Job) -> _Held:
    """Return the job's model, which is loaded if it is not the last one's. Raises ModelError."""
    if not _last or _last[0].entry != job.entry:
        from generator.pipeline.context import Models

        _last.clear()  # let go of the old one before the new one takes its memory
        start_keras()
        _last.append(_Held(job.entry, Models(job.trust).load(job.entry)))
    held = _last[0]
    if held.model.summary.digest != job.digest:
        _last.clear()
        raise ModelError(
            f"{job.entry.name}: another process loads another network than this one", "Did its file change meanwhile?"
        )
    return held
