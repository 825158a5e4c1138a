"""The responses of every filter of some layers to the photos, by which the most active filters are selected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from generator.models.load import LoadedModel
from generator.pipeline.photos import LoadedPhoto
from generator.plan import Activity
from generator.render.feature_maps import feature_maps

LEAST = float(np.finfo(np.float64).min)
"""Replaces a response that is not finite: the store keeps finite numbers alone."""


def measure(model: LoadedModel, layers: Sequence[int], photos: Iterable[LoadedPhoto]) -> Activity:
    """Return for each layer, by index, the largest response of each of its filters to any of the photos."""
    summary, largest = model.summary, dict[int, tuple[float, ...]]()
    for photo in photos:
        pixels = photo.fitted(summary.photo_size(), summary.channels, summary.bands)
        for maps in feature_maps(model, layers, pixels):
            means = maps.activation.astype(np.float64).mean(axis=(0, 1))
            finite = np.where(np.isfinite(means), means, LEAST)
            largest[maps.layer] = tuple(np.maximum(finite, largest.get(maps.layer, finite)).tolist())
    return largest
