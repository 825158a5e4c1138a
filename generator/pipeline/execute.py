"""Do a model's tasks: render, encode, measure, and put the result into the store."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from generator.imaging import encoding
from generator.pipeline import bands
from generator.pipeline.cost import task_cost
from generator.pipeline.events import Failure, OnEvent, Progressed, TaskDone, TaskStarted
from generator.pipeline.failures import NOT_FINITE, OVERFLOW, attempt, rounded
from generator.pipeline.photos import LoadedPhoto
from generator.plan import FEATURE_MAP, KERNEL, PICTURE, Task
from generator.store import Store

if TYPE_CHECKING:  # importing these imports TensorFlow, which a build with nothing to do goes without
    from generator.models.load import LoadedModel


def execute(
    model: LoadedModel, tasks: Iterable[Task], photos: dict[str, LoadedPhoto], store: Store, on_event: OnEvent
) -> Iterator[Failure]:
    """Do the tasks in order, each stored when it is done; yield what failed, and go on with the rest."""
    for technique, group in groupby(tasks, key=lambda task: task.technique):
        if technique == PICTURE:
            from generator.pipeline.optimize import optimize_all  # it imports TensorFlow

            yield from optimize_all(model, list(group), store, on_event)
        elif technique == FEATURE_MAP:
            for _, of_photo in groupby(group, key=lambda task: task.photo):
                together = list(of_photo)
                failures: list[Failure] = []
                yield from attempt(together, partial(_feature_maps, model, together, photos, store, on_event, failures))
                yield from failures
        elif technique == KERNEL:
            for task in group:
                on_event(TaskStarted(task))
                yield from attempt([task], partial(_kernels, model, task, store, on_event))


def _kernels(model: LoadedModel, task: Task, store: Store, on_event: OnEvent) -> None:
    from generator.render.kernels import filter_kernels

    entries, blobs = [], []
    for index, kernel in zip(task.filters, filter_kernels(model, task.layer.index, task.filters), strict=True):
        if not np.isfinite(kernel.slices).all() or (kernel.colour is not None and not np.isfinite(kernel.colour).all()):
            raise FloatingPointError(NOT_FINITE)
        picture = (
            encoding.slice_strip(kernel.slices) if kernel.colour is None else encoding.colour_kernel(kernel.colour)
        )
        blobs.append(store.put_blob(encoding.webp(picture, lossless=True)))
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
    store.put_record(task.record_group, task.key, {"technique": KERNEL, "filters": entries, "blobs": blobs})
    on_event(TaskDone(task))


def _feature_maps(
    model: LoadedModel,
    tasks: list[Task],
    photos: dict[str, LoadedPhoto],
    store: Store,
    on_event: OnEvent,
    failures: list[Failure],
) -> None:
    from generator.render.feature_maps import feature_maps, pooled_maps

    photo = tasks[0].photo
    assert photo is not None
    by_layer = {task.layer.index: task for task in tasks}
    summary = model.summary
    pixels = photos[photo.digest].fitted(photo.size, summary.channels, summary.bands)
    shown = store.put_blob(encoding.encode(bands.shown(pixels, summary.bands)))
    on_event(TaskStarted(tasks[0]))
    for maps in feature_maps(model, list(by_layer), pixels):
        task, entries, blobs, activation = by_layer[maps.layer], [], [shown], maps.activation
        on_event(TaskStarted(task))
        if not np.isfinite(maps.compared).all() or not np.isfinite(activation).all():
            what = f"{FEATURE_MAP} of {task.model}/{task.layer.name} on {photo.name}"
            failures.append(Failure(what, OVERFLOW, FloatingPointError(OVERFLOW)))
            continue
        for index, pooled_map in zip(task.filters, pooled_maps(activation[..., list(task.filters)]), strict=True):
            own = activation[..., index].astype(np.float64)
            picture = encoding.map_picture(own, signed=task.layer.signed)
            blobs.append(store.put_blob(encoding.webp(picture)))
            entries.append(
                {
                    "filter": index,
                    "map": blobs[-1],
                    **_measured(own),
                    "places": rounded((own > 0).mean()),
                    "sketch": _packed(pooled_map),
                    "size": [own.shape[1], own.shape[0]],
                }
            )
            if maps.uncapped is not None:
                entries[-1]["uncapped"] = _measured(maps.uncapped[..., index].astype(np.float64))
        record = {"technique": FEATURE_MAP, "photo": shown, "filters": entries, "blobs": blobs}
        store.put_record(task.record_group, task.key, record)
        on_event(Progressed(task, task_cost(task, summary)))
        on_event(TaskDone(task))


def _measured(activation: NDArray[np.float64]) -> dict[str, float]:
    return {"response": rounded(activation.mean()), "peak": rounded(activation.max())}


def _packed(pooled_map: NDArray[np.float64]) -> dict[str, Any]:
    """Return a pooled map as a record holds it: its least and largest value, and a byte between them for each cell."""
    low, high = rounded(pooled_map.min()), rounded(pooled_map.max())
    steps = np.clip((pooled_map - low) * (255 / (high - low)), 0, 255) if high > low else np.zeros_like(pooled_map)
    cells = base64.b64encode(np.round(steps).astype(np.uint8).tobytes()).decode()
    return {"low": low, "high": high, "cells": cells}
