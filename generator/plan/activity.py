"""The layers of which the most active filters are selected, and the key of their responses to the photos."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from generator.config.values import ModelEntry, MostActive
from generator.digests import digest
from generator.models.summary import ModelSummary

Activity = Mapping[int, Sequence[float]]
"""By a layer's index, the largest response of each of its filters to the photos."""

VERSION = 2


def layers_by_activity(entry: ModelEntry, summary: ModelSummary) -> list[int]:
    """Return the layers, by index, of which an entry selects the most active filters."""
    layers = []
    for layer in summary.layers:
        rule = entry.rule_for(layer.name, layer.is_dense)
        if rule is not None and isinstance(entry.filters if rule.filters is None else rule.filters, MostActive):
            layers.append(layer.index)
    return layers


def activity_key(summary: ModelSummary, layers: Sequence[int], photos: Iterable[tuple[str, tuple[int, int]]]) -> str:
    """Return the key of an activity in the store; ``photos`` are each one's digest and fed (height, width)."""
    return digest([VERSION, summary.digest, list(layers), [[content, list(size)] for content, size in photos]])
