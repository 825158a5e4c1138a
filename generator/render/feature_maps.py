"""The feature maps of filters on a photo, and the pooled maps that are kept of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.models.activation_point import activation_point
from generator.models.describe import conv_positions
from generator.models.load import LoadedModel
from generator.render.network import as_input

Array = NDArray[Any]

SIDE = 8
"""Cells of a pooled map along each side: enough to see where in a photo, few enough to keep one of every map."""


def feature_maps(model: LoadedModel, layers: Sequence[int], photo: Array) -> Iterator[tuple[int, Array]]:
    """Yield, for each of the layers, its index and its activation (height, width, filters) on one photo.

    ``photo`` is (height, width, channels shown) with values from 0 to 255. The network runs once for all layers, and
    an activation is forgotten as soon as nothing needs it any more. Each is read at its activation point.
    """
    graph = model.graph
    convs = conv_positions(graph)
    ends: dict[int, list[int]] = {}
    for layer in layers:
        ends.setdefault(activation_point(graph, convs[layer - 1]).last, []).append(layer)
    needed = graph.needed(list(ends))
    last_use = {tensor: position for position in needed for tensor in graph.calls[position].inputs}
    values = {graph.input: as_input(model, keras.ops.convert_to_tensor(photo.astype(keras.config.floatx())[None]))}
    for position in needed:
        call = graph.calls[position]
        call(values)
        for layer in ends.get(position, []):
            activation = np.asarray(values[call.outputs[0]])[0]
            yield layer, np.moveaxis(activation, 0, -1) if graph.calls[convs[layer - 1]].channels_first else activation
        for tensor in (*call.inputs, *call.outputs):
            if last_use.get(tensor, -1) <= position:
                values.pop(tensor, None)


def pooled_maps(activation: Array) -> NDArray[np.float64]:
    """Return activations (height, width, filters) averaged to cells (filters, SIDE, SIDE).

    Each cell is the mean over the area that it covers, parts of a place by their parts, whatever the map's size: a
    map smaller than the grid is spread over it. The mean of the cells is the mean of the map.
    """
    height, width, filters = activation.shape
    rows = _shares(height) @ activation.astype(np.float32).reshape(height, -1)
    cells: NDArray[np.float64] = np.matmul(_shares(width), rows.reshape(SIDE, width, filters)).astype(np.float64)
    return np.moveaxis(cells, -1, 0)


def _shares(length: int) -> NDArray[np.float32]:
    """Return the share (SIDE, length) that each place of a line has in each of its SIDE equal parts."""
    begins, places = np.arange(SIDE)[:, None] * length / SIDE, np.arange(length)
    ends = begins + length / SIDE
    overlap: Array = np.minimum(ends, places + 1) - np.maximum(begins, places)
    return (np.clip(overlap, 0, None) * SIDE / length).astype(np.float32)
