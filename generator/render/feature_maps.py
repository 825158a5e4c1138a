"""The feature maps of filters on a photo, and the pooled maps that are kept of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.models.activation_point import ActivationPoint, activation_point, by_element, has_own_activation
from generator.models.conv_weights import scale_and_offset
from generator.models.describe import conv_positions
from generator.models.load import LoadedModel
from generator.render.network import as_input

Array = NDArray[Any]

SIDE = 8
"""Cells of a pooled map along each side: enough to see where in a photo, few enough to keep one of every map."""


BLOCK = 64
"""Filters of a wide layer whose activations are in memory together, where no later layer needs all of them."""


def feature_maps(model: LoadedModel, layers: Sequence[int], photo: Array) -> Iterator[tuple[int, Array]]:
    """Yield, for each of the layers, its index and its activation (height, width, filters) on one photo.

    ``photo`` is (height, width, channels shown) with values from 0 to 255. The network runs once for all layers, and
    an activation is forgotten as soon as nothing needs it any more. Each is read at its activation point.
    """
    for layer, blocks in groupby(feature_map_blocks(model, layers, photo), key=lambda block: block[0]):
        activations = [activation for _, _, activation in blocks]
        yield layer, activations[0] if len(activations) == 1 else np.concatenate(activations, axis=-1)


def feature_map_blocks(model: LoadedModel, layers: Sequence[int], photo: Array) -> Iterator[tuple[int, int, Array]]:
    """Yield the same in blocks of filters: a layer's index, a block's first filter, and its activation.

    The blocks of a layer follow one another. A wide layer that no other one needs is never in memory as a whole.
    """
    graph = model.graph
    convs = conv_positions(graph)
    ends: dict[int, list[int]] = {}
    for layer in layers:
        ends.setdefault(activation_point(graph, convs[layer - 1]).last, []).append(layer)
    needed = graph.needed(list(ends))
    last_use = {tensor: position for position in needed for tensor in graph.calls[position].inputs}
    apart = {
        point.conv: (point, ends[point.last])
        for point in (activation_point(graph, convs[own[0] - 1]) for own in ends.values())
        if _can_be_divided(model, point, last_use)
    }
    passed_over = {position for point, _ in apart.values() for position in _calls(point)}
    values = {graph.input: as_input(model, keras.ops.convert_to_tensor(photo.astype(keras.config.floatx())[None]))}
    for position in needed:
        call = graph.calls[position]
        if position in apart:
            point, own = apart[position]
            for layer in own:
                for first, block in _blocks(model, point, values[call.inputs[0]]):
                    yield layer, first, block
        elif position not in passed_over:
            call(values)
        for layer in ends.get(position, []) if position not in passed_over else []:
            activation = np.asarray(values[call.outputs[0]])[0]
            first_last = graph.calls[convs[layer - 1]].channels_first
            yield layer, 0, np.moveaxis(activation, 0, -1) if first_last else activation
            del activation
        for tensor in (*call.inputs, *call.outputs):
            if last_use.get(tensor, -1) <= position:
                values.pop(tensor, None)


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


def _blocks(model: LoadedModel, point: ActivationPoint, inputs: Any) -> Iterator[tuple[int, Array]]:
    """Yield the first filter of each block of a layer, and the block's activation."""
    graph = model.graph
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
        value = op.activation(value) if has_own_activation(op) else value
        if point.norm is not None:
            scale, offset = (part[some].astype(np.float32) for part in scale_and_offset(graph.calls[point.norm].op))
            value = value * scale + offset
        if point.act is not None:
            act = graph.calls[point.act]
            values = dict.fromkeys(act.inputs, value)
            act(values)
            value = values[act.outputs[0]]
        yield first, np.asarray(value)[0]


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
