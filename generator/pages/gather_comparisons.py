"""Gathers what is compared from the views of the models and what the store holds of their weights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from generator.analysis.comparison import alike_by_chance, distances, most_alike
from generator.analysis.records import FeatureMap
from generator.config import Config
from generator.models.summary import ModelSummary
from generator.pages.comparison import Comparison, FilterPair, LayerPair
from generator.pages.views import LayerView, ModelView
from generator.plan.pairs import alike, comparison_key, model_pairs
from generator.store import Store


def comparisons(config: Config, views: Iterable[ModelView], store: Store) -> tuple[Comparison, ...]:
    """Return what is compared of the models that are shown, with what the store holds of their weights."""
    by_name = {view.name: view for view in views if view.layers}
    summaries = {name: view.summary for name, view in by_name.items()}
    return tuple(_compared(by_name[a], by_name[b], store) for a, b in model_pairs(config, summaries))


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
                    chance=None if same else alike_by_chance(_maps(first), _maps(second)),
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
    pairs = [(first, b.by_index[first.index]) for first in a.filters if first.index in b.by_index]
    apart = distances([first.maps for first, _ in pairs], [second.maps for _, second in pairs])
    made = []
    for (first, second), distance in zip(pairs, apart, strict=True):
        of, moved = weights.get("filters"), {}
        if of:
            moved = {"change": _ratio(of["change"][first.index]), "cosine": of["cosine"][first.index]}
            moved["biases"] = of["biases"] and tuple(column[first.index] for column in of["biases"])
        made.append(FilterPair(first, second, distance, **moved))
    return made


def _most_alike(a: LayerView, b: LayerView) -> list[FilterPair]:
    """Return each filter of a layer beside the one of another layer whose feature maps are most like its own."""
    nearest = most_alike(_maps(a), _maps(b))
    return [
        FilterPair(first, b.filters[near[0]], near[1]) if near else FilterPair(first, None, None)
        for first, near in zip(a.filters, nearest, strict=True)
    ]


def _maps(layer: LayerView) -> list[tuple[FeatureMap, ...]]:
    return [shown.maps for shown in layer.filters]


def _ratio(value: float | None) -> float:
    return math.inf if value is None else value
