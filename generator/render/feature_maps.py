"""The feature maps of filters on a photo, and the pooled maps that are kept of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.models.activation_point import (
    ActivationPoint,
    activation_point,
    by_element,
    has_own_activation,
    without_activation,
)
from generator.models.ceiling import Ceiling, ceiling_at
from generator.models.conv_weights import scale_and_offset
from generator.models.describe import conv_positions
from generator.models.graph import Graph
from generator.models.load import LoadedModel
from generator.render.network import as_input

Array = NDArray[Any]

SIDE = 8
"""Cells of a pooled map along each side: enough to see where in a photo, few enough to keep one of every map."""


BLOCK = 64
"""Filters of a wide layer whose activations are in memory together, where no later layer needs all of them."""


@dataclass(frozen=True, eq=False)
class FilterMaps:
    """The ``activation`` (height, width, filters) on a photo of a layer, by its index, or of a block of its filters.

    ``first`` is the first of the filters. ``uncapped`` is the activation without its ceiling, by which pictures are
    scored; None where there is none.
    """

    layer: int
    first: int
    activation: Array
    uncapped: Array | None

    @property
    def compared(self) -> Array:
        """Return what is on the scale of the pictures' scores."""
        return self.activation if self.uncapped is None else self.uncapped

    def is_finite(self, at: int) -> bool:
        """Tell whether all values of a filter are finite, by its place in the block."""
        return all(bool(np.isfinite(values[..., at]).all()) for values in (self.activation, self.compared))


def feature_maps(model: LoadedModel, layers: Sequence[int], photo: Array) -> Iterator[FilterMaps]:
    """Yield the activations of each of the layers on one photo.

    ``photo`` is (height, width, channels shown) with values from 0 to 255. The network runs once for all layers, and
    an activation is forgotten as soon as nothing needs it any more. Each is read at its activation point.
    """
    for layer, of_layer in groupby(feature_map_blocks(model, layers, photo), key=lambda block: block.layer):
        blocks = list(of_layer)
        uncapped = [block.uncapped for block in blocks if block.uncapped is not None]
        yield FilterMaps(
            layer, 0, _joined([block.activation for block in blocks]), _joined(uncapped) if uncapped else None
        )


def _joined(blocks: Sequence[Array]) -> Array:
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=-1)


def feature_map_blocks(model: LoadedModel, layers: Sequence[int], photo: Array) -> Iterator[FilterMaps]:
    """Yield the same in blocks of filters.

    The blocks of a layer follow one another. A wide layer that no other one needs is never in memory as a whole.
    """
    graph = model.graph
    convs = conv_positions(graph)
    points = {layer: activation_point(graph, convs[layer - 1]) for layer in layers}
    ends: dict[int, list[int]] = {}
    for layer, point in points.items():
        ends.setdefault(point.last, []).append(layer)
    needed = graph.needed(list(ends))
    last_use = {tensor: position for position in needed for tensor in graph.calls[position].inputs}
    apart = {
        point.conv: (point, ends[point.last])
        for point in (points[own[0]] for own in ends.values())
        if _can_be_divided(model, point, last_use)
    }
    passed_over = {position for point, _ in apart.values() for position in _calls(point)}
    values = {graph.input: as_input(model, keras.ops.convert_to_tensor(photo.astype(keras.config.floatx())[None]))}
    for position in needed:
        call = graph.calls[position]
        if position in apart:
            point, own = apart[position]
            for layer in own:
                for first, activation, uncapped in _blocks(model, point, values[call.inputs[0]]):
                    yield FilterMaps(layer, first, activation, uncapped)
        elif position not in passed_over:
            call(values)
        for layer in ends.get(position, []) if position not in passed_over else []:
            activation = _channels_last(values[call.outputs[0]], graph.calls[points[layer].conv].channels_first)
            yield FilterMaps(layer, 0, activation, _uncapped(graph, points[layer], values, activation))
            del activation
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
        values = dict(values)
        with without_activation(conv.op):
            conv(values)
    before = graph.calls[point.conv if point.norm is None else point.norm].outputs[0]
    return _without(ceiling, _channels_last(values[before], conv.channels_first), activation)


