"""What the measurements share: models by name, the four photos, and scores of files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generator import assets
from generator.build.photos import load_photo
from generator.config.load import entry_for_source, photo_named
from generator.errors import UsageError
from generator.models.start import start_keras
from generator.plan.choose import choose_filters

start_keras()

from generator.models.load import LoadedModel, load  # noqa: E402
from generator.render.ascent import responses  # noqa: E402

Array = NDArray[Any]

NETWORKS = ("demo", "tests/data/residual.keras")


def load_named(name: str) -> LoadedModel:
    """Return the model of a name that the command line takes."""
    entry = entry_for_source(name, Path())
    if entry is None:
        raise UsageError(f"no model {name!r}")
    return load(entry)


def spread(model: LoadedModel, layer: int, count: int) -> tuple[int, ...]:
    """Return some filters of a layer, spread evenly."""
    return choose_filters(count, model.card.layers[layer - 1], "")


def best_photo(model: LoadedModel, layer: int, filters: tuple[int, ...]) -> Array:
    """Return each filter's largest response to the four bundled photos."""
    found = []
    for name in assets.PHOTOS:
        pixels = load_photo(photo_named(name, Path())).fitted(model.card.photo_size(), model.card.channels)
        found.append(responses(model, layer, filters, np.repeat(pixels[None], len(filters), axis=0)))
    return np.max(found, axis=0)


def contrast(pixels: Array) -> Array:
    """Return, for pictures (n, h, w, c) from 0 to 255, the deviation of the strongest channel as part of the range."""
    deviations: Array = pixels.reshape(len(pixels), -1, pixels.shape[-1]).std(axis=1).max(axis=1) / 255
    return deviations


def battered(pixels: Array) -> Array:
    """Return pictures after JPEG at quality 60 and a shift by four pixels."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=60)
    return np.roll(np.asarray(Image.open(buffer)), (4, 4), axis=(0, 1))
