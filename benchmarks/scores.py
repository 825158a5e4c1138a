"""What the finished files are worth: whether filters are alive, and how much their pictures excite them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.common import Array, all_responses, battered, best_photo, contrast
from generator.imaging import encoding
from generator.models.load import LoadedModel

GREY = 0.05
"""A picture is grey if its colours deviate by less, as part of their range."""


@dataclass(frozen=True)
class Scores:
    """Of one layer's n filters: everything is measured on the decoded files.

    ``saved`` (pictures, filters) is what every filter answers to every picture, ``rough`` (n,) what each answers to its
    own after JPEG and a shift, ``contrast`` (n,) the deviation of each picture's colours, ``photos`` (n,) the best
    answer to a photo.
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
        rough = all_responses(model, layer, np.stack([battered(pixels) for pixels in files]))[:, chosen]
        saved = all_responses(model, layer, np.stack(files))[:, chosen]
        photos = best_photo(model, layer, filters)
        return cls(saved, rough.diagonal(), contrast(np.stack(files)), photos)

    @property
    def own(self) -> Array:
        """Return (n,): what each filter answers to its own picture."""
        return self.saved.diagonal()

    @property
    def responding(self) -> Array:
        """Return (n,): whether a photo excites the filter."""
        return self.photos > 0

    @property
    def alive(self) -> Array:
        """Return (n,): whether the filter responds, and its picture is not grey and above the best photo."""
        found: Array = self.responding & (self.contrast >= GREY) & (self.own > self.photos)
        return found

    @property
    def unmatched(self) -> Array:
        """Return (n,): whether no other picture excites the filter more than its own."""
        found: Array = self.own >= self.saved.max(axis=0)
        return found


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
    found = [getattr(a, kind)[a.alive & b.alive] / getattr(b, kind)[a.alive & b.alive] for a, b in pairs]
    every = np.concatenate(found)
    return (float(np.median(every)), len(every)) if len(every) else (float("nan"), 0)
