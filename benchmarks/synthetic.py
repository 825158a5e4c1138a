"""A store filled as a build of VGG16 with all its 4,224 filters would fill it, without any network: textures."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from generator.config import Config, ModelEntry
from generator.models.preprocess import named
from generator.models.summary import ArchitectureRow, ConvLayer, ModelSummary
from generator.pages.fingerprint import PlannedModel
from generator.plan import FEATURE_MAP, KERNEL, PhotoIdentity, Task, plan_model
from generator.store import Store

BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
"""Convolutions of each block of VGG16, and their filters (Simonyan and Zisserman, 2014, table 1, column D)."""

PHOTO = PhotoIdentity("texture", "7" * 64, (224, 224))
SNAPSHOTS = (0, 16, 48)


def summary() -> ModelSummary:
    """Return a summary of VGG16's convolutions."""
    layers: list[ConvLayer] = []
    rows: list[ArchitectureRow] = []
    before = 3
    for block, (count, filters) in enumerate(BLOCKS, 1):
        for number in range(1, count + 1):
            index, name, side = len(layers) + 1, f"block{block}_conv{number}", 224 // 2 ** (block - 1)
            size = 9 * before * filters + filters
            shapes, output = ((3, 3, before, filters),), (side, side, filters)
            places = (index, 1, name, f"{index:03d}-{name}", "Conv2D", shapes, output, filters, size)
            layers.append(ConvLayer(*places, (8 * block, 8 * block), name, "relu", 100.0 * index, 10.0 * index))
            rows.append(ArchitectureRow(name, "Conv2D", output, size, index, (len(rows) - 1,) if rows else ()))
            before = filters
        half = (112 // 2 ** (block - 1),) * 2
        rows.append(ArchitectureRow(f"block{block}_pool", "MaxPooling2D", (*half, before), 0, None, (len(rows) - 1,)))
    parameters = sum(layer.parameters for layer in layers)
    fields: dict[str, Any] = {"layers": tuple(layers), "architecture": tuple(rows)}
    return ModelSummary("f" * 64, (224, 224, 3), 3, True, parameters, named("caffe", 3), **fields)


def texture(seed: int, side: int) -> bytes:
    """Return a picture file (side, side) of smooth noise, about as large as a real one."""
    coarse = np.random.default_rng(seed).integers(0, 256, (max(2, side // 8), max(2, side // 8), 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC).save(buffer, "WEBP", quality=90, method=0)
    return buffer.getvalue()


def fill(store: Store, tasks: list[Task]) -> None:
    """Keep a record for every task, as a build would."""
    seeds = iter(range(10**9))
    for task in tasks:
        blobs: list[str] = []

        def blob(side: int, blobs: list[str] = blobs) -> str:
            blobs.append(store.put_blob(texture(next(seeds), side)))
            return blobs[-1]

        record: dict[str, Any] = {"technique": task.technique, "size": [128, 128], "blobs": blobs}
        if task.photo:
            record["photo"] = blob(224)
        filters = [_entry(task, index, blob) for index in task.filters]
        store.put_record(task.record_group, task.key, {**record, "filters": filters})


def _entry(task: Task, index: int, blob: Any) -> dict[str, Any]:
    level = float(np.random.default_rng([task.layer.index, index]).gamma(2))
    if task.technique == KERNEL:
        others = [[(index + n + 1) % task.layer.filters, round(0.5 - n / 20, 4)] for n in range(8)]
        kernel = {"kernel": blob(112), "colour": task.layer.index == 1, "size": [112, 112], "alike": others}
        return {"filter": index, **kernel, "inputs": [0, 1, 2], "shares": [0.5, 0.2, 0.1], "of": 64}
    if task.technique == FEATURE_MAP:
        pooled_map = {"low": 0.0, "high": 3 * level, "cells": _cells(task.layer.index, index)}
        entry = {"map": blob(28), "response": level, "peak": 3 * level, "places": 0.4, "sketch": pooled_map}
        return {"filter": index, **entry, "size": [28, 28]}
    snapshots = [[step, blob(128)] for step in SNAPSHOTS]
    trace = [level * step / 100 for step in range(128)]
    picture = {
        "picture": blob(128),
        "growth": snapshots,
        "transparent": False,
        "score": 2 * level,
        "reached": 2 * level,
    }
    return {"filter": index, "pictures": [{**picture, "trace": trace}]}


@cache
def _cells(layer: int, index: int) -> str:
    import base64

    return base64.b64encode(np.random.default_rng([layer, index, 1]).integers(0, 256, 64, np.uint8).tobytes()).decode()


def gathered(folder: Path) -> tuple[Config, list[PlannedModel], Store]:
    """Return the arguments of ``pages.site.write_site``, with the store filled."""
    entry = ModelEntry("vgg16", "vgg16", "application", "VGG16")
    vgg16, store = summary(), Store(folder / "store")
    tasks = plan_model(entry, vgg16, [PHOTO])
    if not (folder / "store").exists():
        fill(store, tasks)
    config = Config("Gallery", folder / "site", store.folder, (), (entry,))
    return config, [(entry, vgg16, [PHOTO], tasks)], store


def files(folder: Path) -> Iterator[Path]:
    """Yield every file below a folder."""
    return (path for path in folder.rglob("*") if path.is_file())
