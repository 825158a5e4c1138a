"""Pictures by the batch: climb, encode on another thread while the next batch climbs, score what was encoded, store."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.build import images
from generator.build.cost import task_cost
from generator.build.events import Failure, Progressed, TaskDone, TaskStarted
from generator.build.execute import Tell, attempt, rounded
from generator.models.load import LoadedModel
from generator.plan import PICTURE, Task
from generator.render.ascent import Ascender, Ascent, responses
from generator.render.network import Network
from generator.store import Store

Array = NDArray[Any]


@dataclass(frozen=True)
class _Encoded:
    """A batch's files: the finished pictures, and those of each kept step."""

    finished: tuple[bytes, ...]
    growth: tuple[tuple[int, tuple[bytes, ...]], ...]


class _Climbs:
    """The climbs of a model, one layer's graph at a time; the networks' weights are prepared once."""

    def __init__(self, model: LoadedModel) -> None:
        self.model = model
        self._networks: dict[str, Network] = {}
        self._kind: tuple[Any, ...] = ()
        self._ascender: Ascender | None = None

    def network(self, precision: str = "float32") -> Network:
        """Return the model prepared in a precision."""
        if precision not in self._networks:
            self._networks[precision] = Network(self.model, precision)
        return self._networks[precision]

    def run(self, task: Task, store_progress: Any) -> Ascent:
        """Climb for a task's filters, in the graph of the former task if that differs in seed or filters alone."""
        assert task.settings is not None
        kind = (task.layer.index, replace(task.settings, seed=0))
        if self._ascender is None or kind != self._kind:
            self._ascender = None  # let go of the old graph first
            network = self.network(task.settings.precision)
            self._ascender, self._kind = Ascender(self.model, task.layer.index, task.settings, network), kind
        return self._ascender.run(task.climbed, store_progress, task.settings.seed)


def climb_all(model: LoadedModel, tasks: list[Task], store: Store, tell: Tell) -> Iterator[Failure]:
    """Do picture tasks; a batch is stored when the next one has climbed. What failed is yielded, the rest is done."""
    climbs = _Climbs(model)
    waiting: tuple[Task, Ascent, Future[_Encoded]] | None = None
    with ThreadPoolExecutor(1) as pool:
        for task in tasks:
            tell(TaskStarted(task))
            found: list[Ascent] = []
            yield from attempt([task], lambda task=task, found=found: found.append(_climb(climbs, task, tell)))  # type: ignore[misc]
            coming = (task, found[0], pool.submit(_encode, found[0])) if found else None
            if waiting is not None:
                yield from attempt([waiting[0]], partial(_finish, climbs, *waiting, store, tell))
            waiting = coming
        if waiting is not None:
            yield from attempt([waiting[0]], partial(_finish, climbs, *waiting, store, tell))


def _climb(climbs: _Climbs, task: Task, tell: Tell) -> Ascent:
    assert task.settings is not None
    cost, steps, done = task_cost(task, climbs.model.card), task.settings.steps, 0

    def on_step(step: int) -> None:
        nonlocal done
        share = (step - done) / steps
        tell(Progressed(task, cost * share, task.pictures * share))
        done = step

    return climbs.run(task, on_step)


def _encode(ascent: Ascent) -> _Encoded:
    finished = ascent.pictures
    if ascent.transparency is not None:
        finished = np.concatenate([images.coloured_channels(finished), ascent.transparency[..., None]], axis=-1)
    growth = tuple((step, tuple(map(images.webp, pictures))) for step, pictures in ascent.growth)
    return _Encoded(tuple(map(images.webp, finished)), growth)


def _finish(climbs: _Climbs, task: Task, ascent: Ascent, encoded: Future[_Encoded], store: Store, tell: Tell) -> None:
    """Score the files of a batch, and put all of it into the store."""
    assert task.settings is not None
    files, channels, each = encoded.result(), climbs.model.card.channels, task.settings.diversity
    filters = tuple(np.repeat(task.climbed, each).tolist())

    def scores(contents: tuple[bytes, ...]) -> Array:
        pixels = np.stack([images.decode(content, channels) for content in contents])
        return responses(climbs.model, task.layer.index, filters, pixels, task.settings, climbs.network())

    finished = scores(files.finished)
    # The reference method's objective is no response: what was reached on the way is read from the pictures kept.
    seen = [scores(kept) for _, kept in files.growth] if task.settings.method == "pixel" else [ascent.trace.max(axis=0)]
    reached = np.max([finished, *seen], axis=0)
    made, blobs = [], []
    for place in range(len(filters)):
        picture = store.put_blob(files.finished[place])
        grown = [[step, store.put_blob(contents[place])] for step, contents in files.growth]
        blobs += [picture, *(blob for _, blob in grown)]
        made.append(
            {
                "picture": picture,
                "growth": grown,
                "transparent": ascent.transparency is not None,
                "score": rounded(finished[place]),
                "reached": rounded(reached[place]),
                "trace": [rounded(value) for value in ascent.trace[:, place]],
            }
        )
    # The pictures of a direction are those of every filter that it names.
    own = {index: made[k * each : (k + 1) * each] for k, index in enumerate(task.climbed)}
    entries = [{"filter": index, "pictures": own.get(index, made)} for index in task.filters]
    height, width = ascent.pictures.shape[1:3]
    record = {"technique": PICTURE, "filters": entries, "size": [width, height], "blobs": blobs}
    store.put_record(task.shelf, task.key, record)
    tell(TaskDone(task))
