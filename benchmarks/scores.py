"""The quality of the finished files: whether filters are alive, and the scores of their pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.common import Array, all_responses, best_photo, contrast
from benchmarks.handling import HANDLINGS, LOOKS, looks
from generator.imaging import encoding
from generator.models.load import LoadedModel

GREY = 0.05
"""A picture is grey if its colours deviate by less, as part of their range."""


@dataclass(frozen=True)
class Scores:
    """Measurements of one layer's n filters, all on the decoded files.

    ``saved`` (pictures, filters) are the responses of every filter to every picture, ``handled`` (handlings, n) those
    of each to its own after each of ``HANDLINGS``, ``looks`` (n, 3) what ``LOOKS`` names, ``contrast`` (n,) the
    deviation of each picture's colours, ``photos`` (n,) the best response to a photo.
    """

    saved: Array
    handled: Array
    looks: Array
    contrast: Array
    photos: Array

    @classmethod
    def of(cls, model: LoadedModel, layer: int, filters: tuple[int, ...], pictures: Array) -> Scores:
        """Measure pictures (n, h, w, c), values from 0 to 1, each of its own filter."""
        files = [encoding.decode(encoding.webp(picture), picture.shape[-1]) for picture in pictures]
        chosen = list(filters)
        handled = [
            all_responses(model, layer, np.stack([handle(pixels) for pixels in files]))[:, chosen].diagonal()
            for handle in HANDLINGS.values()
        ]
        saved = all_responses(model, layer, np.stack(files))[:, chosen]
        look = np.array([looks(pixels) for pixels in files])
        return cls(saved, np.stack(handled), look, contrast(np.stack(files)), best_photo(model, layer, filters))

    @property
    def own(self) -> Array:
        """Return (n,): the response of each filter to its own picture."""
        return self.saved.diagonal()

    @property
    def responding(self) -> Array:
        """Return (n,): whether a photo excites the filter."""
        return self.photos > 0

    @property
    def alive(self) -> Array:
        """Return (n,): whether the filter responds, and its picture is not grey and above the best photo."""
        alive: Array = self.responding & (self.contrast >= GREY) & (self.own > self.photos)
        return alive

    @property
    def unmatched(self) -> Array:
        """Return (n,): whether no other picture excites the filter more than its own."""
        unmatched: Array = self.own >= self.saved.max(axis=0)
        return unmatched


Layers = list[Scores]
"""The scores of a network's layers, in their order."""


def share(layers: Layers) -> float:
    """Return how many of the filters that respond to a photo are alive."""
    return float(sum(s.alive.sum() for s in layers) / max(1, sum(s.responding.sum() for s in layers)))


def own_best(layers: Layers) -> float:
    """Return the share of filters that no other picture of their layer excites more than their own."""
    return float(np.concatenate([s.unmatched for s in layers]).mean())


def thirds(layers: Layers) -> list[Layers]:
    """Return the first, the middle and the last third of a network's layers."""
    parts = np.array_split(np.arange(len(layers)), 3)
    return [[layers[index] for index in part] for part in parts]


def ratios(own: Layers, other: Layers) -> tuple[dict[str, float], int]:
    """Return the median ratio of the scores as saved and after each handling, and the number of filters.

    They are those that are alive under both.
    """
    both = [(a, b, a.alive & b.alive) for a, b in zip(own, other, strict=True)]
    columns = {"saved": np.concatenate([a.own[alive] / b.own[alive] for a, b, alive in both])}
    for place, name in enumerate(HANDLINGS):
        columns[name] = np.concatenate([a.handled[place][alive] / b.handled[place][alive] for a, b, alive in both])
    count = len(columns["saved"])
    return {name: float(np.median(values)) if count else float("nan") for name, values in columns.items()}, count


def looks_of(layers: Layers) -> dict[str, float]:
    """Return the median of each of ``LOOKS`` over the filters that are alive."""
    values = np.concatenate([scores.looks[scores.alive] for scores in layers])
    return dict(zip(LOOKS, np.median(values, axis=0).tolist() if len(values) else [float("nan")] * 3, strict=True))
