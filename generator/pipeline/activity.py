"""The responses of every filter of some layers to the photos, by which the most active filters are selected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np

from generator.errors import PhotoError
from generator.models.load import LoadedModel
from generator.pipeline.photos import PhotoFile
from generator.plan import Activity
from generator.render.feature_maps import feature_map_blocks

LEAST = float(np.finfo(np.float64).min)
"""Replaces a response that is not finite: the store keeps finite numbers alone."""


def measure(model: LoadedModel, layers: Sequence[int], photos: Iterable[PhotoFile]) -> Activity:
    """Return for each layer, by index, the largest response of each of its filters to any of the photos.

    Photos that turn out to be damaged are passed over: they fail when their feature maps are rendered.
    """
    summary = model.summary
    largest = {layer: [LEAST] * summary.layers[layer - 1].filters for layer in layers}
    sizes = {layer: summary.for_layer(summary.layers[layer - 1]).photo_size() for layer in layers}
    for photo in photos:
        try:
            fitted = {
                size: photo.fitted(size, summary.channels, summary.bands) for size in dict.fromkeys(sizes.values())
            }
        except PhotoError:
            continue
        for block in chain.from_iterable(
            feature_map_blocks(model, [layer for layer in layers if sizes[layer] == size], pixels)
            for size, pixels in fitted.items()
        ):
            means = block.activation.mean(axis=(0, 1), dtype=np.float64)
            of_layer = largest[block.layer]
            for index, mean in enumerate(np.where(np.isfinite(means), means, LEAST).tolist(), start=block.first):
                of_layer[index] = max(of_layer[index], mean)
    return {layer: tuple(responses) for layer, responses in largest.items()}
