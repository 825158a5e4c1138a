"""Pairs the layers and filters of two models: from their views, and the store's comparison of their weights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from generator.analysis.comparison import chance_correlation, distances, most_correlated
from generator.analysis.filter_views import FeatureMapView
from generator.config import Config
from generator.models.summary import ModelSummary
from generator.pages.comparison import Comparison, FilterPair, LayerPair
from generator.pages.views import LayerView, ModelView
from generator.plan.pairs import alike, comparison_key, model_pairs
from generator.store import Store


def comparisons(config: Config, views: Iterable[ModelView], store: Store) -> tuple[Comparison, ...]:
    """Return the comparisons of the models that are shown."""
    by_name = {view.name: view for view in views if view.layers}
    summaries = {name: view.summary for name, view in by_name.items()}
    return tuple(_comparison(by_name[a], by_name[b], store) for a, b in model_pairs(config, summaries))


def _comparison(a: ModelView, b: ModelView, store: Store) -> Comparison:
    folder, same_architecture = f"compare/{a.slug}~{b.slug}", alike(a.summary, b.summary)
    record = store.comparison(comparison_key(a.summary, b.summary)) if same_architecture else None
    if same_architecture:
        paired = [(layer, b.by_index[layer.layer.index]) for layer in a.layers if layer.layer.index in b.by_index]
    else:
        paired = [(layer, _at_same_depth(layer, a.summary, b)) for layer in a.layers]
    layers = []
    for first, second in paired:
        weights: Mapping[str, Any] = record["layers"][first.layer.index - 1] if record else {}
        pairs = _same_filters(first, second, weights) if same_architecture else _most_correlated(first, second)
        if pairs:
            layers.append(
                LayerPair(
                    a=first,
                    b=second,
                    page=f"{folder}/{first.layer.slug}.html",
                    pairs=tuple(sorted(pairs, key=lambda pair: pair.rank)),
                    change=_ratio(weights["change"]) if weights else None,
                    folded=bool(weights) and weights["folded"],
                    chance_correlation=None if same_architecture else chance_correlation(_maps(first), _maps(second)),
                )
            )
    photos_of_b = {name for name, _ in b.photos}
    photos = tuple(name for name, _ in a.photos if name in photos_of_b)
    return Comparison(a, b, f"{folder}/index.html", same_architecture, record is not None, photos, tuple(layers))


def _at_same_depth(layer: LayerView, summary: ModelSummary, other: ModelView) -> LayerView:
    """Return the shown layer of another network at the nearest relative depth: 0 is its first convolution, 1 its last.

    Of two that are equally near the shallower, so that the order of the layers is kept.
    """

    def depth(view: LayerView, network: ModelSummary) -> float:
        return (view.layer.index - 1) / max(1, len(network.layers) - 1)

    own = depth(layer, summary)
    return min(other.layers, key=lambda view: (abs(depth(view, other.summary) - own), view.layer.index))


def _same_filters(a: LayerView, b: LayerView, weights: Mapping[str, Any]) -> list[FilterPair]:
    """Return the filters that are shown in both layers, each with that of the same number."""
    pairs = [(first, b.by_index[first.index]) for first in a.filters if first.index in b.by_index]
    activation_distances = distances([first.maps for first, _ in pairs], [second.maps for _, second in pairs])
    of_filters = weights.get("filters")
    filter_pairs = []
    for (first, second), distance in zip(pairs, activation_distances, strict=True):
        compared: dict[str, Any] = {}
        if of_filters:
            compared["change"] = _ratio(of_filters["change"][first.index])
            compared["cosine"] = of_filters["cosine"][first.index]
            biases = of_filters["biases"]
            compared["biases"] = biases and tuple(of_model[first.index] for of_model in biases)
        filter_pairs.append(FilterPair(first, second, distance, **compared))
    return filter_pairs


def _most_correlated(a: LayerView, b: LayerView) -> list[FilterPair]:
    """Return each filter of a layer with that of another layer whose feature maps correlate most with its own."""
    nearest = most_correlated(_maps(a), _maps(b))
    return [
        FilterPair(first, b.filters[near[0]], near[1]) if near else FilterPair(first, None, None)
        for first, near in zip(a.filters, nearest, strict=True)
    ]


def _maps(layer: LayerView) -> list[tuple[FeatureMapView, ...]]:
    return [view.maps for view in layer.filters]


def _ratio(value: float | None) -> float:
    return math.inf if value is None else value
