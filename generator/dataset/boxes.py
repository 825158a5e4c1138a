"""Which part of an image a unit sees: what is cut out of it as an example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Interval = tuple[int, int] | None
"""The first and the last pixel that a unit sees along an axis; None if none."""

Box = tuple[int, int, int, int]
"""Top, left, height and width, in pixels of an image as it is fed."""

LEAST = 5
"""Pixels of a side that are cut out at least: a field of one pixel shows nothing."""


@dataclass(frozen=True)
class Fields:
    """What the units of a layer see, by row and by column; None where they see everything, or it is not known."""

    rows: tuple[Interval, ...] | None
    columns: tuple[Interval, ...] | None

    def box(self, place: int, map_width: int, size: tuple[int, int]) -> Box:
        """Return what the unit at a place of the map sees of an image of a size (height, width).

        At the border a unit sees beyond the image; only what is inside is meant.
        """
        row, column = divmod(place, max(1, map_width))
        top, height = _inside(self.rows, row, size[0])
        left, width = _inside(self.columns, column, size[1])
        return top, left, height, width

    def middle(self, place: int, map_width: int, size: tuple[int, int]) -> tuple[float, float] | None:
        """Return the (y, x) in pixels of the middle of what a unit sees, inside an image of a size (height, width).

        None where it sees everything, or what it sees is not known.
        """
        row, column = divmod(place, max(1, map_width))
        y, x = _middle(self.rows, row, size[0]), _middle(self.columns, column, size[1])
        return None if y is None or x is None else (y, x)


def _middle(windows: Sequence[Interval] | None, unit: int, length: int) -> float | None:
    window = windows[unit] if windows is not None and unit < len(windows) else None
    return None if window is None else min(max(sum(window) / 2 + 0.5, 0.0), float(length))


def _inside(windows: Sequence[Interval] | None, unit: int, length: int) -> tuple[int, int]:
    """Return the first pixel and how many there are."""
    window = windows[unit] if windows is not None and unit < len(windows) else (0, length - 1)
    if window is None:
        return 0, length
    low, high = window
    short = LEAST - (high - low + 1)
    if short > 0:
        low, high = low - short // 2, high + short - short // 2
    low, high = max(0, low), min(length - 1, high)
    return (low, high - low + 1) if low <= high else (0, length)
