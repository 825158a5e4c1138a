"""A technique: one way to show the filters of a layer, such as their pictures or their feature maps of a photo."""

from __future__ import annotations

from dataclasses import dataclass

from generator.analysis.filter_views import ImageFile
from generator.site.records import Kind


@dataclass(frozen=True)
class Cell:
    """The file that one thumbnail is made of; a strip of kernels has several ``slices`` side by side."""

    file: ImageFile
    slices: int = 1


@dataclass(frozen=True)
class TechniqueView:
    """One way to show all filters of a layer, in their order.

    A cell is None where a filter has nothing of the kind; ``sheets`` are the files with all thumbnails, 64 in each;
    ``photo`` is the one that feature maps are of.
    """

    slug: str
    title: str
    kind: Kind
    cells: tuple[Cell | None, ...]
    sheets: tuple[ImageFile, ...] = ()
    photo: str | None = None
