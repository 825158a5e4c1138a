"""Raw weights: the kernels of a filter, without any optimisation or photo."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from generator.models.conv_weights import ConvWeights, conv_weights
from generator.models.describe import conv_positions, is_convolution
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

    ``colour`` (height, width, 1 or 3) is set where the filter reads the picture itself: its weights of red, green and
    blue. Elsewhere ``slices`` (k, height, width) are its strongest input channels, ``inputs`` their
    numbers and ``shares`` their parts of the filter's squared norm; ``of`` is how many inputs it has. ``alike`` are
    the filters of the layer whose weights have the same direction, the most alike first, each with the cosine.
    """

    colour: Array | None
    slices: Array
    inputs: tuple[int, ...]
    shares: tuple[float, ...]
    of: int
    alike: tuple[tuple[int, float], ...] = ()


def filter_kernels(model: LoadedModel, layer: int, filters: tuple[int, ...]) -> list[Kernel]:
    """Return the kernels of some filters of the layer with that index in the model's summary."""
    position = conv_positions(model.graph)[layer - 1]
    weights = conv_weights(model.graph.calls[position].op)
    reads_picture = _reads_picture(model, position)
    alike = most_alike(_patterns(weights), filters)
    return [
        replace(_kernel(model, weights.kernel(index), weights.inputs(index), reads_picture), alike=own)
        for index, own in zip(filters, alike, strict=True)
    ]


def most_alike(patterns: NDArray[np.float32], filters: tuple[int, ...]) -> list[tuple[tuple[int, float], ...]]:
    """Return for some filters the others of their layer that are most alike: (filter, cosine), at most ``ALIKE``.

    ``patterns`` (all filters of the layer, values) are compared by their cosine: 1 for the same direction, whatever
    the strength. Only cosines above zero are returned, to four digits. A single value has no direction to compare, and
    zeros are similar to nothing, nor are values that are not finite.
    """
    count, length = patterns.shape
    if length < 2 or count < 2:
        return [()] * len(filters)
    patterns = np.where(np.isfinite(patterns).all(axis=1, keepdims=True), patterns, 0)
    largest = np.abs(patterns).max(axis=1, keepdims=True)
    units = patterns / np.where(largest > 0, largest, 1)  # squares of very large or small weights would not fit
    units /= np.maximum(np.linalg.norm(units, axis=1, keepdims=True), 1e-30)
    kept = min(ALIKE, count - 1)
    most_similar: list[tuple[tuple[int, float], ...]] = []
    for begin in range(0, len(filters), _BLOCK):
        rows = np.array(filters[begin : begin + _BLOCK])
        cosines = units[rows] @ units.T
        cosines[np.arange(len(rows)), rows] = -np.inf
        nearest = np.argpartition(-cosines, kept - 1, axis=1)[:, :kept]
        # Four digits: more would depend on how many threads summed them up.
        level = np.minimum(np.round(np.take_along_axis(cosines, nearest, axis=1).astype(np.float64), 4), 1)
        order = np.lexsort((nearest, -level), axis=1)
        nearest, level = (np.take_along_axis(values, order, axis=1) for values in (nearest, level))
        for others, near in zip(nearest.tolist(), level.tolist(), strict=True):
            most_similar.append(
                tuple((other, cosine) for other, cosine in zip(others, near, strict=True) if cosine > 0)
            )
    return most_similar


def _kernel(model: LoadedModel, weights: Array, inputs: range, reads_picture: bool) -> Kernel:
    matrix = np.array(model.summary.preprocess.matrix)
    shown = model.summary.bands
    if reads_picture and weights.shape[-1] == matrix.shape[1] == len(shown):
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


def _patterns(weights: ConvWeights) -> NDArray[np.float32]:
    """Return values (filters, values) whose inner products are those of the filters' kernels.

    Depthwise filters, and those of different groups, read different inputs: it is their patterns that are compared,
    the first input of one with the first of the other.
    """
    kernels = weights.kernels.astype(np.float32)
    if weights.mixing is None:
        return kernels.reshape(-1, weights.filters).T
    # Each input's own kernels are given by their coordinates in the space that they span: there are fewer of those
    # than of weights, and a rotation of the axes leaves inner products as they are.
    own = kernels.reshape(-1, *kernels.shape[2:]).transpose(1, 0, 2)
    mixed = np.matmul(np.linalg.qr(own, mode="r"), weights.mixing.astype(np.float32))
    return np.asarray(mixed.reshape(-1, weights.filters).T, np.float32)


def _reads_picture(model: LoadedModel, position: int) -> bool:
    before = model.graph.needed([position])[:-1]
    return not any(is_convolution(model.graph.calls[p].op) for p in before)
