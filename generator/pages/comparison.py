"""Two models side by side: layer beside layer, filter beside filter, the most changed first.

Checkpoints of one architecture are compared filter by filter. Of other networks each filter is compared with the one
whose feature maps correlate most with its own, in the layer of the same relative depth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from generator.analysis.verdict import DEAD
from generator.pages.views import FilterView, LayerView, ModelView

MOST = 12
"""How many of all filters are shown as those that changed most."""


@dataclass(frozen=True)
class Responses:
    """The responses of two filters to one photo."""

    photo: str
    a: float
    b: float


@dataclass(frozen=True)
class FilterPair:
    """A filter and the one beside it; there is none if no filter of the other layer correlates with it.

    ``change`` is how far the weights moved relative to their length, infinite where there is no ratio, ``cosine`` that
    of both, ``biases`` are both's; None where they are not known. ``distance`` is 1 minus the correlation of the
    feature maps of the same photos, None where both are the same everywhere.
    """

    a: FilterView
    b: FilterView | None
    distance: float | None
    change: float | None = None
    cosine: float | None = None
    biases: tuple[float | None, float | None] | None = None

    @cached_property
    def verdict_changed(self) -> bool:
        """Tell whether the verdicts differ."""
        return self.b is not None and self.a.verdict != self.b.verdict

    @property
    def died_or_revived(self) -> bool:
        """Tell whether one of both is dead and the other is not."""
        return self.b is not None and (self.a.verdict == DEAD) != (self.b.verdict == DEAD)

    @cached_property
    def responses(self) -> Responses | None:
        """Return the responses to the photo to which they differ most."""
        other = {one.photo: one.response for one in self.b.maps} if self.b else {}
        both = [Responses(one.photo, one.response, other[one.photo]) for one in self.a.maps if one.photo in other]
        return max(both, key=lambda one: abs(one.b - one.a), default=None)

    @property
    def rank(self) -> tuple[float, float, int]:
        """Return what sorts pairs: the weights' change, where it is known, before that of the activations."""
        change, distance = (-1.0 if value is None else value for value in (self.change, self.distance))
        return -change, -distance, self.a.index


@dataclass(frozen=True)
class LayerPair:
    """A layer and the one beside it.

    ``pairs`` are sorted; ``change`` is that of the layer's weights as a whole. ``chance`` is how alike other networks'
    filters are, in the mean, if the one is shown another photo than the other: what the choice of the best is worth.
    """

    a: LayerView
    b: LayerView
    page: str
    pairs: tuple[FilterPair, ...]
    change: float | None = None
    folded: bool = False
    chance: float | None = None

    @cached_property
    def distance(self) -> float | None:
        """Return the mean distance of the activations, over the pairs that have one."""
        distances = [pair.distance for pair in self.pairs if pair.distance is not None]
        return math.fsum(distances) / len(distances) if distances else None

    @cached_property
    def verdict_changed(self) -> tuple[FilterPair, ...]:
        """Return the pairs whose verdicts differ."""
        return tuple(pair for pair in self.pairs if pair.verdict_changed)


@dataclass(frozen=True)
class Comparison:
    """Two models; ``same`` tells whether their architectures agree, ``weighed`` whether their weights were compared."""

    a: ModelView
    b: ModelView
    page: str
    same: bool
    weighed: bool
    photos: tuple[str, ...]
    layers: tuple[LayerPair, ...]

    @cached_property
    def largest(self) -> float:
        """Return the largest change of a layer's weights, against which the others are drawn."""
        return max((layer.change for layer in self.layers if layer.change and layer.change < math.inf), default=1.0)

    @cached_property
    def most(self) -> tuple[tuple[LayerPair, FilterPair], ...]:
        """Return the filters of all layers that changed most, each with its layer."""
        every = [(layer, pair) for layer in self.layers for pair in layer.pairs if pair.b]
        return tuple(sorted(every, key=lambda one: (one[1].rank[:2], one[0].a.layer.index, one[1].a.index))[:MOST])

    @cached_property
    def verdict_changed(self) -> tuple[tuple[LayerPair, FilterPair], ...]:
        """Return the filters whose verdicts differ, those that died or revived first."""
        every = [(layer, pair) for layer in self.layers for pair in layer.verdict_changed]
        return tuple(sorted(every, key=lambda one: not one[1].died_or_revived))
