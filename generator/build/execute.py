"""Do a model's tasks: render, encode, measure, and put the result into the store."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from generator.build import bands, images
from generator.build.cost import task_cost
from generator.build.events import Failure, Progressed, TaskDone, TaskStarted, Tell
from generator.build.photos import LoadedPhoto
from generator.build.trouble import NOT_FINITE, OVERFLOW, attempt, rounded
from generator.plan import FEATURE_MAP, KERNEL, PICTURE, Task
from generator.store import Store

if TYPE_CHECKING:  # importing these imports TensorFlow, which a build with nothing to do goes without
    from generator.models.load import LoadedModel


def execute(
    model: LoadedModel, tasks: Iterable[Task], photos: dict[str, LoadedPhoto], store: Store, tell: Tell
) -> Iterator[Failure]:
    """Do the tasks in order, each stored when it is done; yield what failed, and go on with the rest."""
    for technique, group in groupby(tasks, key=lambda task: task.technique):
        if technique == PICTURE:
            from generator.build.climb import climb_all  # it imports TensorFlow

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


def _kernels(model: LoadedModel, task: Task, store: Store, tell: Tell) -> None:
    from generator.render.kernels import filter_kernels

    entries, blobs = [], []
    for index, kernel in zip(task.filters, filter_kernels(model, task.layer.index, task.filters), strict=True):
        if not np.isfinite(kernel.slices).all() or (kernel.colour is not None and not np.isfinite(kernel.colour).all()):
            raise FloatingPointError(NOT_FINITE)
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
                "alike": [list(pair) for pair in kernel.alike],
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
    from generator.render.feature_maps import feature_maps, sketches

    photo = tasks[0].photo
    assert photo is not None
    by_layer = {task.layer.index: task for task in tasks}
    card = model.card
    pixels = photos[photo.digest].fitted(photo.size, card.channels, card.bands)
    shown = store.put_blob(images.encode(bands.shown(pixels, card.bands)))
    tell(TaskStarted(tasks[0]))
    for layer, activation in feature_maps(model, list(by_layer), pixels):
        task, entries, blobs = by_layer[layer], [], [shown]
        tell(TaskStarted(task))
        if not np.isfinite(activation).all():
            what = f"{FEATURE_MAP} of {task.model}/{task.layer.name} on {photo.name}"
            failures.append(Failure(what, OVERFLOW, FloatingPointError(OVERFLOW)))
            continue
        for index, sketch in zip(task.filters, sketches(activation[..., list(task.filters)]), strict=True):
            own = activation[..., index].astype(np.float64)
            picture = images.map_picture(own, signed=task.layer.signed)
            blobs.append(store.put_blob(images.webp(picture)))
            entries.append(
                {
                    "filter": index,
                    "map": blobs[-1],
                    "response": rounded(own.mean()),
                    "peak": rounded(own.max()),
                    "places": rounded((own > 0).mean()),
                    "sketch": _packed(sketch),
                    "size": [own.shape[1], own.shape[0]],
                }
            )
        record = {"technique": FEATURE_MAP, "photo": shown, "filters": entries, "blobs": blobs}
        store.put_record(task.shelf, task.key, record)
        tell(Progressed(task, task_cost(task, card)))
        tell(TaskDone(task))


def _packed(sketch: NDArray[np.float64]) -> dict[str, Any]:
    """Return a sketch as a record keeps it: its least and its largest value, and between them a byte for each cell."""
    low, high = rounded(sketch.min()), rounded(sketch.max())
    steps = np.clip((sketch - low) * (255 / (high - low)), 0, 255) if high > low else np.zeros_like(sketch)
    cells = base64.b64encode(np.round(steps).astype(np.uint8).tobytes()).decode()
    return {"low": low, "high": high, "cells": cells}
