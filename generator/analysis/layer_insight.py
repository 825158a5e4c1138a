"""What the filters of a layer have to do with each other: which are alike, which are needless, which never rest.

All of it is about the photos of the gallery alone, and about the filters that it shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod, sqrt

import numpy as np

from generator.analysis.correlation import CELLS, Array, correlations, pooled_matrix
from generator.analysis.histogram import Histogram, histogram
from generator.analysis.records import FilterRecord
from generator.analysis.verdict import DEAD
from generator.models.summary import ConvLayer

NEAREST = 6
"""How many of the filters that answer most alike are named."""

SILENT_BELOW = frozenset({"relu", "relu6", "hard_sigmoid", "hardsigmoid"})
"""Activations that are exactly zero over a whole range: with any other there is no silence to count."""

EVERYWHERE = 0.99
"""A filter that fires at so large a share of every photo's places is over-active: its activation cuts nothing off, and
it is no more than linear. The opposite of a large APoZ, the average percentage of zeros (Hu and others, Network
Trimming, 2016). A convention, not fitted to any network: all places but one in a hundred."""

SAME_ANSWERS = 0.95
"""Squared 0.9: nine tenths of how a filter's answers vary follow from the other's, but for a factor and an offset,
which the next layer's own weights can make up for."""

SAME_WEIGHTS = sqrt(0.5)
"""Squared a half: as directions, the kernels have more in common than not. Sketches are coarse: without this, a filter
for light above dark is the same as one for dark above light, as both fire along the same edges."""

BEYOND_CHANCE = 2.0
"""Standard deviations from zero that a cosine must be above to be told: kernels of n random weights have cosines about
zero with a standard deviation of 1 / sqrt(n)."""

_BLOCK = 1024


@dataclass(frozen=True)
class Near:
    """A filter that is like another: how much (1 is the same), and whether it is among those that the gallery shows.

    ``elsewhere`` tells that it reads other inputs, so that it is only its pattern that is alike.
    """

    index: int
    value: float
    shown: bool = True
    elsewhere: bool = False


@dataclass(frozen=True)
class FilterInsight:
    """What is known of one filter among the others of its layer.

    ``group`` are the filters that it is redundant with, itself among them, or none. ``places`` is the least share of
    places that it fires at over the photos, None if none was tried. ``by_weights`` are those whose cosine is above
    ``chance``, which random kernels of as many weights seldom reach.
    """

    index: int
    by_answers: tuple[Near, ...]
    by_weights: tuple[Near, ...]
    chance: float
    group: tuple[int, ...]
    dead: bool
    silent: bool
    overactive: bool
    places: float | None


