"""The feature maps of filters on a photo, and the pooled maps that are kept of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.models.activation_point import ActivationPoint, activation_point, without_activation
from generator.models.ceiling import ceiling_at
from generator.models.describe import conv_positions
from generator.models.graph import Graph
from generator.models.load import LoadedModel
from generator.render.network import as_input

Array = NDArray[Any]

SIDE = 8
"""Cells of a pooled map along each side: enough to see where in a photo, few enough to keep one of every map."""


@dataclass(frozen=True, eq=False)
class LayerMaps:
    """A layer, by its index, and its ``activation`` (height, width, filters) on a photo, as the network computes it.

    ``uncapped`` is the same without the activation's ceiling, by which pictures are scored; None where there is none.
    """

    layer: int
    activation: Array
    uncapped: Array | None

    @property
    def compared(self) -> Array:
        """Return what is on the scale of the pictures' scores."""
        return self.activation if self.uncapped is None else self.uncapped


def feature_maps(model: LoadedModel, layers: Sequence[int], photo: Array) -> Iterator[LayerMaps]:
    """Yield the activations of each of the layers on one photo.

    ``photo`` is (height, width, channels shown) with values from 0 to 255. The network runs once for all layers, and
    an activation is forgotten as soon as nothing needs it any more. Each is read at its activation point.
    """
    graph = model.graph
    convs = conv_positions(graph)
    points = {layer: activation_point(graph, convs[layer - 1]) for layer in layers}
    ends: dict[int, list[int]] = {}
    for layer, point in points.items():
        ends.setdefault(point.last, []).append(layer)
    needed = graph.needed(list(ends))
    last_use = {tensor: position for position in needed for tensor in graph.calls[position].inputs}
    values = {graph.input: as_input(model, keras.ops.convert_to_tensor(photo.astype(keras.config.floatx())[None]))}
    for position in needed:
        call = graph.calls[position]
        call(values)
        for layer in ends.get(position, []):
            first = graph.calls[points[layer].conv].channels_first
            activation = _channels_last(values[call.outputs[0]], first)
            yield LayerMaps(layer, activation, _uncapped(graph, points[layer], values, activation))
        for tensor in (*call.inputs, *call.outputs):
            if last_use.get(tensor, -1) <= position:
                values.pop(tensor, None)


def _channels_last(value: Any, channels_first: bool) -> Array:
    array: Array = np.asarray(value)[0]
    return np.moveaxis(array, 0, -1) if channels_first else array


def _uncapped(graph: Graph, point: ActivationPoint, values: dict[int, Any], activation: Array) -> Array | None:
    """Return an activation without its ceiling; ``values`` still hold what the activation was taken of."""
    ceiling = ceiling_at(graph, point)
    if ceiling is None:
        return None
    conv = graph.calls[point.conv]
    if point.act is None:
        linear = dict(values)
        with without_activation(conv.op):
            conv(linear)
        value = linear[conv.outputs[0]]
    else:
        value = values[graph.calls[point.act].inputs[0]]
    pre_activation = _channels_last(value, conv.channels_first).astype(keras.config.floatx())
    return np.asarray(ceiling.uncapped(pre_activation, activation.astype(pre_activation.dtype)))


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
