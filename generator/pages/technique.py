"""One way to show the filters of a layer, and what is drawn of each."""

from __future__ import annotations

from dataclasses import dataclass

from generator.analysis.records import File
from generator.site.records import Kind


@dataclass(frozen=True)
class Cell:
    """What is drawn as one thumbnail: a picture file, of so many slices side by side."""

    file: File
    slices: int = 1


@dataclass(frozen=True)
class Technique:
    """One way to show all filters of a layer, in their order.

    A cell is None where a filter has no such picture; ``photo`` is the one that feature maps are of.
    """

    slug: str
    title: str
    kind: Kind
    cells: tuple[Cell | None, ...]
    sheets: tuple[File, ...] = ()
    photo: str | None = None
