"""A chunk: what the filters of some layers did on some images, in sum. Chunks merge in any order.

Of everything that is kept the size depends on the number of filters alone, whatever the number of images: sums, the
images with the highest peaks, and the values on a sample. The sample are the images whose digests are least, below a
threshold, so it is the same whichever chunk an image is in, and random with regard to what the image shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

SAMPLE, FEWEST, SAMPLED_VALUES = 1024, 64, 2**23
"""Images, at most, whose values are all kept: quantiles are those of them. Of a network with very many filters they are
fewer, so that there are not more than so many values."""

WHOLE = 2**32
"""The threshold below which all digests are."""

LOWEST = 3
"""Images with the lowest activations that are kept of a filter, where it can be plainly negative."""

IMAGES, VALUES = 256, 2**22
"""Images of a chunk at most, and values: what a killed pass may have to do again."""


@dataclass(frozen=True, eq=False)
class LayerChunk:
    """What f filters of one layer did on n images.

    ``mean`` and ``squares`` (2, f) are, of response and peak, the mean and the sum of squared differences from it.
    ``fires`` (f,) counts images of which the peak is above zero, ``spoiled`` (f,) those on which it was no finite
    number. ``most`` (f,) is the largest response, ``most_image`` (f,) the first image that has it, by its place.
    ``by_class`` (classes, f) are the sums of responses.

    ``top`` (f, k) are the images, by their place in the chunk, with the highest peaks, the highest first and of equal
    ones the first; ``top_values`` (2, f, k) their response and peak, ``top_places`` (f, k) where it is. ``low``,
    ``low_values`` and ``low_places`` are the same of the lowest activations, or have no columns. ``sampled`` (2, s, f)
    are response and peak on the images of the sample, ``sampled_places`` (s, f) where it is.
    """

    mean: Array
    squares: Array
    fires: Array
    spoiled: Array
    most: Array
    most_image: Array
    by_class: Array
    top: Array
    top_values: Array
    top_places: Array
    low: Array
    low_values: Array
    low_places: Array
    sampled: Array
    sampled_places: Array


class Measured(Protocol):
    """A layer's responses to n images, (n, filters) each; ``render.image_responses.Responses`` is one."""

    @property
    def response(self) -> Array: ...

    @property
    def peak(self) -> Array: ...

    @property
    def place(self) -> Array: ...

    @property
    def trough(self) -> Array | None: ...

    @property
    def trough_place(self) -> Array | None: ...


def ranks(digests: Sequence[str]) -> NDArray[np.int64]:
    """Return, for each image's digest, the number by which it is in the sample or not."""
    return np.array([int(digest[:8], 16) for digest in digests], np.int64)


def threshold(digests: Sequence[str], filters: int = 1) -> int:
    """Return the number below which the ranks of a sample of some images are: of all, if they are few.

    ``filters`` is how many filters the layers have in all.
    """
    sample = int(np.clip(SAMPLED_VALUES // max(1, filters), min(FEWEST, SAMPLE), SAMPLE))
    if len(digests) <= sample:
        return WHOLE
    return int(np.partition(ranks(digests), sample - 1)[sample - 1]) + 1


def images_of_chunk(filters: int) -> int:
    """Return how many images a chunk has at most, of layers with so many filters in all."""
    return int(np.clip(VALUES // max(1, filters), 16, IMAGES))


def layer_chunk(
    measured: Measured, labels: NDArray[np.int64], classes: int, in_sample: NDArray[np.bool_], examples: int
) -> LayerChunk:
    """Return the chunk of one layer. ``labels`` (n,) are below ``classes``, or negative where there is none."""
    response, peak = measured.response.astype(np.float64), measured.peak.astype(np.float64)
    finite = np.isfinite(response) & np.isfinite(peak)
    response, peak = np.where(finite, response, 0.0), np.where(finite, peak, 0.0)
    both = np.stack([response, peak])
    mean = both.mean(axis=1)
    by_class = np.zeros((classes, response.shape[1]))
    np.add.at(by_class, labels[labels >= 0], response[labels >= 0])
    top = np.argsort(-peak, axis=0, kind="stable")[:examples]
    low = np.zeros((0, response.shape[1]), np.int64)
    trough, trough_place = measured.trough, measured.trough_place
    if trough is not None and trough_place is not None:
        low = np.argsort(np.where(finite, trough, np.inf), axis=0, kind="stable")[:LOWEST]
    else:
        trough, trough_place = measured.peak, measured.place
    take = np.take_along_axis
    return LayerChunk(
        mean=mean,
        squares=np.square(both - mean[:, None]).sum(axis=1),
        fires=(peak > 0).sum(axis=0),
        spoiled=(~finite).sum(axis=0),
        most=response.max(axis=0),
        most_image=response.argmax(axis=0).astype(np.int32),
        by_class=by_class,
        top=top.T.astype(np.int32),
        top_values=np.stack([take(response, top, 0).T, take(peak, top, 0).T]).astype(np.float32),
        top_places=take(measured.place, top, 0).T.astype(np.int32),
        low=low.T.astype(np.int32),
        low_values=np.stack([take(response, low, 0).T, take(trough, low, 0).T]).astype(np.float32),
        low_places=take(trough_place, low, 0).T.astype(np.int32),
        sampled=both[:, in_sample].astype(np.float32),
        sampled_places=measured.place[in_sample].astype(np.int32),
    )
