"""How the filters of a layer are related: which are similar, which are redundant, which are dead or over-active.

All of it is measured on the photos of the gallery, and on its dataset where there is one, among the filters that it
shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod, sqrt

import numpy as np

from generator.analysis.correlation import CELLS, Array, correlations, pooled_matrix
from generator.analysis.filter_views import ComparableFilter
from generator.analysis.histogram import Histogram, histogram
from generator.analysis.verdict import DEAD
from generator.models.summary import ConvLayer

MOST_SIMILAR = 6
"""How many of the filters with the most similar activations are named."""

WITH_EXACT_ZEROS = frozenset({"relu", "relu6", "hard_sigmoid", "hardsigmoid"})
"""Activation functions that are exactly zero over a whole range: with any other, hardly any activation is zero."""

OVERACTIVE_SHARE = 0.99
"""A filter that fires at so large a share of every photo's positions is over-active: its activation function cuts
nothing off, and it is no more than linear. The opposite of a large APoZ, the average percentage of zeros (Hu and
others, Network Trimming, 2016). A convention, not fitted to any network: all positions but one in a hundred."""

SAME_ACTIVATIONS = 0.95
"""The least correlation of redundant filters. Squared 0.9: nine tenths of the variance of a filter's activations follow
from the other's, but for a factor and an offset, which the next layer's own weights can make up for."""

SAME_WEIGHTS = sqrt(0.5)
"""The least cosine of redundant filters. Squared a half: as directions, the kernels have more in common than not.
Pooled maps are coarse: without this, a filter for light above dark is the same as one for dark above light, as both
fire along the same edges."""

BEYOND_CHANCE = 2.0
"""Standard deviations above zero from which a cosine is shown: kernels of n random weights have cosines about zero with
a standard deviation of 1 / sqrt(n)."""

_BLOCK = 1024
"""Filters that are compared at a time."""


@dataclass(frozen=True)
class SimilarFilter:
    """A filter that is similar to another; 1 is the same. ``shown`` tells whether the gallery shows it.

    ``other_inputs`` tells that it reads other input channels: then only its pattern is similar.
    """

    index: int
    similarity: float
    shown: bool = True
    other_inputs: bool = False


@dataclass(frozen=True)
class FilterInsight:
    """How one filter is related to the others of its layer.

    ``by_activations`` are those whose feature maps correlate most with its own, ``by_weights`` those whose cosine is
    above ``chance``, which random kernels of as many weights seldom reach. ``group`` are the filters that it is
    redundant with, itself among them, or none. ``inactive`` tells that it is above zero on no photo. ``active_share``
    is the least share of positions that it fires at over the photos, None without photos.
    """

    index: int
    by_activations: tuple[SimilarFilter, ...]
    by_weights: tuple[SimilarFilter, ...]
    chance: float
    group: tuple[int, ...]
    dead: bool
    inactive: bool
    overactive: bool
    active_share: float | None


@dataclass(frozen=True)
class LayerInsight:
    """How the filters of a layer are related.

    ``photos`` is how many photos they were looked at on, ``images`` how many images of a dataset their activations were
    compared on, 0 where it was those photos. ``has_exact_zeros`` tells whether the layer's activation
    function gives exact zeros, without which none is over-active. ``separate_inputs`` tells that not all filters read
    the same input channels. ``responses`` and ``active_shares`` are the distributions over filters of the mean response
    to a photo, and of the mean share of positions that a filter fires at.
    """

    photos: int
    images: int
    has_exact_zeros: bool
    separate_inputs: bool
    filters: tuple[FilterInsight, ...]
    responses: Histogram | None
    active_shares: Histogram | None

    @cached_property
    def by_filter(self) -> dict[int, FilterInsight]:
        """Return the filters by their index."""
        return {insight.index: insight for insight in self.filters}

    @cached_property
    def dead(self) -> tuple[int, ...]:
        """Return the filters that nothing excited."""
        return tuple(insight.index for insight in self.filters if insight.dead)

    @cached_property
    def inactive(self) -> tuple[int, ...]:
        """Return the filters that are above zero on no photo although a picture excites them."""
        return tuple(insight.index for insight in self.filters if insight.inactive and not insight.dead)

    @cached_property
    def overactive(self) -> tuple[int, ...]:
        """Return the filters that fire nearly everywhere."""
        return tuple(insight.index for insight in self.filters if insight.overactive)

    @cached_property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Return the groups of redundant filters, the largest first."""
        groups = {insight.group for insight in self.filters if insight.group}
        return tuple(sorted(groups, key=lambda group: (-len(group), group)))

    @cached_property
    def redundant(self) -> tuple[int, ...]:
        """Return the filters of all groups."""
        return tuple(insight.index for insight in self.filters if insight.group)

    def flags(self, index: int) -> tuple[str, ...]:
        """Return which of ``dead``, ``overactive`` and ``redundant`` a filter is."""
        insight = self.by_filter[index]
        flags = {"dead": insight.dead, "overactive": insight.overactive, "redundant": bool(insight.group)}
        return tuple(name for name, holds in flags.items() if holds)


