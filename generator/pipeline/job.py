"""A job: one task, with all that another process needs to do it. What comes of it is put into the store by the caller.

A process keeps the model of its last job, and what it compiled for it.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from generator.config.values import ModelEntry
from generator.errors import ModelError
from generator.models.start import start_keras
from generator.pipeline.rendered import Rendered
from generator.plan import Task

if TYPE_CHECKING:
    from generator.models.load import LoadedModel
    from generator.pipeline.optimize import Searches


@dataclass(frozen=True)
class Job:
    """A picture task of a model, which must have the ``digest``; after it come ``more`` that the same graph serves."""

    entry: ModelEntry
    trust: bool
    digest: str
    task: Task
    more: bool


class RemoteError(Exception):
    """What another process raised, by its traceback."""


def do(job: Job) -> Rendered:
    """Do a job in this process, and return what came of it, its exceptions as ``RemoteError``: others may not travel.

    Raises ModelError if the model cannot be loaded here.
    """
    held = _held(job)
    from generator.pipeline.optimize import rendered

    parts = list(rendered(held.model, [job.task], lambda event: None, partial(held.searches, job)))
    failures = [
        replace(failure, error=RemoteError("".join(traceback.format_exception(failure.error))))
        for part in parts
        for failure in part.failures
    ]
    done = next((part for part in parts if part.record is not None), Rendered(job.task, None, {}, ()))
    return replace(done, failures=tuple(failures))


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
