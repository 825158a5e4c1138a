"""The responses of every filter of some layers to the photos, by which the most active filters are selected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from generator.errors import PhotoError
from generator.models.load import LoadedModel
from generator.pipeline.photos import PhotoFile
from generator.plan import Activity
from generator.render.feature_maps import feature_maps

LEAST = float(np.finfo(np.float64).min)
"""Replaces a response that is not finite: the store keeps finite numbers alone."""


def measure(model: LoadedModel, layers: Sequence[int], photos: Iterable[PhotoFile]) -> Activity:
    """Return for each layer, by index, the largest response of each of its filters to any of the photos.

    Photos that turn out to be damaged are passed over: they fail when their feature maps are rendered.
    """
    summary, largest = model.summary, dict[int, tuple[float, ...]]()
    for photo in photos:
        try:
            pixels = photo.fitted(summary.photo_size(), summary.channels, summary.bands)
        except PhotoError:
            continue
        for layer, activation in feature_maps(model, layers, pixels):
            means = activation.astype(np.float64).mean(axis=(0, 1))
            finite = np.where(np.isfinite(means), means, LEAST)
            largest[layer] = tuple(np.maximum(finite, largest.get(layer, finite)).tolist())
    return largest
