"""Pictures by the batch: optimised, encoded on another thread during the next batch, scored as encoded."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.digests import content_digest
from generator.imaging import encoding
from generator.models.load import LoadedModel
from generator.models.summary import ModelSummary
from generator.pipeline import bands
from generator.pipeline.cost import task_cost
from generator.pipeline.events import Failure, OnEvent, Progressed, TaskStarted
from generator.pipeline.failures import OVERFLOW, attempt, leaving_out, of_filters, rounded
from generator.pipeline.rendered import Kind, Rendered, keep, kind_of
from generator.pipeline.usable import Batch, batch_of, without_spoiled_filters
from generator.plan import PICTURE, Task
from generator.render.network import Network
from generator.render.optimize import Optimization, scores
from generator.render.search import Search
from generator.store import Store

Array = NDArray[Any]


@dataclass(frozen=True)
class _Encoded:
    """A batch's files: the finished pictures, those of each snapshot, and every channel where not all are shown."""

    finished: tuple[bytes, ...]
    snapshots: tuple[tuple[int, tuple[bytes, ...]], ...]
    channels: tuple[bytes, ...] | None


@dataclass(frozen=True)
class _Optimized:
    """A batch whose files are being encoded."""

    batch: Batch
    optimization: Optimization
    files: Future[_Encoded]


KEPT = 24
"""Graphs of layers that are kept for their next turn, at most: some 20 MB each."""


class Searches:
    """The searches of a model for some tasks; the networks' weights are prepared once.

    A graph is kept while there are tasks ahead that it serves. Of more than fit the first stay: they are the first to
    be needed again.
    """

    def __init__(self, model: LoadedModel, tasks: Iterable[Task] = ()) -> None:
        self.model = model
        self._networks: dict[str, Network] = {}
        self._ahead = Counter(map(kind_of, tasks))
        self._kept: dict[Kind, Search] = {}

    def expect(self, task: Task, count: int) -> None:
        """Take it that so many tasks are ahead that the graph of this one serves."""
        self._ahead[kind_of(task)] = count

    def network(self, precision: str = "float32") -> Network:
        """Return the model prepared in a precision."""
        if precision not in self._networks:
            self._networks[precision] = Network(self.model, precision)
        return self._networks[precision]

    def run(self, task: Task, on_step: Callable[[int], None], start: Array | None) -> Optimization:
        """Optimise a task's filters, in the graph of a former task that differs in seed or filters alone.

        ``start`` are the pictures that they begin at, None for noise.
        """
        assert task.settings is not None
        kind = kind_of(task)
        self._ahead[kind] -= 1
        search = self._search(kind)
        if self._ahead[kind] < 1:
            self._kept.pop(kind, None)
        if start is not None:
            return search.run_from(task.optimized_filters, start, on_step, task.settings.seed)
        return search.run(task.optimized_filters, on_step, task.settings.seed)

    def _search(self, kind: Kind) -> Search:
        if kind not in self._kept:
            if len(self._kept) >= KEPT:
                self._kept.popitem()  # let go of the newest before another takes its memory
            layer, settings = kind
            self._kept[kind] = Search(self.model, layer, settings, self.network(settings.precision))
        return self._kept[kind]


def optimize_all(
    model: LoadedModel,
    tasks: list[Task],
    store: Store,
    on_event: OnEvent,
    starts: Mapping[str, Array] = MappingProxyType({}),
) -> Iterator[Failure]:
    """Do picture tasks; a batch is stored when the next one is optimised. What failed is yielded, the rest is done.

    ``starts`` are the pictures that tasks begin at, by their keys, one for each filter.
    """
    for done in rendered(model, tasks, on_event, lambda spoiled: Searches(model, tasks), starts):
        yield from keep(done, store, on_event)


def rendered(
    model: LoadedModel,
    tasks: Sequence[Task],
    on_event: OnEvent,
    searches_if: Callable[[bool], Searches],
    starts: Mapping[str, Array] = MappingProxyType({}),
) -> Iterator[Rendered]:
    """Do picture tasks, and yield what came of each when the next one is optimised; ``starts`` as above.

    The searches that are given may have been prepared before, but with the weights as they are now: ``searches_if`` is
    told whether some of them are set to zero, see ``without_spoiled_filters``.
    """
    layers = sorted({task.layer.index for task in tasks})
    size = max(task.settings.size for task in tasks if task.settings)
    with without_spoiled_filters(model, layers, size) as reasons, ThreadPoolExecutor(1) as encoder:
        optimized: deque[_Optimized] = deque()
        searches = searches_if(any(reasons.values()))

        def optimize(batch: Batch) -> None:
            on_step = _step_reporter(batch.part, task_cost(batch.part, model.summary), on_event)
            start = starts.get(batch.task.key)
            if start is not None:
                start = start[np.isin(batch.task.filters, batch.part.filters)]
            optimization = searches.run(batch.part, on_step, start)
            optimized.append(_Optimized(batch, optimization, encoder.submit(_encode, optimization, model.summary)))

        for batch in (*(batch_of(task, reasons) for task in tasks), None):
            if batch is not None:
                on_event(TaskStarted(batch.task))
                failures = [*of_filters(batch.task, batch.failed)]
                if batch.part.filters:
                    failures += attempt([batch.task], partial(optimize, batch))
                if failures:
                    yield Rendered(batch.task, None, {}, tuple(failures))
            while optimized and optimized[0].batch is not batch:
                done = optimized.popleft()
                finished: list[Rendered] = []
                failures = [*attempt([done.batch.task], partial(_finish, searches, done, finished))]
                yield from finished or [Rendered(done.batch.task, None, {}, tuple(failures))]


