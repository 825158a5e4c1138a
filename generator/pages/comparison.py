"""Two models side by side: layer beside layer, filter beside filter, the most changed first.

Checkpoints of one architecture are compared filter by filter. Of other networks each filter is compared with the one
whose feature maps correlate most with its own, in the layer of the same relative depth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.analysis.correlation import correlations, pooled_matrix
from generator.analysis.verdict import DEAD
from generator.config import Config
from generator.models.summary import ModelSummary
from generator.pages.views import FilterView, LayerView, ModelView
from generator.plan.pairs import alike, comparison_key, model_pairs
from generator.site.folder import Content
from generator.store import Store

MOST = 12
"""How many of all filters are shown as those that changed most."""

_BLOCK = 256
"""Filters that are compared at a time: no layer needs a whole table of pairs in memory."""


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


def comparisons(config: Config, views: Iterable[ModelView], store: Store) -> tuple[Comparison, ...]:
    """Return what is compared of the models that are shown, with what the store holds of their weights."""
    by_name = {view.name: view for view in views if view.layers}
    summaries = {name: view.summary for name, view in by_name.items()}
    return tuple(_compared(by_name[a], by_name[b], store) for a, b in model_pairs(config, summaries))


def comparison_pages(
    page: Callable[..., tuple[str, Content]], compared: Iterable[Comparison]
) -> Iterator[tuple[str, Content]]:
    """Yield the pages of comparisons; ``page`` makes one of a template, its path and the values that it shows."""
    for one in compared:
        yield page("compare.html", one.page, comparison=one)
        for before, layer, after in zip([None, *one.layers], one.layers, [*one.layers[1:], None], strict=False):
            yield page("compare-layer.html", layer.page, comparison=one, pair=layer, before=before, after=after)


def _compared(a: ModelView, b: ModelView, store: Store) -> Comparison:
    folder, same = f"compare/{a.slug}~{b.slug}", alike(a.summary, b.summary)
    record = store.comparison(comparison_key(a.summary, b.summary)) if same else None
    weights = record["layers"] if record else [{}] * len(a.summary.layers)
    beside = [(one, b.by_index[one.layer.index]) for one in a.layers if one.layer.index in b.by_index]
    if not same:
        beside = [(one, _as_deep(one, a.summary, b)) for one in a.layers]
    layers = []
    for first, second in beside:
        pairs = _same_filters(first, second, weights[first.layer.index - 1]) if same else _most_alike(first, second)
        if pairs:
            found: Mapping[str, Any] = weights[first.layer.index - 1] if same else {}
            layers.append(
                LayerPair(
                    a=first,
                    b=second,
                    page=f"{folder}/{first.layer.slug}.html",
                    pairs=tuple(sorted(pairs, key=lambda pair: pair.rank)),
                    change=_ratio(found["change"]) if found else None,
                    folded=bool(found) and found["folded"],
                    chance=None if same else _by_chance(first, second),
                )
            )
    known = {name for name, _ in b.photos}
    photos = tuple(name for name, _ in a.photos if name in known)
    return Comparison(a, b, f"{folder}/index.html", same, record is not None, photos, tuple(layers))


def _as_deep(layer: LayerView, summary: ModelSummary, other: ModelView) -> LayerView:
    """Return the shown layer of another network that stands as deep: 0 is its first convolution, 1 its last.

    Of two that are as near the shallower: so deeper layers never stand beside shallower ones.
    """

    def depth(one: LayerView, of: ModelSummary) -> float:
        return (one.layer.index - 1) / max(1, len(of.layers) - 1)

    wanted = depth(layer, summary)
    return min(other.layers, key=lambda one: (abs(depth(one, other.summary) - wanted), one.layer.index))


def _same_filters(a: LayerView, b: LayerView, weights: Mapping[str, Any]) -> list[FilterPair]:
    """Return the filters that are shown in both layers, each beside that of its number."""
    beside = [(one, b.by_index[one.index]) for one in a.filters if one.index in b.by_index]
    first, second = _pooled([one for one, _ in beside], [other for _, other in beside])
    likeness = _row_by_row(first, second)
    silent = (_row_by_row(first, first) < 0.5) & (_row_by_row(second, second) < 0.5)
    found = []
    for (one, other), alike_by, still in zip(beside, likeness.tolist(), silent.tolist(), strict=True):
        of, moved = weights.get("filters"), {}
        if of:
            moved = {"change": _ratio(of["change"][one.index]), "cosine": of["cosine"][one.index]}
            moved["biases"] = of["biases"] and tuple(column[one.index] for column in of["biases"])
        found.append(FilterPair(one, other, None if still else 1 - alike_by, **moved))
    return found


def _most_alike(a: LayerView, b: LayerView) -> list[FilterPair]:
    """Return each filter of a layer beside the one of another layer whose feature maps correlate most with its own."""
    first, second = _pooled(a.filters, b.filters)
    found = []
    for begin in range(0, len(first), _BLOCK):
        table = correlations(first[begin : begin + _BLOCK], second)
        for one, row in zip(a.filters[begin : begin + _BLOCK], table, strict=True):
            place = int(row.argmax())
            best = float(row[place])
            found.append(FilterPair(one, b.filters[place], 1 - best) if best > 0 else FilterPair(one, None, None))
    return found


def _by_chance(a: LayerView, b: LayerView) -> float | None:
    """Return the mean of the largest correlations with feature maps of other photos; None if there is one photo."""
    photos = _photos(a.filters, b.filters)
    if len(photos) < 2:
        return None
    first = pooled_matrix([one.maps for one in a.filters], photos)
    second = pooled_matrix([one.maps for one in b.filters], [*photos[1:], photos[0]])
    first = first[_row_by_row(first, first) > 0.5]
    best = [correlations(first[i : i + _BLOCK], second).max(axis=1) for i in range(0, len(first), _BLOCK)]
    return float(np.concatenate(best).mean()) if best else None


def _photos(a: Sequence[FilterView], b: Sequence[FilterView]) -> list[str]:
    """Return the photos that all of both layers' filters were shown."""
    seen = [{m.photo for m in one.maps if m.pooled_map} for one in (*a, *b)]
    return [m.photo for one in a[:1] for m in one.maps if all(m.photo in own for own in seen)]


def _pooled(a: Sequence[FilterView], b: Sequence[FilterView]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return both layers' pooled feature maps of the photos that all of them were shown."""
    photos = _photos(a, b)
    return pooled_matrix([one.maps for one in a], photos), pooled_matrix([one.maps for one in b], photos)


def _row_by_row(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the correlation of each row with that of the same place; 0 if one of them is the same everywhere."""
    blocks = [correlations(a[i : i + _BLOCK], b[i : i + _BLOCK]).diagonal() for i in range(0, len(a), _BLOCK)]
    return np.concatenate([np.zeros(0, np.float32), *blocks])


def _ratio(value: float | None) -> float:
    return math.inf if value is None else value
