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

Tell = Callable[[Event], None]

OVERFLOW = "the network's activation is not a finite number"


def execute(
    model: LoadedModel, tasks: Iterable[Task], photos: dict[str, LoadedPhoto], store: Store, tell: Tell
) -> Iterator[Failure]:
    """Do the tasks in order, each stored when it is done; yield what failed, and go on with the rest."""
    for technique, group in groupby(tasks, key=lambda task: task.technique):
        if technique == PICTURE:
            from generator.build.climb import climb_all

            yield from climb_all(model, list(group), store, tell)
        elif technique == FEATURE_MAP:
            for _, of_photo in groupby(group, key=lambda task: task.photo):
                together = list(of_photo)
                failures: list[Failure] = []
                yield from attempt(together, partial(_feature_maps, model, together, photos, store, tell, failures))
                yield from failures
        else:
            for task in group:
                tell(TaskStarted(task))
                yield from attempt([task], partial(_kernels, model, task, store, tell))


def attempt(tasks: list[Task], work: Callable[[], None]) -> Iterator[Failure]:
    """Do the work of some tasks; yield the failure, if it fails."""
    try:
        work()
    except GalleryError:
        raise  # the store cannot be written: nothing else would succeed
    except Exception as error:  # TensorFlow raises many kinds; one layer's trouble must not cost the others
        layers = ", ".join(dict.fromkeys(f"{task.model}/{task.layer.name}" for task in tasks))
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        yield Failure(f"{tasks[0].technique} of {layers}", reason, error)


def _kernels(model: LoadedModel, task: Task, store: Store, tell: Tell) -> None:
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
                "shares": [rounded(share) for share in kernel.shares],
                "of": kernel.of,
                "size": [picture.shape[1], picture.shape[0]],
            }
        )
    store.put_record(task.shelf, task.key, {"technique": KERNEL, "filters": entries, "blobs": blobs})
    tell(TaskDone(task))


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
                    "response": rounded(own.mean()),
                    "peak": rounded(own.max()),
                    "size": [own.shape[1], own.shape[0]],
                }
            )
        record = {"technique": FEATURE_MAP, "photo": shown, "filters": entries, "blobs": blobs}
        store.put_record(task.shelf, task.key, record)
        tell(Progressed(task, task_cost(task, model.card)))
        tell(TaskDone(task))


def rounded(value: Any) -> float:
    """Return six digits of a number.

    Raises FloatingPointError if the network overflowed: its pictures would mean nothing.
    """
    number = float(value)
    if not np.isfinite(number):
        raise FloatingPointError(OVERFLOW)
    return float(f"{number:.6g}")
