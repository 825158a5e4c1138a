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
from generator.pipeline.failures import NOT_FINITE, OVERFLOW, attempt, leaving_out, of_filters, rounded
from generator.pipeline.photos import PhotoFile
from generator.plan import FEATURE_MAP, KERNEL, PICTURE, Task
from generator.store import Store

if TYPE_CHECKING:  # importing these imports TensorFlow, which a build with nothing to do goes without
    from generator.models.load import LoadedModel
    from generator.render.feature_maps import FilterMaps


def execute(
    model: LoadedModel, tasks: Iterable[Task], photos: dict[str, PhotoFile], store: Store, on_event: OnEvent
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
                failures = []
                yield from attempt([task], partial(_kernels, model, task, store, on_event, failures))
                yield from failures


def _kernels(model: LoadedModel, task: Task, store: Store, on_event: OnEvent, failures: list[Failure]) -> None:
    from generator.render.kernels import filter_kernels

    entries, blobs, failed = [], [], {}
    for index, kernel in zip(task.filters, filter_kernels(model, task.layer.index, task.filters), strict=True):
        if not np.isfinite(kernel.slices).all() or (kernel.colour is not None and not np.isfinite(kernel.colour).all()):
            failed[index] = NOT_FINITE
            continue
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
    failures.extend(of_filters(task, failed))
    if entries:
        record = {"technique": KERNEL, "filters": entries, "blobs": blobs}
        store.put_record(task.record_group, task.key, leaving_out(record, failed))
        on_event(TaskDone(task))


def _feature_maps(
    model: LoadedModel,
    tasks: list[Task],
    photos: dict[str, PhotoFile],
    store: Store,
    on_event: OnEvent,
    failures: list[Failure],
) -> None:
    from generator.render.feature_maps import feature_map_blocks

    photo = tasks[0].photo
    assert photo is not None
    by_layer = {task.layer.index: task for task in tasks}
    summary = model.summary
    pixels = photos[photo.digest].fitted(photo.size, summary.channels, summary.bands)
    shown = store.put_blob(encoding.encode(bands.shown(pixels, summary.bands)))
    on_event(TaskStarted(tasks[0]))
    for layer, blocks in groupby(feature_map_blocks(model, list(by_layer), pixels), key=lambda block: block.layer):
        task, own_blobs = by_layer[layer], [shown]
        on_event(TaskStarted(task))
        entries: dict[int, dict[str, Any]] = {}
        for block in blocks:
            for index in task.filters:
                at = index - block.first
                if 0 <= at < block.activation.shape[-1] and block.is_finite(at):
                    entries[index] = _feature_map(block, at, task, store)
                    own_blobs.append(entries[index]["map"])
        failed = {index: OVERFLOW for index in task.filters if index not in entries}
        failures.extend(of_filters(task, failed))
        if not entries:
            continue
        found = [entries[index] for index in task.filters if index in entries]
        record = {"technique": FEATURE_MAP, "photo": shown, "filters": found, "blobs": own_blobs}
        store.put_record(task.record_group, task.key, leaving_out(record, failed))
        on_event(Progressed(task, task_cost(task, summary)))
        on_event(TaskDone(task))


def _feature_map(block: FilterMaps, at: int, task: Task, store: Store) -> dict[str, Any]:
    """Store the picture of a filter's activation, by its place in the block, and return what a record holds of it."""
    from generator.render.feature_maps import pooled_maps

    activation = block.activation[..., at]
    own = activation.astype(np.float64)
    entry = {
        "filter": block.first + at,
        "map": store.put_blob(encoding.webp(encoding.map_picture(own, signed=task.layer.signed))),
        **_measured(own),
        "places": rounded((own > 0).mean()),
        "sketch": _packed(pooled_maps(activation[..., None])[0]),
        "size": [own.shape[1], own.shape[0]],
    }
    if block.uncapped is not None:
        entry["uncapped"] = _measured(block.uncapped[..., at].astype(np.float64))
    return entry


def _measured(activation: NDArray[np.float64]) -> dict[str, float]:
    return {"response": rounded(activation.mean()), "peak": rounded(activation.max())}


def _packed(pooled_map: NDArray[np.float64]) -> dict[str, Any]:
    """Return a pooled map as a record holds it: its least and largest value, and a byte between them for each cell."""
    low, high = rounded(pooled_map.min()), rounded(pooled_map.max())
    steps = np.clip((pooled_map - low) * (255 / (high - low)), 0, 255) if high > low else np.zeros_like(pooled_map)
    cells = base64.b64encode(np.round(steps).astype(np.uint8).tobytes()).decode()
    return {"low": low, "high": high, "cells": cells}
