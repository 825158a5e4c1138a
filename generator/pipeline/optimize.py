"""Pictures by the batch: optimised, encoded on another thread during the next batch, scored as encoded, and stored."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.imaging import encoding
from generator.models.load import LoadedModel
from generator.models.summary import ModelSummary
from generator.pipeline import bands
from generator.pipeline.cost import task_cost
from generator.pipeline.events import Failure, OnEvent, Progressed, TaskDone, TaskStarted
from generator.pipeline.failures import attempt, rounded
from generator.plan import PICTURE, Task
from generator.render.network import Network
from generator.render.optimize import Optimization, Optimizer, scores
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

    task: Task
    optimization: Optimization
    files: Future[_Encoded]


class _Optimizers:
    """The optimizers of a model, one layer's graph at a time; the networks' weights are prepared once."""

    def __init__(self, model: LoadedModel) -> None:
        self.model = model
        self._networks: dict[str, Network] = {}
        self._kind: tuple[Any, ...] = ()
        self._optimizer: Optimizer | None = None

    def network(self, precision: str = "float32") -> Network:
        """Return the model prepared in a precision."""
        if precision not in self._networks:
            self._networks[precision] = Network(self.model, precision)
        return self._networks[precision]

    def run(self, task: Task, on_step: Callable[[int], None]) -> Optimization:
        """Optimise a task's filters, in the graph of the former task if that differs in seed or filters alone."""
        assert task.settings is not None
        kind = (task.layer.index, replace(task.settings, seed=0))
        if self._optimizer is None or kind != self._kind:
            self._optimizer = None  # let go of the old graph first
            network = self.network(task.settings.precision)
            self._optimizer, self._kind = Optimizer(self.model, task.layer.index, task.settings, network), kind
        return self._optimizer.run(task.optimized_filters, on_step, task.settings.seed)


def optimize_all(model: LoadedModel, tasks: list[Task], store: Store, on_event: OnEvent) -> Iterator[Failure]:
    """Do picture tasks; a batch is stored when the next one is optimised. What failed is yielded, the rest is done."""
    optimizers = _Optimizers(model)
    optimized: deque[_Optimized] = deque()
    with ThreadPoolExecutor(1) as encoder:

        def optimize(task: Task) -> None:
            optimization = optimizers.run(task, _step_reporter(task, task_cost(task, model.summary), on_event))
            optimized.append(_Optimized(task, optimization, encoder.submit(_encode, optimization, model.summary)))

        for task in (*tasks, None):
            if task is not None:
                on_event(TaskStarted(task))
                yield from attempt([task], partial(optimize, task))
            while optimized and optimized[0].task is not task:
                done = optimized.popleft()
                yield from attempt([done.task], partial(_finish, optimizers, done, store, on_event))


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


def _finish(optimizers: _Optimizers, done: _Optimized, store: Store, on_event: OnEvent) -> None:
    """Score the files of a batch, and put all of it into the store."""
    task, optimization, files, summary = done.task, done.optimization, done.files.result(), optimizers.model.summary
    assert task.settings is not None
    each = task.settings.diversity
    filters = tuple(np.repeat(task.optimized_filters, each).tolist())

    def scored(pixels: Array) -> Array:
        return scores(optimizers.model, task.layer.index, filters, pixels, task.settings, optimizers.network())

    sheets = [encoding.decode(content, 1)[..., 0] for content in files.channels or ()]
    if files.channels is None:
        finished = scored(_decoded(files.finished, summary))
    else:
        finished = scored(np.stack([bands.from_tiles(sheet, summary.channels) for sheet in sheets]))
    if task.settings.method != "pixel":
        seen = [optimization.trace.max(axis=0)]
    elif files.channels is None:
        # Its objective is no response: what was reached on the way is read from the snapshots.
        seen = [scored(_decoded(snapshot, summary)) for _, snapshot in files.snapshots]
    else:
        seen = [scored(pictures * 255.0) for _, pictures in optimization.snapshots]
    reached = np.max([finished, *seen], axis=0)
    made, blobs = [], []
    for place in range(len(filters)):
        picture = store.put_blob(files.finished[place])
        snapshots = [[step, store.put_blob(contents[place])] for step, contents in files.snapshots]
        blobs += [picture, *(blob for _, blob in snapshots)]
        channels = None
        if files.channels is not None:
            height, width = sheets[place].shape
            channels = {"sheet": store.put_blob(files.channels[place]), "size": [width, height]}
            blobs.append(channels["sheet"])
        made.append(
            {
                "picture": picture,
                "growth": snapshots,
                "channels": channels,
                "transparent": optimization.opacity is not None,
                "score": rounded(finished[place]),
                "reached": rounded(reached[place]),
                "trace": [rounded(value) for value in optimization.trace[:, place]],
            }
        )
    # The pictures of a direction are those of every filter that it names.
    own = {index: made[k * each : (k + 1) * each] for k, index in enumerate(task.optimized_filters)}
    entries = [{"filter": index, "pictures": own.get(index, made)} for index in task.filters]
    height, width = optimization.pictures.shape[1:3]
    record = {"technique": PICTURE, "filters": entries, "size": [width, height], "blobs": blobs}
    store.put_record(task.record_group, task.key, record)
    on_event(TaskDone(task))
