"""The quality of the finished files: whether filters are alive, and the scores of their pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.common import Array, all_responses, best_photo, contrast, degraded
from generator.imaging import encoding
from generator.models.load import LoadedModel

GREY = 0.05
"""A picture is grey if its colours deviate by less, as part of their range."""


@dataclass(frozen=True)
class Scores:
    """Measurements of one layer's n filters, all on the decoded files.

    ``saved`` (pictures, filters) are the responses of every filter to every picture, ``rough`` (n,) those of each to
    its own after JPEG and a shift, ``contrast`` (n,) the deviation of each picture's colours, ``photos`` (n,) the best
    response to a photo.
    """

    saved: Array
    rough: Array
    contrast: Array
    photos: Array

    @classmethod
    def of(cls, model: LoadedModel, layer: int, filters: tuple[int, ...], pictures: Array) -> Scores:
        """Measure pictures (n, h, w, c), values from 0 to 1, each of its own filter."""
        files = [encoding.decode(encoding.webp(picture), picture.shape[-1]) for picture in pictures]
        chosen = list(filters)
        rough = all_responses(model, layer, np.stack([degraded(pixels) for pixels in files]))[:, chosen]
        saved = all_responses(model, layer, np.stack(files))[:, chosen]
        photos = best_photo(model, layer, filters)
        return cls(saved, rough.diagonal(), contrast(np.stack(files)), photos)

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


def ratio(own: Layers, other: Layers, kind: str) -> tuple[float, int]:
    """Return the median ratio of ``own`` or ``rough`` scores over the filters alive under both, and their number."""
    pairs = zip(own, other, strict=True)
    ratios = [getattr(a, kind)[a.alive & b.alive] / getattr(b, kind)[a.alive & b.alive] for a, b in pairs]
    together = np.concatenate(ratios)
    return (float(np.median(together)), len(together)) if len(together) else (float("nan"), 0)
