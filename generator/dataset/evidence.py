"""What all chunks say together of a layer's filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.dataset.chunk import LayerChunk, ranks

Array = NDArray[Any]

QUANTILES = (0.1, 0.5, 0.9)
"""Of the images in which a filter fires: those at these shares of them are shown, since the best flatter."""


@dataclass(frozen=True)
class Part:
    """A layer's chunk, with the images that it is of, by their places in the whole dataset.

    ``by_class`` is the chunk's, for the classes of the whole dataset.
    """

    chunk: LayerChunk
    images: NDArray[np.int64]
    threshold: int
    by_class: Array


@dataclass(frozen=True)
class Example:
    """An image by its place in the dataset, and what a filter does on it; ``place`` is the position of the peak."""

    image: int
    response: float
    peak: float
    place: int


@dataclass(frozen=True, eq=False)
class LayerEvidence:
    """What f filters of a layer do on ``count`` images; see ``chunk.LayerChunk``.

    ``mean`` and ``deviation`` (2, f) are of response and peak, ``most_image`` (f,) is the first image with the largest
    response. ``class_means`` (classes, f) are mean responses, NaN of a class without images. ``sampled`` (2, s, f) are
    response and peak on the images ``sampled_images`` (s,).
    """

    count: int
    mean: Array
    deviation: Array
    fires: Array
    spoiled: Array
    most: Array
    most_image: Array
    class_means: Array
    top: Array
    top_values: Array
    top_places: Array
    low: Array
    low_values: Array
    low_places: Array
    sampled_images: Array
    sampled: Array
    sampled_places: Array

    @property
    def is_sample(self) -> bool:
        """Tell whether quantiles are of a sample of the images, not of all."""
        return len(self.sampled_images) < self.count

    @cached_property
    def _sorted(self) -> Array:
        """Return (s, f): the images of the sample by their peaks, the lowest first, of equal ones the last first."""
        return np.argsort(-self.sampled[1], axis=0, kind="stable")[::-1]

    def examples(self, index: int, count: int) -> tuple[Example, ...]:
        """Return the images with the highest peaks in which a filter fires, the highest first.

        Where none does, or it is always the same, there are none.
        """
        every = self._examples(index, self.top, self.top_values, self.top_places)
        return tuple(example for example in every if example.peak > 0)[:count]

    def lowest(self, index: int) -> tuple[Example, ...]:
        """Return the images with a filter's lowest activations, below zero; ``peak`` is the lowest activation."""
        every = self._examples(index, self.low, self.low_values, self.low_places)
        return tuple(example for example in every if example.peak < 0)

    def weaker(self, index: int, besides: Sequence[Example]) -> tuple[tuple[float, Example], ...]:
        """Return images at lower quantiles of those in which a filter fires, each with its share, the highest first.

        The quantile at a share q of m images is the one at the place ceil(q * m) from the lowest. Those that are shown
        already are left out.
        """
        order = self._sorted[:, index]
        firing = order[self.sampled[1, order, index] > 0]
        shown = {example.image for example in besides}
        found = []
        for share in sorted(QUANTILES, reverse=True):
            if not len(firing):
                break
            row = int(firing[max(0, int(np.ceil(share * len(firing) - 1e-9)) - 1)])
            image = int(self.sampled_images[row])
            if image not in shown:
                shown.add(image)
                response, peak = (float(self.sampled[kind, row, index]) for kind in (0, 1))
                found.append((share, Example(image, response, peak, int(self.sampled_places[row, index]))))
        return tuple(found)

    def selectivity(self, index: int) -> tuple[int, float] | None:
        """Return the class with the largest mean response and the class selectivity index, None where there is none.

        (m1 - m2) / (m1 + m2), where m1 is the largest class's mean response and m2 the mean of the other classes'
        (Morcos and others, On the importance of single directions, 2018, equation 1). Responses must not be negative.
        """
        means = self.class_means[:, index]
        known = np.flatnonzero(np.isfinite(means))
        if len(known) < 2 or means[known].min() < 0 or means[known].max() <= 0:
            return None
        best = int(known[np.argmax(means[known])])
        largest, others = means[best], means[known[known != best]].mean()
        return best, float((largest - others) / (largest + others))

    def leading(self, index: int, counts: Sequence[int]) -> tuple[int, ...]:
        """Return the class with the largest mean response and those that chance may have put below it, in order.

        ``counts`` is how many images each class has. Chance is two standard errors of the difference of two means; the
        deviation of all images stands for that within a class, which it hardly ever falls short of.
        """
        means = self.class_means[:, index]
        known = [place for place in np.flatnonzero(np.isfinite(means)).tolist() if counts[place]]
        order = sorted(known, key=lambda place: (-means[place], place))
        inverse = [1 / counts[place] for place in order]
        chance = [2 * float(self.deviation[0, index]) * np.sqrt(inverse[0] + own) for own in inverse]
        pairs = zip(order, chance, strict=True)
        return tuple(place for place, own in pairs if place == order[0] or means[order[0]] - means[place] <= own)

    @staticmethod
    def _examples_of(index: int, images: Array, values: Array, places: Array) -> tuple[Example, ...]:
        columns = zip(images[index], values[0, index], values[1, index], places[index], strict=True)
        return tuple(
            Example(int(image), float(response), float(peak), int(place)) for image, response, peak, place in columns
        )

    def _examples(self, index: int, images: Array, values: Array, places: Array) -> tuple[Example, ...]:
        return self._examples_of(index, images, values, places)


