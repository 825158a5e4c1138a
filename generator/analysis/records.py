"""What the page of a filter is made of: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from generator.analysis.trace import Plot, plot
from generator.analysis.verdict import Verdict, verdict
from generator.config.values import RenderSettings


@dataclass(frozen=True)
class File:
    """A picture of the site: where it is, relative to the root, which blob it is, and its pixels."""

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
class FeatureMap:
    """A filter's answer to a photo; ``seen`` is the photo as the network sees it.

    ``places`` is the share of the map's places that are above zero, ``sketch`` the map in a few numbers,
    ``number`` which of the model's photos it is.
    """

    photo: str
    seen: File
    file: File
    response: float
    peak: float
    places: float | None = None
    pooled_map: PooledMap | None = None
    number: int = 0


@dataclass(frozen=True)
class KernelView:
    """A filter's raw weights; ``inputs`` are (channel, share) of the slices shown, ``of`` how many there are.

    ``alike`` are the (filter, cosine) of the layer's filters whose weights are most alike, the nearest first.
    """

    file: File
    colour: bool
    inputs: tuple[tuple[int, float], ...]
    of: int
    alike: tuple[tuple[int, float], ...] = ()

    @property
    def source(self) -> int:
        """Return which of the layer's groups of inputs the filter reads: 0 where all filters read the same."""
        return self.inputs[0][0] // self.of if self.inputs else 0


@dataclass(frozen=True)
class Level:
    """What a photo gives under a picture's objective."""

    photo: str
    value: float


@dataclass(frozen=True)
class PictureView:
    """One picture of a filter.

    ``title`` tells it from the filter's others, ``kinds`` are the words of ``pictures.kinds`` on what it is.
    ``reached`` is the largest value of the objective from the start to the end, ``kin`` the largest that any of the
    filter's pictures with the same objective reached; ``levels`` is what the photos give. ``channels`` is a sheet of
    every channel of the picture, where not all of them are shown.
    """

    file: File
    snapshots: tuple[tuple[int, File], ...]
    settings: RenderSettings
    title: str
    kinds: tuple[str, ...]
    score: float
    reached: float
    same_objective: float
    trace: tuple[float, ...]
    transparent: bool
    levels: tuple[Level, ...]
    channels: File | None = None

    @property
    def positive(self) -> bool:
        """Tell whether what is maximised is a response, not its opposite."""
        return self.settings.sign == "positive"

    @cached_property
    def best_photo(self) -> Level | None:
        """Return the photo that does best under the picture's objective."""
        return max(self.levels, key=lambda level: level.value, default=None)

    @cached_property
    def verdict(self) -> Verdict:
        """Return the verdict on the picture: not ``dead`` if another climb for the same objective got somewhere."""
        return verdict(self.score, max(self.reached, self.same_objective), [level.value for level in self.levels])

    @property
    def empty(self) -> bool:
        """Tell whether the picture is only what a climb left that reached nothing: it is not shown as a picture."""
        return max(self.score, self.reached) <= 0

    @property
    def plot(self) -> Plot:
        """Return the trace's plot, with the best photo's level where the two can be compared."""
        # The reference method maximises the layer's own output, which is not where responses are read, and MaCo sees
        # enlarged crops, never the whole picture.
        comparable = self.best_photo is not None and self.settings.method == "fourier"
        return plot(self.trace, self.best_photo.value if self.best_photo and comparable else None)


class FilterRecord(Protocol):
    """What is known of a filter that is compared with the others of its layer."""

    @property
    def index(self) -> int: ...

    @property
    def maps(self) -> tuple[FeatureMap, ...]: ...

    @property
    def kernel(self) -> KernelView | None: ...

    @property
    def verdict(self) -> Verdict: ...
