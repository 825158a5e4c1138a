"""Views of what a filter has: its pictures, feature maps and kernel, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from generator.analysis.trace import Plot, plot
from generator.analysis.verdict import DEAD, Verdict, picture_verdict, responds_to_photo, same
from generator.config.values import RenderSettings


@dataclass(frozen=True)
class ImageFile:
    """A picture file of the site: its path relative to the root, its blob in the store, and its size in pixels."""

    path: str
    blob: str
    width: int
    height: int


@dataclass(frozen=True)
class PooledMap:
    """A feature map in 8 x 8 cells, row by row: a byte each, 0 for ``low`` and 255 for ``high``."""

    low: float
    high: float
    cells: bytes


@dataclass(frozen=True)
class FeatureMapView:
    """A filter's activations on a photo; ``seen`` is the photo as the network sees it.

    ``response`` is their mean, ``peak`` the largest, ``active_share`` the share of positions that are above zero,
    ``pooled_map`` the map in 8 x 8 cells, ``number`` the photo's position among the model's.
    """

    photo: str
    seen: ImageFile
    file: ImageFile
    response: float
    peak: float
    active_share: float | None = None
    pooled_map: PooledMap | None = None
    number: int = 0

    def shows_response(self, signed: bool, negligible: float) -> bool:
        """Tell whether the filter responds anywhere on the photo; ``signed`` tells whether activations can be negative.

        Those at most ``negligible`` below zero count as zero.
        """
        return responds_to_photo(self.response, self.peak, signed, negligible)


@dataclass(frozen=True)
class KernelView:
    """A filter's raw weights, one slice for each of its ``input_count`` input channels.

    ``inputs`` are (channel, share of the squared weights) of the slices that are shown, the largest first; ``similar``
    are (filter, cosine) of the layer's filters with the most similar weights, the most similar first. A ``colour``
    kernel is shown as an image of its own.
    """

    file: ImageFile
    colour: bool
    inputs: tuple[tuple[int, float], ...]
    input_count: int
    similar: tuple[tuple[int, float], ...] = ()

    @property
    def input_group(self) -> int:
        """Return which of the layer's groups of input channels the filter reads: 0 where all filters read the same."""
        return self.inputs[0][0] // self.input_count if self.inputs else 0


@dataclass(frozen=True)
class PhotoValue:
    """The value of a picture's objective on a photo."""

    photo: str
    value: float


@dataclass(frozen=True)
class PictureView:
    """One picture of a filter.

    ``title`` distinguishes it from the filter's others, ``kinds`` are the kinds of ``pictures.kinds`` that it is of.
    ``snapshots`` are (step, file) of the optimisation, ``trace`` the objective at every step. ``score`` is its value on
    the finished picture, ``reached`` the largest from the start to the end, ``same_objective`` the largest of all the
    filter's pictures with the same objective, ``photo_values`` the values on the photos. ``signed`` and ``responds``
    are as ``picture_verdict`` takes them, and values at most ``negligible`` below zero count as zero. ``channels`` is a
    sheet of every channel of the picture, where not all of them are shown. ``second`` is the score of what the second
    search found where the first had found none, or hardly any, see ``render.search``; None where there was none.
    ``best_image`` is the largest value of its objective on any of the dataset's ``images``, None where it is not known.
    """

    file: ImageFile
    snapshots: tuple[tuple[int, ImageFile], ...]
    settings: RenderSettings
    title: str
    kinds: tuple[str, ...]
    score: float
    reached: float
    same_objective: float
    trace: tuple[float, ...]
    transparent: bool
    photo_values: tuple[PhotoValue, ...]
    signed: bool = False
    responds: bool = False
    negligible: float = 0.0
    channels: ImageFile | None = None
    second: float | None = None
    best_image: float | None = None
    images: int = 0

    @property
    def first_reached(self) -> float:
        """Return the largest value in the search from noise."""
        return max(self.reached, self.score) if self.second is None else max(self.trace)

    @property
    def positive(self) -> bool:
        """Tell whether what is maximised is a response, not its opposite."""
        return self.settings.sign == "positive"

    @cached_property
    def best_photo(self) -> PhotoValue | None:
        """Return the photo with the largest value of the picture's objective."""
        return max(self.photo_values, key=lambda photo: photo.value, default=None)

    @cached_property
    def verdict(self) -> Verdict:
        """Return the verdict on the picture: not ``dead`` if another optimisation of the same objective succeeded."""
        largest = max(self.reached, self.same_objective)
        photos = [photo.value for photo in self.photo_values]
        photos += [] if self.best_image is None else [self.best_image]
        return picture_verdict(self.score, largest, photos, self.signed, self.responds)

    @property
    def best_is_image(self) -> bool:
        """Tell whether an image of the dataset excites the filter more than every photo."""
        if self.best_image is None:
            return False
        return self.best_photo is None or self.best_image > self.best_photo.value

    @property
    def empty(self) -> bool:
        """Tell whether the optimisation found nothing: then the picture shows nothing, and is not shown as one.

        The objective was never above zero, or, where it can be negative, it was always the same.
        """
        if self.signed:
            unchanged = len(self.trace) > 1 and same(self.trace)
            return unchanged or -self.negligible <= self.score <= 0 or self.verdict == DEAD
        return max(self.score, self.reached) <= 0

    @property
    def plot(self) -> Plot:
        """Return the trace's plot, with the value of the best image or photo where the two can be compared."""
        # ``pixel`` maximises the layer's own output, which is not where responses are read, and MaCo sees
        # enlarged crops, never the whole picture.
        natural = self.best_image if self.best_is_image else self.best_photo.value if self.best_photo else None
        return plot(self.trace, natural if self.settings.method == "fourier" else None)


class ComparableFilter(Protocol):
    """What a filter needs to be compared with the others of its layer; ``FilterView`` is one."""

    @property
    def index(self) -> int: ...

    @property
    def maps(self) -> tuple[FeatureMapView, ...]: ...

    @property
    def kernel(self) -> KernelView | None: ...

    @property
    def verdict(self) -> Verdict: ...