def merged(parts: Sequence[Part], digests: Sequence[str], class_counts: Sequence[int], examples: int) -> LayerEvidence:
    """Return what some chunks of a layer, at least one, say together; the order in which they come does not matter.

    ``digests`` are those of the whole dataset's images, ``class_counts`` how many of the chunks' images each class has.
    """
    parts = sorted(parts, key=lambda part: int(part.images.min()) if len(part.images) else -1)
    count = sum(len(part.images) for part in parts)
    mean, squares = _moments(parts)
    own = [part.chunk for part in parts]
    limit = min(part.threshold for part in parts)
    sampled = _sampled(parts, digests, limit)
    by_class = np.sum([part.by_class for part in parts], axis=0)
    counts = np.array(class_counts, np.float64)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        class_means = np.where(counts > 0, by_class / counts, np.nan)
    top = _ranked(parts, "top", examples, highest=True)
    low = _ranked(parts, "low", own[0].low.shape[1], highest=False)
    return LayerEvidence(
        count=count,
        mean=mean,
        deviation=np.sqrt(squares / max(1, count)),
        fires=np.sum([chunk.fires for chunk in own], axis=0),
        spoiled=np.sum([chunk.spoiled for chunk in own], axis=0),
        most=np.max([chunk.most for chunk in own], axis=0),
        most_image=_most_image(parts),
        class_means=class_means,
        top=top[0],
        top_values=top[1],
        top_places=top[2],
        low=low[0],
        low_values=low[1],
        low_places=low[2],
        sampled_images=sampled[0],
        sampled=sampled[1],
        sampled_places=sampled[2],
    )


def _moments(parts: Sequence[Part]) -> tuple[Array, Array]:
    """Return mean and sum of squared differences of all images (Chan and others, 1979, equation 1.5b)."""
    count, mean, squares = 0, np.zeros(()), np.zeros(())
    for part in parts:
        own = len(part.images)
        if not count:
            count, mean, squares = own, part.chunk.mean, part.chunk.squares
            continue
        both = count + own
        difference = part.chunk.mean - mean
        mean = mean + difference * (own / both)
        squares = squares + part.chunk.squares + np.square(difference) * (count * own / both)
        count = both
    return mean, squares


def _most_image(parts: Sequence[Part]) -> Array:
    """Return (f,): the first image with the largest response."""
    values = np.stack([part.chunk.most for part in parts])
    images = np.stack([part.images[part.chunk.most_image] for part in parts])
    first: Array = np.where(values == values.max(axis=0), images, np.iinfo(np.int64).max).min(axis=0)
    return first


def _ranked(parts: Sequence[Part], which: str, count: int, highest: bool) -> tuple[Array, Array, Array]:
    """Return images (f, k), response and peak (2, f, k) and places (f, k) of the first in the order of their peaks."""
    images = np.concatenate([part.images[getattr(part.chunk, which)] for part in parts], axis=1)
    values = np.concatenate([getattr(part.chunk, f"{which}_values") for part in parts], axis=2)
    places = np.concatenate([getattr(part.chunk, f"{which}_places") for part in parts], axis=1)
    by_image = np.argsort(images, axis=1, kind="stable")  # of equal ones the first image of the dataset comes first
    peaks = np.take_along_axis(values[1], by_image, 1)
    order = np.argsort(-peaks if highest else peaks, axis=1, kind="stable")[:, :count]
    kept = np.take_along_axis(by_image, order, 1)
    return (
        np.take_along_axis(images, kept, 1),
        np.stack([np.take_along_axis(value, kept, 1) for value in values]),
        np.take_along_axis(places, kept, 1),
    )


def _sampled(parts: Sequence[Part], digests: Sequence[str], limit: int) -> tuple[Array, Array, Array]:
    """Return the images of the sample, in their order, with the values on them."""
    images, values, places = [], [], []
    for part in parts:
        ranked = ranks([digests[image] for image in part.images.tolist()])
        own = part.images[ranked < part.threshold]
        kept = ranked[ranked < part.threshold] < limit
        images.append(own[kept])
        values.append(part.chunk.sampled[:, kept])
        places.append(part.chunk.sampled_places[kept])
    every = np.concatenate(images)
    order = np.argsort(every, kind="stable")
    return every[order], np.concatenate(values, axis=1)[:, order], np.concatenate(places)[order]