def _step_reporter(task: Task, cost: float, on_event: OnEvent) -> Callable[[int], None]:
    """Return a function that reports, at a step, how much was done since the step before it."""
    assert task.settings is not None
    steps, done = task.settings.steps, 0

    def on_step(step: int) -> None:
        nonlocal done
        share = (step - done) / steps
        on_event(Progressed(task, cost * share, task.pictures * share))
        done = step

    return on_step


def _encode(optimization: Optimization, summary: ModelSummary) -> _Encoded:
    finished = bands.shown(optimization.pictures, summary.bands)
    if optimization.opacity is not None:
        finished = np.concatenate([encoding.coloured_channels(finished), optimization.opacity[..., None]], axis=-1)
    snapshots = tuple(
        (step, tuple(map(encoding.webp, bands.shown(pictures, summary.bands))))
        for step, pictures in optimization.snapshots
    )
    whole = bands.show_all(summary.channels, summary.bands)
    channels = None if whole else tuple(encoding.webp(bands.tiled(picture)) for picture in optimization.pictures)
    return _Encoded(tuple(map(encoding.webp, finished)), snapshots, channels)


def _decoded(contents: tuple[bytes, ...], summary: ModelSummary) -> Array:
    """Return the pictures (n, height, width, channels) of files that show all of them, 0 to 255."""
    return np.stack(
        [bands.from_shown(encoding.decode(content, len(summary.bands)), summary.bands) for content in contents]
    )


def _scored(searches: Searches, done: _Optimized, files: _Encoded, sheets: list[Array]) -> tuple[Array, Array]:
    """Return (n,) the scores of a batch's files, and (n,) the largest values of the objective that were reached."""
    task, summary = done.batch.part, searches.model.summary
    assert task.settings is not None
    filters = tuple(np.repeat(task.optimized_filters, task.settings.diversity).tolist())

    def scored(pixels: Array) -> Array:
        return scores(searches.model, task.layer.index, filters, pixels, task.settings, searches.network())

    if files.channels is None:
        finished = scored(_decoded(files.finished, summary))
    else:
        finished = scored(np.stack([bands.from_tiles(sheet, summary.channels) for sheet in sheets]))
    if task.settings.method != "pixel":
        seen = [done.optimization.trace.max(axis=0)]
    elif files.channels is None:
        # Its objective is no response: what was reached on the way is read from the snapshots.
        seen = [scored(_decoded(snapshot, summary)) for _, snapshot in files.snapshots]
    else:
        seen = [scored(pictures * 255.0) for _, pictures in done.optimization.snapshots]
    return finished, np.fmax.reduce([finished, *seen, done.optimization.second])  # no second search is NaN


def _finish(searches: Searches, done: _Optimized, finished_tasks: list[Rendered]) -> None:
    """Score the files of a batch, and add what came of it, with the failures of filters that overflowed."""
    task, optimization, files = done.batch.part, done.optimization, done.files.result()
    assert task.settings is not None
    sheets = [encoding.decode(content, 1)[..., 0] for content in files.channels or ()]
    finished, reached = _scored(searches, done, files, sheets)
    blobs: list[str] = []
    contents: dict[str, bytes] = {}

    def put(content: bytes) -> str:
        blobs.append(content_digest(content))
        contents[blobs[-1]] = content
        return blobs[-1]

    def picture(place: int) -> dict[str, Any]:
        channels = None
        if files.channels is not None:
            height, width = sheets[place].shape
            channels = {"sheet": put(files.channels[place]), "size": [width, height]}
        return {
            "picture": put(files.finished[place]),
            "growth": [[step, put(snapshot[place])] for step, snapshot in files.snapshots],
            "channels": channels,
            "transparent": optimization.opacity is not None and bool((optimization.opacity[place] < 1).any()),
            "score": rounded(finished[place]),
            "reached": rounded(reached[place]),
            "trace": [rounded(value) for value in optimization.trace[:, place]],
            "second": rounded(optimization.second[place]) if np.isfinite(optimization.second[place]) else None,
        }

    count, each = len(task.optimized_filters), task.settings.diversity
    numbers = np.concatenate(
        [
            np.stack([finished, reached, *optimization.trace], axis=1).reshape(count, -1),
            optimization.pictures.reshape(count, -1),
        ],
        axis=1,
    )
    own = {
        index: [picture(place) for place in range(k * each, (k + 1) * each)]
        for k, index in enumerate(task.optimized_filters)
        if np.isfinite(numbers[k]).all()
    }
    if task.settings.objective.weights:  # the pictures of a direction are those of every filter that it names
        own = dict.fromkeys(task.filters, next(iter(own.values()))) if own else {}
    overflowed = {index: OVERFLOW for index in task.filters if index not in own}
    failures = tuple(of_filters(done.batch.task, overflowed))
    if not own:
        finished_tasks.append(Rendered(done.batch.task, None, {}, failures))
        return
    height, width = optimization.pictures.shape[1:3]
    entries = [{"filter": index, "pictures": pictures} for index, pictures in own.items()]
    record = {"technique": PICTURE, "filters": entries, "size": [width, height], "blobs": blobs}
    record = leaving_out(record, {**done.batch.failed, **overflowed})
    finished_tasks.append(Rendered(done.batch.task, record, contents, failures))
