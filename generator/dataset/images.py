"""Images of a dataset, wherever they come from: each by its place in a fixed order, its name, class and digest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.digests import digest
from generator.errors import GalleryError
from generator.imaging.decoding import quietly

Array = NDArray[Any]

UNLABELLED = -1

DECODERS = 2
"""Threads that decode images while the network runs."""


class DatasetError(GalleryError):
    """A dataset that cannot be read at all, or has no image that can."""


class ImageError(ValueError):
    """An image that cannot be used; the others can."""


@dataclass(frozen=True)
class Problem:
    """An image that was left out, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Feed:
    """How a network is fed: the (height, width) of images, its channels, and those that are red, green and blue."""

    size: tuple[int, int]
    channels: int
    bands: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images in their order. ``names``, ``labels`` and ``digests`` have one item for each.

    A label is a place in ``classes``, or UNLABELLED; a digest is of an image's content. ``sizes`` are (height, width),
    ``read`` returns an image as it is fed, (height, width, channels), and raises ImageError where it cannot.
    ``problems`` are those that were left out already, ``skipped`` how many files are no images, ``repeated`` how many
    images are the same as an earlier one, which alone counts. ``total`` is how many there are besides the limit,
    ``notes`` what the user should know of the values, ``scale`` what they were multiplied by.
    """

    names: tuple[str, ...]
    labels: tuple[int, ...]
    classes: tuple[str, ...]
    digests: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    read: Callable[[int, Feed], Array]
    problems: tuple[Problem, ...] = ()
    skipped: int = 0
    repeated: int = 0
    total: int = 0
    notes: tuple[str, ...] = ()
    scale: float = 1.0

    def __len__(self) -> int:
        return len(self.names)

    def class_of(self, place: int) -> str:
        """Return the name of an image's class, empty where it has none."""
        label = self.labels[place]
        return self.classes[label] if label != UNLABELLED else ""

    def key(self, place: int) -> tuple[str, str]:
        """Return an image's digest and class: the same image in another class is another one."""
        return self.digests[place], self.class_of(place)

    def without_repeated(self) -> ImageSet:
        """Return the set with each content once, where it comes first: a single image must not fill all places."""
        first: dict[str, int] = {}
        for place, content in enumerate(self.digests):
            first.setdefault(content, place)
        if len(first) == len(self):
            return self
        return replace(self.only(list(first.values())), repeated=self.repeated + len(self) - len(first))

    def only(self, places: Sequence[int]) -> ImageSet:
        """Return the set with the images at some places alone."""
        kept = tuple(places)
        return replace(
            self,
            names=tuple(self.names[place] for place in kept),
            labels=tuple(self.labels[place] for place in kept),
            digests=tuple(self.digests[place] for place in kept),
            sizes=tuple(self.sizes[place] for place in kept),
            read=lambda place, feed: self.read(kept[place], feed),
        )


def chosen(names: Sequence[str], limit: int, seed: int) -> list[int]:
    """Return the places, in order, of at most ``limit`` of some names: which, the seed decides for each by itself.

    So of a folder that grows, most of the chosen ones stay the same.
    """
    if len(names) <= limit:
        return list(range(len(names)))
    ranked = sorted(range(len(names)), key=lambda place: digest([seed, names[place]]))
    return sorted(ranked[:limit])


def in_groups(items: Sequence[int], count: int) -> Iterator[tuple[int, ...]]:
    """Yield items in their order, so many at a time."""
    for first in range(0, len(items), count):
        yield tuple(items[first : first + count])


def fed(
    images: ImageSet, places: Iterable[int], feed: Feed, ahead: int = 64
) -> Iterator[tuple[int, Array | ImageError]]:
    """Yield images by their places, in that order, as they are fed, decoded on other threads a little ahead of use."""

    def read(place: int) -> tuple[int, Array | ImageError]:
        try:
            pixels = images.read(place, feed)
        except ImageError as error:
            return place, error
        if not np.isfinite(pixels).all():
            return place, ImageError("holds numbers that are not finite (NaN or infinity)")
        return place, pixels

    waiting = iter(places)
    with quietly(), ThreadPoolExecutor(DECODERS) as pool:
        running = [pool.submit(read, place) for place in islice(waiting, ahead)]
        try:
            while running:
                yield running.pop(0).result()
                running += [pool.submit(read, place) for place in islice(waiting, 1)]
        finally:
            for future in running:
                future.cancel()