def _without(ceiling: Ceiling, pre_activation: Array, activation: Array) -> Array:
    floatx = keras.config.floatx()
    return np.asarray(ceiling.uncapped(pre_activation.astype(floatx), activation.astype(floatx)))


def _calls(point: ActivationPoint) -> list[int]:
    return [position for position in (point.conv, point.norm, point.act) if position is not None]


def _can_be_divided(model: LoadedModel, point: ActivationPoint, last_use: dict[int, int]) -> bool:
    """Tell whether some filters of a wide layer can be computed without the others, and nothing else needs them all.

    ``last_use`` has the position of the last call that takes each tensor.
    """
    graph = model.graph
    conv, last = graph.calls[point.conv], graph.calls[point.last]
    norm = graph.calls[point.norm].op if point.norm is not None else None
    if type(conv.op) is not keras.layers.Conv2D or int(conv.op.kernel.shape[-1]) <= BLOCK:
        return False
    plain = conv.op.groups == 1 and not conv.channels_first
    folds = norm is None or (type(norm) is keras.layers.BatchNormalization and int(norm.axis) in (-1, 3))
    exact = all(
        graph.calls[position].op.compute_dtype == "float32"
        for position in _calls(point)
        if isinstance(graph.calls[position].op, keras.Layer)
    )
    return plain and folds and exact and by_element(graph, point) and last.outputs[0] not in last_use


def _blocks(model: LoadedModel, point: ActivationPoint, inputs: Any) -> Iterator[tuple[int, Array, Array | None]]:
    """Yield the first filter of each block of a layer, the block's activation, and that without a ceiling."""
    graph = model.graph
    ceiling = ceiling_at(graph, point)
    op, kernel = graph.calls[point.conv].op, keras.ops.convert_to_tensor(graph.calls[point.conv].op.kernel)
    for first in range(0, int(kernel.shape[-1]), BLOCK):
        some = slice(first, first + BLOCK)
        value = keras.ops.conv(
            inputs,
            kernel[..., some],
            strides=op.strides,
            padding=op.padding,
            data_format="channels_last",
            dilation_rate=op.dilation_rate,
        )
        if op.use_bias:
            value = value + keras.ops.convert_to_tensor(op.bias)[some]
        if point.norm is not None:
            scale, offset = (part[some].astype(np.float32) for part in scale_and_offset(graph.calls[point.norm].op))
            value = value * scale + offset
        before = value
        if has_own_activation(op):
            value = op.activation(value)
        elif point.act is not None:
            act = graph.calls[point.act]
            values = dict.fromkeys(act.inputs, value)
            act(values)
            value = values[act.outputs[0]]
        activation: Array = np.asarray(value)[0]
        yield first, activation, None if ceiling is None else _without(ceiling, np.asarray(before)[0], activation)


def pooled_maps(activation: Array) -> NDArray[np.float64]:
    """Return activations (height, width, filters) averaged to cells (filters, SIDE, SIDE).

    Each cell is the mean over the area that it covers, parts of a place by their parts, whatever the map's size: a
    map smaller than the grid is spread over it. The mean of the cells is the mean of the map.
    """
    height, width, filters = activation.shape
    rows = _shares(height) @ activation.astype(np.float32, copy=False).reshape(height, -1)
    cells: NDArray[np.float64] = np.matmul(_shares(width), rows.reshape(SIDE, width, filters)).astype(np.float64)
    return np.moveaxis(cells, -1, 0)


def _shares(length: int) -> NDArray[np.float32]:
    """Return the share (SIDE, length) that each place of a line has in each of its SIDE equal parts."""
    begins, places = np.arange(SIDE)[:, None] * length / SIDE, np.arange(length)
    ends = begins + length / SIDE
    overlap: Array = np.minimum(ends, places + 1) - np.maximum(begins, places)
    return (np.clip(overlap, 0, None) * SIDE / length).astype(np.float32)
