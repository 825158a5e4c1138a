"""Raw weights: the kernels of a filter, without any optimisation or photo."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.models.describe import conv_positions, is_convolution, kernels
from generator.models.load import LoadedModel

Array = NDArray[np.float64]

STRONGEST = 8
"""How many input slices of a deeper filter are kept."""

ALIKE = 8
"""How many of the filters whose kernels are most alike are kept."""

_BLOCK = 1024
"""Filters that are compared with all others at a time: no layer needs a whole table of pairs in memory."""


@dataclass(frozen=True)
class Kernel:
    """The weights of one filter.

    ``colour`` (height, width, 1 or 3) is set where the filter meets the picture itself: its weights as they weigh
    red, green and blue. Elsewhere ``slices`` (k, height, width) are its strongest input channels, ``inputs`` their
    numbers and ``shares`` their parts of the filter's squared norm; ``of`` is how many inputs it has. ``alike`` are
    the filters of the layer whose weights point the same way, the most alike first, each with the cosine.
    """

    colour: Array | None
    slices: Array
    inputs: tuple[int, ...]
    shares: tuple[float, ...]
    of: int
    alike: tuple[tuple[int, float], ...] = ()


def filter_kernels(model: LoadedModel, layer: int, filters: tuple[int, ...]) -> list[Kernel]:
    """Return the kernels of some filters of the layer with that index on the model's card."""
    position = conv_positions(model.graph)[layer - 1]
    op = model.graph.calls[position].op
    meets_picture = _meets_picture(model, position)
    alike = most_alike(_patterns(op), filters)
    return [
        replace(_kernel(model, *_weights(op, index), meets_picture), alike=own)
        for index, own in zip(filters, alike, strict=True)
    ]


def most_alike(patterns: NDArray[np.float32], filters: tuple[int, ...]) -> list[tuple[tuple[int, float], ...]]:
    """Return for some filters the others of their layer that are most alike: (filter, cosine), at most ``ALIKE``.

    ``patterns`` (all filters of the layer, values) are compared by their cosine: 1 for the same direction, whatever
    the strength. Only cosines above zero are told, to four digits. A single value has no direction to compare, and
    zeros are like nothing.
    """
    count, values = patterns.shape
    if values < 2 or count < 2:
        return [()] * len(filters)
    largest = np.abs(patterns).max(axis=1, keepdims=True)
    units = patterns / np.where(largest > 0, largest, 1)  # squares of very large or small weights would not fit
    units /= np.maximum(np.linalg.norm(units, axis=1, keepdims=True), 1e-30)
    kept = min(ALIKE, count - 1)
    found: list[tuple[tuple[int, float], ...]] = []
    for begin in range(0, len(filters), _BLOCK):
        rows = np.array(filters[begin : begin + _BLOCK])
        cosines = units[rows] @ units.T
        cosines[np.arange(len(rows)), rows] = -np.inf
        nearest = np.argpartition(-cosines, kept - 1, axis=1)[:, :kept]
        # Four digits: more would depend on how many threads summed them up.
        level = np.minimum(np.round(np.take_along_axis(cosines, nearest, axis=1).astype(np.float64), 4), 1)
        order = np.lexsort((nearest, -level), axis=1)
        nearest, level = (np.take_along_axis(one, order, axis=1) for one in (nearest, level))
        for others, near in zip(nearest.tolist(), level.tolist(), strict=True):
            found.append(tuple((other, cosine) for other, cosine in zip(others, near, strict=True) if cosine > 0))
    return found


def _kernel(model: LoadedModel, weights: Array, inputs: list[int], meets_picture: bool) -> Kernel:
    matrix = np.array(model.summary.preprocess.matrix)
    shown = model.summary.bands
    if meets_picture and weights.shape[-1] == matrix.shape[1] == len(shown):
        return Kernel(
            (weights @ matrix.T)[..., list(shown)], np.zeros((0, *weights.shape[:2])), (), (), weights.shape[-1]
        )
    squares = np.square(weights).sum(axis=(0, 1))
    order = np.argsort(-squares, kind="stable")[:STRONGEST]
    total = max(float(squares.sum()), 1e-30)
    return Kernel(
        None,
        np.moveaxis(weights[..., order], -1, 0),
        tuple(inputs[i] for i in order),
        tuple(float(squares[i]) / total for i in order),
        weights.shape[-1],
    )


def _weights(op: Any, index: int) -> tuple[Array, list[int]]:
    """Return one filter's weights (height, width, inputs) and the numbers of those inputs."""
    arrays = [np.asarray(keras.ops.convert_to_numpy(kernel), np.float64) for kernel in kernels(op)]
    first = arrays[0]
    if isinstance(op, keras.layers.SeparableConv2D):
        # What both kernels do together: each input channel's own kernels, as the mixing weighs them.
        mix = arrays[1][0, 0, :, index].reshape(first.shape[2], first.shape[3])
        return np.einsum("hwcm,cm->hwc", first, mix), list(range(first.shape[2]))
    if isinstance(op, keras.layers.DepthwiseConv2D):
        source, which = divmod(index, first.shape[3])
        return first[:, :, source : source + 1, which], [source]
    if isinstance(op, keras.layers.Conv2DTranspose):
        return first[:, :, index, :], list(range(first.shape[3]))
    group = index // (first.shape[3] // getattr(op, "groups", 1))
    return first[..., index], [group * first.shape[2] + i for i in range(first.shape[2])]


def _patterns(op: Any) -> NDArray[np.float32]:
    """Return values (filters, values) whose inner products are those of all filters' weights, as ``_weights`` has them.

    Depthwise filters, and those of different groups, read different inputs: it is their patterns that are compared,
    the first input of one with the first of the other.
    """
    arrays = [np.asarray(keras.ops.convert_to_numpy(kernel), np.float32) for kernel in kernels(op)]
    first = arrays[0]
    if isinstance(op, keras.layers.SeparableConv2D):
        # Each input's own kernels are told by their coordinates in the space that they span: there are fewer of those
        # than of weights, and a turn of the axes leaves inner products as they are.
        own = first.reshape(-1, *first.shape[2:]).transpose(1, 0, 2)
        mix = arrays[1][0, 0].reshape(*first.shape[2:], -1)
        return np.asarray(np.matmul(np.linalg.qr(own, mode="r"), mix).reshape(-1, mix.shape[-1]).T, np.float32)
    if isinstance(op, keras.layers.DepthwiseConv2D):
        return first.transpose(2, 3, 0, 1).reshape(first.shape[2] * first.shape[3], -1)
    if isinstance(op, keras.layers.Conv2DTranspose):
        return np.moveaxis(first, 2, 0).reshape(first.shape[2], -1)
    return first.reshape(-1, first.shape[3]).T


def _meets_picture(model: LoadedModel, position: int) -> bool:
    before = model.graph.needed([position])[:-1]
    return not any(is_convolution(model.graph.calls[p].op) for p in before)
