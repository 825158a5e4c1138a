"""Pictures by the batch: climb, encode on another thread while the next batch climbs, score what was encoded, store."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.build import bands, images
from generator.build.cost import task_cost
from generator.build.events import Failure, Progressed, TaskDone, TaskStarted, Tell
from generator.build.trouble import attempt, rounded
from generator.models.card import ModelCard
from generator.models.load import LoadedModel
from generator.plan import PICTURE, Task
from generator.render.ascent import Ascender, Ascent, responses
from generator.render.network import Network
from generator.store import Store

Array = NDArray[Any]


@dataclass(frozen=True)
class _Encoded:
    """A batch's files: the finished pictures, those of each kept step, and every channel where not all are shown."""

    finished: tuple[bytes, ...]
    growth: tuple[tuple[int, tuple[bytes, ...]], ...]
    channels: tuple[bytes, ...] | None


@dataclass(frozen=True)
class _Climbed:
    """A batch whose files are being encoded."""

    task: Task
    ascent: Ascent
    files: Future[_Encoded]


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

    def run(self, task: Task, on_step: Callable[[int], None]) -> Ascent:
        """Climb for a task's filters, in the graph of the former task if that differs in seed or filters alone."""
        assert task.settings is not None
        kind = (task.layer.index, replace(task.settings, seed=0))
        if self._ascender is None or kind != self._kind:
            self._ascender = None  # let go of the old graph first
            network = self.network(task.settings.precision)
            self._ascender, self._kind = Ascender(self.model, task.layer.index, task.settings, network), kind
        return self._ascender.run(task.climbed, on_step, task.settings.seed)


def climb_all(model: LoadedModel, tasks: list[Task], store: Store, tell: Tell) -> Iterator[Failure]:
    """Do picture tasks; a batch is stored when the next one has climbed. What failed is yielded, the rest is done."""
    climbs = _Climbs(model)
    climbed: deque[_Climbed] = deque()
    with ThreadPoolExecutor(1) as encoder:

        def climb(task: Task) -> None:
            ascent = climbs.run(task, _listener(task, task_cost(task, model.card), tell))
            climbed.append(_Climbed(task, ascent, encoder.submit(_encode, ascent, model.card)))

        for task in (*tasks, None):
            if task is not None:
                tell(TaskStarted(task))
                yield from attempt([task], partial(climb, task))
            while climbed and climbed[0].task is not task:
                done = climbed.popleft()
                yield from attempt([done.task], partial(_finish, climbs, done, store, tell))


def _listener(task: Task, cost: float, tell: Tell) -> Callable[[int], None]:
    """Return what tells, at a step of a climb, how much was done since the step before it."""
    assert task.settings is not None
    steps, done = task.settings.steps, 0

    def on_step(step: int) -> None:
        nonlocal done
        share = (step - done) / steps
        tell(Progressed(task, cost * share, task.pictures * share))
        done = step

    return on_step


def _encode(ascent: Ascent, card: ModelCard) -> _Encoded:
    finished = bands.shown(ascent.pictures, card.bands)
    if ascent.transparency is not None:
        finished = np.concatenate([images.coloured_channels(finished), ascent.transparency[..., None]], axis=-1)
    growth = tuple(
        (step, tuple(map(images.webp, bands.shown(pictures, card.bands)))) for step, pictures in ascent.growth
    )
    whole = bands.show_all(card.channels, card.bands)
    channels = None if whole else tuple(images.webp(bands.tiled(picture)) for picture in ascent.pictures)
    return _Encoded(tuple(map(images.webp, finished)), growth, channels)


def _decoded(contents: tuple[bytes, ...], card: ModelCard) -> Array:
    """Return the pictures (n, height, width, channels) of files that show all of them, 0 to 255."""
    return np.stack([bands.from_shown(images.decode(content, len(card.bands)), card.bands) for content in contents])


def _finish(climbs: _Climbs, done: _Climbed, store: Store, tell: Tell) -> None:
    """Score the files of a batch, and put all of it into the store."""
    task, ascent, files, card = done.task, done.ascent, done.files.result(), climbs.model.card
    assert task.settings is not None
    each = task.settings.diversity
    filters = tuple(np.repeat(task.climbed, each).tolist())

    def scores(pixels: Array) -> Array:
        return responses(climbs.model, task.layer.index, filters, pixels, task.settings, climbs.network())

    sheets = [images.decode(content, 1)[..., 0] for content in files.channels or ()]
    if files.channels is None:
        finished = scores(_decoded(files.finished, card))
    else:
        finished = scores(np.stack([bands.from_tiles(sheet, card.channels) for sheet in sheets]))
    if task.settings.method != "pixel":
        seen = [ascent.trace.max(axis=0)]
    elif files.channels is None:
        # Its objective is no response: what was reached on the way is read from the pictures kept.
        seen = [scores(_decoded(kept, card)) for _, kept in files.growth]
    else:
        seen = [scores(pictures * 255.0) for _, pictures in ascent.growth]
    reached = np.max([finished, *seen], axis=0)
    made, blobs = [], []
    for place in range(len(filters)):
        picture = store.put_blob(files.finished[place])
        grown = [[step, store.put_blob(contents[place])] for step, contents in files.growth]
        blobs += [picture, *(blob for _, blob in grown)]
        channels = None
        if files.channels is not None:
            height, width = sheets[place].shape
            channels = {"sheet": store.put_blob(files.channels[place]), "size": [width, height]}
            blobs.append(channels["sheet"])
        made.append(
            {
                "picture": picture,
                "growth": grown,
                "channels": channels,
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
