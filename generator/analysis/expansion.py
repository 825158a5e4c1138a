"""Which filters two and three convolutions back have the largest linear effect on a filter: its strongest links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.analysis.circuit import NONE
from generator.models.summary import PICTURE_LAYER, WHOLE_INPUT, ConvLayer, ModelSummary

Array = NDArray[Any]

DISTANCES = (2, 3)
"""So many convolutions back, the filter's own counted."""

LINKS = 3
"""Of each filter so many at each distance."""

LARGEST_SIDE = 33
"""Of a kernel so many rows and columns are kept, around its middle."""


@dataclass(frozen=True, eq=False)
class LayerExpansion:
    """The strongest links of some of a layer's filters; k is ``LINKS`` for each of d distances, the nearest first.

    ``filters`` (f,) are the filters; ``distances`` (d,) count convolutions, the filter's own among them. ``layers``
    (f, k) and ``sources`` (f, k) are the layers, by their index, and the filters that they lead to; ``NONE`` fills
    up. ``shares`` (f, k) are the parts that they have of the effects of all filters at their distance. ``kernels``
    (f, k, height, width) are the linear effects, the largest number at each distance 1 or -1; where a kernel has
    fewer rows or columns, NaN fills up.
    """

    filters: Array
    distances: Array
    layers: Array
    sources: Array
    shares: Array
    kernels: Array


@dataclass(frozen=True, eq=False)
class Links:
    """The strongest links of f filters at one distance: as ``LayerExpansion`` has them, with a list of kernels each."""

    layers: Array
    sources: Array
    shares: Array
    kernels: list[list[Array]]


def reached(summary: ModelSummary, layer: ConvLayer) -> dict[int, frozenset[int]]:
    """Return for each of ``DISTANCES`` the layers that lie so far back, and no nearer, by the sources of channels.

    Empty where kernels would tell nothing: of dense layers, and of what sees the whole input.
    """
    sees = layer.receptive_field
    if layer.is_dense or not layer.has_maps or (sees is not None and WHOLE_INPUT in sees):
        return {}
    found: dict[int, frozenset[int]] = {}
    nearer: frozenset[int] = frozenset()
    level = frozenset({layer.index})
    for distance in range(1, max(DISTANCES) + 1):
        runs = (run for index in level for run in summary.layers[index - 1].inputs)
        level = frozenset(source for run in runs for source, _ in run.first if source != PICTURE_LAYER)
        if distance in DISTANCES and level - nearer:
            found[distance] = level - nearer
        nearer |= level
    return found


def strongest_links(maps: Mapping[int, Array], powers: Mapping[int, Array]) -> Links:
    """Return the strongest links to the channels of some layers.

    ``maps`` (filters, height, width, channels) are the effects of each layer's channels, by the layer's index, and
    ``powers`` (channels,) the root mean squares of their activations. The effect of a channel is the norm of its
    kernel times this: how much it moves the filter, if its activation is as large at one place as at another.
    """
    names = sorted(maps)
    effects = np.concatenate(
        [np.sqrt(np.square(maps[name], dtype=np.float64).sum(axis=(1, 2))) * powers[name] for name in names], axis=1
    )
    layer_of = np.concatenate([np.full(maps[name].shape[-1], name) for name in names])
    source_of = np.concatenate([np.arange(maps[name].shape[-1]) for name in names])
    order = np.argsort(-effects, axis=1, kind="stable")[:, :LINKS]
    taken = np.take_along_axis(effects, order, 1)
    total = effects.sum(axis=1, keepdims=True)
    right = taken > 0
    boxes = {name: _support(own) for name, own in maps.items()}
    kernels: list[list[Array]] = []
    for row, places in enumerate(order):
        own = []
        for place in places[right[row]]:
            name = int(layer_of[place])
            own.append(maps[name][(row, *boxes[name], source_of[place])])
        largest = max((float(np.abs(kernel).max(initial=0.0)) for kernel in own), default=0.0)
        kernels.append([kernel / (largest or 1.0) for kernel in own])
    return Links(
        np.where(right, layer_of[order], NONE),
        np.where(right, source_of[order], NONE),
        np.where(right, taken / np.where(total > 0, total, 1.0), 0.0),
        kernels,
    )


def layer_expansion(
    filters: Sequence[int], links: Sequence[tuple[Sequence[int], Mapping[int, Links]]]
) -> LayerExpansion:
    """Return what is kept of a layer's ``filters``: ``links`` by distance, of some of them after the others."""
    distances = sorted({distance for _, own in links for distance in own})
    height, width = (
        max((k.shape[axis] for _, own in links for at in own.values() for row in at.kernels for k in row), default=0)
        for axis in (0, 1)
    )
    count, k = len(filters), LINKS * len(distances)
    layers, sources = (np.full((count, k), NONE, np.int32) for _ in range(2))
    shares, kernels = np.zeros((count, k), np.float32), np.full((count, k, height, width), np.nan, np.float16)
    first = 0
    for some, own in links:
        for distance, found in own.items():
            begin = LINKS * distances.index(distance)
            part = np.s_[first : first + len(some), begin : begin + found.layers.shape[1]]
            layers[part], sources[part], shares[part] = found.layers, found.sources, found.shares
            for row, row_kernels in enumerate(found.kernels):
                for place, kernel in enumerate(row_kernels):
                    kernels[first + row, begin + place, : kernel.shape[0], : kernel.shape[1]] = kernel
        first += len(some)
    return LayerExpansion(np.array(filters, np.int32), np.array(distances, np.int32), layers, sources, shares, kernels)


def _support(maps: Array) -> tuple[slice, slice]:
    """Return the rows and columns in which any kernel is not zero, the middle ones of too many."""
    slices = []
    for axis in (1, 2):
        others = tuple(other for other in range(4) if other != axis)
        there = np.flatnonzero(np.abs(maps).max(axis=others, initial=0.0))
        first, last = (int(there[0]), int(there[-1]) + 1) if len(there) else (0, 0)
        cut = max(0, last - first - LARGEST_SIDE)
        slices.append(slice(first + cut // 2, last - (cut - cut // 2)))
    return slices[0], slices[1]