@dataclass(frozen=True)
class LayerInsight:
    """What is known of a layer's filters together.

    ``photos`` is how many photos they were compared on, ``can_rest`` whether there is silence to count at all.
    ``apart`` tells that filters read different inputs: each its own, or a group of them.
    ``responses`` and ``places`` are the distributions over filters of what each gives on average over the photos.
    """

    photos: int
    can_rest: bool
    apart: bool
    filters: tuple[FilterInsight, ...]
    responses: Histogram | None
    places: Histogram | None

    @cached_property
    def by_filter(self) -> dict[int, FilterInsight]:
        """Return what is known of each filter by its index."""
        return {one.index: one for one in self.filters}

    @cached_property
    def dead(self) -> tuple[int, ...]:
        """Return the filters that nothing excited."""
        return tuple(one.index for one in self.filters if one.dead)

    @cached_property
    def silent(self) -> tuple[int, ...]:
        """Return the filters that answer to no photo although something else excites them."""
        return tuple(one.index for one in self.filters if one.silent and not one.dead)

    @cached_property
    def overactive(self) -> tuple[int, ...]:
        """Return the filters that fire nearly everywhere."""
        return tuple(one.index for one in self.filters if one.overactive)

    @cached_property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Return the groups of filters that are alike in both ways, the largest first."""
        return tuple(sorted({one.group for one in self.filters if one.group}, key=lambda group: (-len(group), group)))

    @cached_property
    def redundant(self) -> tuple[int, ...]:
        """Return the filters of all groups."""
        return tuple(one.index for one in self.filters if one.group)

    def flags(self, index: int) -> tuple[str, ...]:
        """Return what a filter stands out by: ``dead``, ``overactive``, ``redundant``."""
        one = self.by_filter[index]
        boxes = (("dead", one.dead), ("overactive", one.overactive), ("redundant", bool(one.group)))
        return tuple(name for name, holds in boxes if holds)


def layer_insight(layer: ConvLayer, filters: Sequence[FilterRecord]) -> LayerInsight:
    """Return what is known of the filters that are shown of a layer."""
    can_rest = layer.activation in SILENT_BELOW
    answers = pooled_matrix([one.maps for one in filters])
    shown = {one.index: row for row, one in enumerate(filters)}
    chances = [_chance(layer, one) for one in filters]
    by_weights = [_by_weights(one, chance, filters, shown) for one, chance in zip(filters, chances, strict=True)]
    by_answers, pairs = _compared(answers, by_weights, shown)
    groups = _grouped(pairs)
    found = []
    for one, near, twins, chance in zip(filters, by_answers, by_weights, chances, strict=True):
        places = min((m.places for m in one.maps if m.places is not None), default=None)
        dead = one.verdict == DEAD
        found.append(
            FilterInsight(
                index=one.index,
                by_answers=near,
                by_weights=twins,
                chance=chance,
                group=groups.get(one.index, ()),
                dead=dead,
                silent=bool(one.maps) and all(m.peak <= 0 for m in one.maps),
                overactive=can_rest and not dead and places is not None and places >= EVERYWHERE,
                places=places,
            )
        )
    heard = [one for one in filters if one.maps]
    means = [sum(m.response for m in one.maps) / len(one.maps) for one in heard]
    shares = [sum(m.places or 0.0 for m in one.maps) / len(one.maps) for one in heard] if can_rest else []
    return LayerInsight(
        photos=answers.shape[1] // CELLS,
        can_rest=can_rest,
        apart=len({one.kernel.source for one in filters if one.kernel}) > 1,
        filters=tuple(found),
        responses=histogram(means),
        places=histogram(shares, low=0.0, high=1.0),
    )


def _compared(
    answers: Array, by_weights: Sequence[Sequence[Near]], shown: dict[int, int]
) -> tuple[list[tuple[Near, ...]], list[tuple[int, int]]]:
    """Return for each filter those that answer most alike, and the pairs that are alike in both ways.

    Pairs that read different inputs are left out: that their weights are alike tells nothing of what they do.
    """
    near: list[tuple[Near, ...]] = []
    pairs: list[tuple[int, int]] = []
    indices = list(shown)
    kept = min(NEAREST, len(indices) - 1)
    for begin in range(0, len(indices), _BLOCK):
        # Four digits: more would depend on how many threads summed them up, and pages would change for nothing.
        alike = np.round(correlations(answers[begin : begin + _BLOCK], answers).astype(np.float64), 4)
        own = np.arange(begin, begin + len(alike))
        for row, place in zip(alike, own.tolist(), strict=True):
            twins = (n for n in by_weights[place] if n.shown and not n.elsewhere and n.value >= SAME_WEIGHTS)
            pairs += [(indices[place], n.index) for n in twins if row[shown[n.index]] >= SAME_ANSWERS]
        alike[np.arange(len(alike)), own] = -1
        order = np.argpartition(-alike, max(0, kept - 1), axis=1)[:, :kept]
        level = np.take_along_axis(alike, order, axis=1)
        for places, values in zip(order.tolist(), level.tolist(), strict=True):
            ranked = sorted((-value, indices[place]) for place, value in zip(places, values, strict=True))
            near.append(tuple(Near(index, -value) for value, index in ranked if value < 0))
    return near, pairs


def _chance(layer: ConvLayer, one: FilterRecord) -> float:
    """Return the cosine that two random kernels of the layer seldom reach."""
    weights = prod(layer.kernel_shapes[0][:2]) * one.kernel.of if one.kernel else 0
    return BEYOND_CHANCE / sqrt(max(1, weights))


def _by_weights(
    one: FilterRecord, chance: float, filters: Sequence[FilterRecord], shown: dict[int, int]
) -> tuple[Near, ...]:
    if one.kernel is None:
        return ()
    found = []
    for other, cosine in one.kernel.alike:
        if cosine <= chance:
            break  # the nearest come first
        twin = filters[shown[other]].kernel if other in shown else None
        elsewhere = twin is not None and twin.source != one.kernel.source
        found.append(Near(other, cosine, other in shown, elsewhere))
    return tuple(found)


def _grouped(pairs: Iterable[tuple[int, int]]) -> dict[int, tuple[int, ...]]:
    """Return for each filter of the pairs the group that the pairs connect it to."""
    group: dict[int, set[int]] = {}
    for a, b in pairs:
        joined = group.get(a, {a}) | group.get(b, {b})
        group.update(dict.fromkeys(joined, joined))
    return {index: tuple(sorted(members)) for index, members in group.items()}