def layer_insight(
    layer: ConvLayer, filters: Sequence[ComparableFilter], on_images: Array | None = None
) -> LayerInsight:
    """Return how the filters that are shown of a layer are related.

    ``on_images`` (filters, images) are their responses to the images of a dataset, by which they are then compared.
    """
    has_exact_zeros = layer.activation in WITH_EXACT_ZEROS
    of_photos = pooled_matrix([record.maps for record in filters])
    activations = of_photos if on_images is None else on_images
    row_of = {record.index: row for row, record in enumerate(filters)}
    chances = [_chance(layer, record) for record in filters]
    by_weights = [
        _similar_by_weights(record, chance, filters, row_of) for record, chance in zip(filters, chances, strict=True)
    ]
    by_activations, redundant_pairs = _compared(activations, by_weights, row_of)
    groups = _grouped(redundant_pairs)
    insights = []
    for row, record in enumerate(filters):
        active_share = min((m.active_share for m in record.maps if m.active_share is not None), default=None)
        dead = record.verdict == DEAD
        nearly_everywhere = active_share is not None and active_share >= OVERACTIVE_SHARE
        insights.append(
            FilterInsight(
                index=record.index,
                by_activations=by_activations[row],
                by_weights=by_weights[row],
                chance=chances[row],
                group=groups.get(record.index, ()),
                dead=dead,
                inactive=bool(record.maps) and all(m.peak <= 0 for m in record.maps),
                overactive=has_exact_zeros and not dead and nearly_everywhere,
                active_share=active_share,
            )
        )
    maps_of_filters = [record.maps for record in filters if record.maps]
    responses = [sum(m.response for m in maps) / len(maps) for maps in maps_of_filters]
    active_shares = [sum(m.active_share or 0.0 for m in maps) / len(maps) for maps in maps_of_filters]
    return LayerInsight(
        photos=of_photos.shape[1] // CELLS,
        images=0 if on_images is None else on_images.shape[1],
        has_exact_zeros=has_exact_zeros,
        separate_inputs=len({record.kernel.input_group for record in filters if record.kernel}) > 1,
        filters=tuple(insights),
        responses=histogram(responses),
        active_shares=histogram(active_shares, low=0.0, high=1.0) if has_exact_zeros else None,
    )


def _compared(
    activations: Array, by_weights: Sequence[Sequence[SimilarFilter]], row_of: dict[int, int]
) -> tuple[list[tuple[SimilarFilter, ...]], list[tuple[int, int]]]:
    """Return for each filter those whose activations are most similar, and the pairs that are redundant.

    A redundant pair is similar by activations and by weights. Pairs that read different inputs are none: that their
    weights are similar tells nothing of what they compute.
    """
    most_similar: list[tuple[SimilarFilter, ...]] = []
    redundant_pairs: list[tuple[int, int]] = []
    indices = list(row_of)
    count = min(MOST_SIMILAR, len(indices) - 1)
    for begin in range(0, len(indices), _BLOCK):
        # Four digits: more would depend on how many threads summed them up, and pages would change for nothing.
        block = np.round(correlations(activations[begin : begin + _BLOCK], activations).astype(np.float64), 4)
        own_rows = np.arange(begin, begin + len(block))
        for correlated, own in zip(block, own_rows.tolist(), strict=True):
            for other in by_weights[own]:
                same_weights = other.shown and not other.other_inputs and other.similarity >= SAME_WEIGHTS
                if same_weights and correlated[row_of[other.index]] >= SAME_ACTIVATIONS:
                    redundant_pairs.append((indices[own], other.index))
        block[np.arange(len(block)), own_rows] = -1  # no filter is listed as similar to itself
        nearest = np.argpartition(-block, max(0, count - 1), axis=1)[:, :count]
        for rows, values in zip(nearest.tolist(), np.take_along_axis(block, nearest, axis=1).tolist(), strict=True):
            ranked = sorted((-value, indices[row]) for row, value in zip(rows, values, strict=True))
            most_similar.append(tuple(SimilarFilter(index, -value) for value, index in ranked if value < 0))
    return most_similar, redundant_pairs


def _chance(layer: ConvLayer, record: ComparableFilter) -> float:
    """Return the cosine that two random kernels of the layer seldom reach."""
    if layer.is_dense:
        weights = layer.kernel_shapes[0][0]
    else:
        weights = prod(layer.kernel_shapes[0][:2]) * record.kernel.input_count if record.kernel else 0
    return BEYOND_CHANCE / sqrt(max(1, weights))


def _similar_by_weights(
    record: ComparableFilter, chance: float, filters: Sequence[ComparableFilter], row_of: dict[int, int]
) -> tuple[SimilarFilter, ...]:
    if record.kernel is None:
        return ()
    similar = []
    for index, cosine in record.kernel.similar:
        if cosine <= chance:
            break  # the most similar come first
        kernel = filters[row_of[index]].kernel if index in row_of else None
        other_inputs = kernel is not None and kernel.input_group != record.kernel.input_group
        similar.append(SimilarFilter(index, cosine, index in row_of, other_inputs))
    return tuple(similar)


def _grouped(pairs: Iterable[tuple[int, int]]) -> dict[int, tuple[int, ...]]:
    """Return for each filter of the pairs the group that the pairs connect it to."""
    group: dict[int, set[int]] = {}
    for a, b in pairs:
        joined = group.get(a, {a}) | group.get(b, {b})
        group.update(dict.fromkeys(joined, joined))
    return {index: tuple(sorted(members)) for index, members in group.items()}
