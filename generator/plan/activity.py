"""Which layers' most active filters are wanted, and under which name it is kept what they answer to the photos."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from generator.config.values import ModelEntry, MostActive
from generator.digests import digest
from generator.models.summary import ModelSummary

Activity = Mapping[int, Sequence[float]]
"""By a layer's index, the largest response of each of its filters to the photos."""

VERSION = 1


def layers_to_watch(entry: ModelEntry, summary: ModelSummary) -> list[int]:
    """Return the layers, by index, of which an entry asks for the most active filters."""
    found = []
    for layer in summary.layers:
        rule = entry.rule_for(layer.name)
        if rule is not None and isinstance(entry.filters if rule.filters is None else rule.filters, MostActive):
            found.append(layer.index)
    return found


def activity_key(summary: ModelSummary, layers: Sequence[int], photos: Iterable[tuple[str, tuple[int, int]]]) -> str:
    """Return the name under which an activity is kept; ``photos`` are each one's digest and fed (height, width)."""
    return digest([VERSION, summary.digest, list(layers), [[content, list(size)] for content, size in photos]])
