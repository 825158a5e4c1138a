"""Do a model's tasks: render, encode, measure, and put the result into the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from generator.build import images
from generator.build.cost import task_cost
from generator.build.events import Event, Failure, Progressed, TaskDone, TaskStarted
from generator.build.photos import LoadedPhoto
from generator.errors import GalleryError
from generator.plan import FEATURE_MAP, KERNEL, PICTURE, Task
from generator.store import Store

if TYPE_CHECKING:  # importing these imports TensorFlow, which a build with nothing to do goes without
    from generator.models.load import LoadedModel
    from generator.render.ascent import Ascender

Tell = Callable[[Event], None]

OVERFLOW = "the network's activation is not a finite number"
Record = dict[str, Any]


def execute(
    model: LoadedModel, tasks: Iterable[Task], photos: dict[str, LoadedPhoto], store: Store, tell: Tell
) -> Iterator[Failure]:
    """Do the tasks in order, each stored when it is done; yield what failed, and go on with the rest."""
    ascender: Ascender | None = None
    climbing = ""
    for (technique, _), group in groupby(tasks, key=lambda task: (task.technique, task.photo)):
        together = list(group)
        if technique == FEATURE_MAP:
            failures: list[Failure] = []
            work = partial(_feature_maps, model, together, photos, store, tell, failures)
            yield from _attempt(together, work)
            yield from failures
            continue
        for task in together:
            tell(TaskStarted(task))
            if technique == PICTURE and task.shelf != climbing:
                ascender, climbing = None, task.shelf  # one layer's graph at a time
                ascender = _ascender(model, task)
            yield from _attempt([task], partial(_do, model, task, ascender, store, tell))


def _do(model: LoadedModel, task: Task, ascender: Ascender | None, store: Store, tell: Tell) -> None:
    if task.technique == KERNEL:
        record = _kernels(model, task, store)
    else:
        assert ascender is not None
        record = _pictures(model, task, ascender, store, tell)
    store.put_record(task.shelf, task.key, record)
    tell(TaskDone(task))


def _attempt(tasks: list[Task], work: Callable[[], None]) -> Iterator[Failure]:
    try:
        work()
    except GalleryError:
        raise  # the store cannot be written: nothing else would succeed
    except Exception as error:  # TensorFlow raises many kinds; one layer's trouble must not cost the others
        layers = ", ".join(dict.fromkeys(f"{task.model}/{task.layer.name}" for task in tasks))
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        yield Failure(f"{tasks[0].technique} of {layers}", reason, error)


def _kernels(model: LoadedModel, task: Task, store: Store) -> Record:
    from generator.render.kernels import filter_kernels

    entries, blobs = [], []
    for index, kernel in zip(task.filters, filter_kernels(model, task.layer.index, task.filters), strict=True):
        picture = images.slice_strip(kernel.slices) if kernel.colour is None else images.colour_kernel(kernel.colour)
        blobs.append(store.put_blob(images.webp(picture, lossless=True)))
        entries.append(
            {
                "filter": index,
                "kernel": blobs[-1],
                "colour": kernel.colour is not None,
                "inputs": list(kernel.inputs),
                "shares": [_rounded(share) for share in kernel.shares],
                "of": kernel.of,
                "size": [picture.shape[1], picture.shape[0]],
            }
        )
    return {"technique": KERNEL, "filters": entries, "blobs": blobs}


def _feature_maps(
    model: LoadedModel,
    tasks: list[Task],
    photos: dict[str, LoadedPhoto],
    store: Store,
    tell: Tell,
    failures: list[Failure],
) -> None:
    from generator.render.feature_maps import feature_maps

    photo = tasks[0].photo
    assert photo is not None
    by_layer = {task.layer.index: task for task in tasks}
    pixels = photos[photo.digest].fitted(photo.size, model.card.channels)
    shown = store.put_blob(images.encode(pixels))
    tell(TaskStarted(tasks[0]))
    for layer, activation in feature_maps(model, list(by_layer), pixels):
        task, entries, blobs = by_layer[layer], [], [shown]
        tell(TaskStarted(task))
        if not np.isfinite(activation).all():
            what = f"{FEATURE_MAP} of {task.model}/{task.layer.name}"
            failures.append(Failure(what, OVERFLOW, FloatingPointError(OVERFLOW)))
            continue
        for index in task.filters:
            own = activation[..., index].astype(np.float64)
            picture = images.map_picture(own, signed=task.layer.signed)
            blobs.append(store.put_blob(images.webp(picture)))
            entries.append(
                {
                    "filter": index,
                    "map": blobs[-1],
                    "response": _rounded(own.mean()),
                    "peak": _rounded(own.max()),
                    "size": [own.shape[1], own.shape[0]],
                }
            )
        record = {"technique": FEATURE_MAP, "photo": shown, "filters": entries, "blobs": blobs}
        store.put_record(task.shelf, task.key, record)
        tell(Progressed(task, task_cost(task, model.card)))
        tell(TaskDone(task))


def _ascender(model: LoadedModel, task: Task) -> Ascender:
    from generator.render.ascent import Ascender

    assert task.settings is not None
    return Ascender(model, task.layer.index, task.settings)


def _pictures(model: LoadedModel, task: Task, ascender: Ascender, store: Store, tell: Tell) -> Record:
    from generator.render.ascent import responses

    assert task.settings is not None
    cost, steps, done = task_cost(task, model.card), task.settings.steps, 0

    def on_step(step: int) -> None:
        nonlocal done
        share = (step - done) / steps
        tell(Progressed(task, cost * share, len(task.filters) * share))
        done = step

    ascent = ascender.run(task.filters, on_step)
    channels, layer = model.card.channels, task.layer.index
    files = [images.webp(picture) for picture in ascent.pictures]
    scores = responses(model, layer, task.filters, np.stack([images.decode(f, channels) for f in files]))
    growth = [(step, [images.webp(picture) for picture in pictures]) for step, pictures in ascent.growth]
    seen = [scores]
    for _, kept in growth:
        seen.append(responses(model, layer, task.filters, np.stack([images.decode(f, channels) for f in kept])))
    if task.settings.method == "fourier":  # its objective is above zero only where the filter fires
        seen.append(ascent.trace.max(axis=0))
    reached = np.max(seen, axis=0)
    entries, blobs = [], []
    for place, index in enumerate(task.filters):
        picture = store.put_blob(files[place])
        grown = [[step, store.put_blob(pictures[place])] for step, pictures in growth]
        blobs += [picture, *(blob for _, blob in grown)]
        entries.append(
            {
                "filter": index,
                "picture": picture,
                "growth": grown,
                "score": _rounded(scores[place]),
                "reached": _rounded(reached[place]),
                "trace": [_rounded(value) for value in ascent.trace[:, place]],
            }
        )
    height, width = ascent.pictures.shape[1:3]
    return {"technique": PICTURE, "filters": entries, "size": [width, height], "blobs": blobs}


def _rounded(value: Any) -> float:
    """Return six digits of a number.

    Raises FloatingPointError if the network overflowed: its pictures would mean nothing.
    """
    number = float(value)
    if not np.isfinite(number):
        raise FloatingPointError(OVERFLOW)
    return float(f"{number:.6g}")
