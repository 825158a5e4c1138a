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

MOST_CHANGED = 12
"""How many filters of all layers are shown as those that changed most."""


@dataclass(frozen=True)
class Responses:
    """The responses of both filters of a pair to one photo."""

    photo: str
    a: float
    b: float


@dataclass(frozen=True)
class FilterPair:
    """A filter ``a`` and that of the other model it is compared with; ``b`` is None if none correlates with it.

    ``distance`` is the activation distance, 1 minus the correlation of both filters' feature maps of the same photos;
    None where both are constant. ``change`` is the norm of the weights' difference relative to the norm of a's weights,
    infinite where there is no ratio; ``cosine`` is that of both weights, ``biases`` are a's and b's. These three are
    None where the weights were not compared.
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
        """Tell whether exactly one of both filters is dead."""
        return self.b is not None and (self.a.verdict == DEAD) != (self.b.verdict == DEAD)

    @cached_property
    def responses(self) -> Responses | None:
        """Return the responses to the photo for which they differ most."""
        of_b = {m.photo: m.response for m in self.b.maps} if self.b else {}
        both = [Responses(m.photo, m.response, of_b[m.photo]) for m in self.a.maps if m.photo in of_b]
        return max(both, key=lambda responses: abs(responses.b - responses.a), default=None)

    @property
    def rank(self) -> tuple[float, float, int]:
        """Return the key that sorts the most changed pairs first: by weights, where known, then by activations."""
        change, distance = (-1.0 if value is None else value for value in (self.change, self.distance))
        return -change, -distance, self.a.index


@dataclass(frozen=True)
class LayerPair:
    """A layer and that of the other model it is compared with.

    ``pairs`` are sorted, the most changed first; ``change`` is that of the layer's weights as a whole, and ``folded``
    tells whether they include the batch normalisation that follows. ``chance_correlation`` is the mean correlation that
    the same choice of filters gives if the two networks are fed different photos; None for the same architecture.
    """

    a: LayerView
    b: LayerView
    page: str
    pairs: tuple[FilterPair, ...]
    change: float | None = None
    folded: bool = False
    chance_correlation: float | None = None

    @cached_property
    def distance(self) -> float | None:
        """Return the mean activation distance of the pairs that have one."""
        distances = [pair.distance for pair in self.pairs if pair.distance is not None]
        return math.fsum(distances) / len(distances) if distances else None

    @cached_property
    def verdict_changed(self) -> tuple[FilterPair, ...]:
        """Return the pairs whose verdicts differ."""
        return tuple(pair for pair in self.pairs if pair.verdict_changed)


@dataclass(frozen=True)
class Comparison:
    """Two models, layer by layer.

    ``same_architecture`` tells whether their convolutions agree in number, type and shape, ``weights_compared`` whether
    the store has the comparison of their weights. ``photos`` are those that both were fed.
    """

    a: ModelView
    b: ModelView
    page: str
    same_architecture: bool
    weights_compared: bool
    photos: tuple[str, ...]
    layers: tuple[LayerPair, ...]

    @cached_property
    def largest_change(self) -> float:
        """Return the largest change of a layer's weights, which the longest bar stands for."""
        return max((layer.change for layer in self.layers if layer.change and layer.change < math.inf), default=1.0)

    @cached_property
    def most_changed(self) -> tuple[tuple[LayerPair, FilterPair], ...]:
        """Return the filters of all layers that changed most, each with its layer."""
        pairs = [(layer, pair) for layer in self.layers for pair in layer.pairs if pair.b]
        pairs.sort(key=lambda item: (item[1].rank[:2], item[0].a.layer.index, item[1].a.index))
        return tuple(pairs[:MOST_CHANGED])

    @cached_property
    def verdict_changed(self) -> tuple[tuple[LayerPair, FilterPair], ...]:
        """Return the filters whose verdicts differ, those that died or revived first."""
        changed = [(layer, pair) for layer in self.layers for pair in layer.verdict_changed]
        return tuple(sorted(changed, key=lambda item: not item[1].died_or_revived))
