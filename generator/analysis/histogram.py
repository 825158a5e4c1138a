"""A histogram of numbers, with the rectangles that draw it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

WIDTH, HEIGHT = 320, 120
FEWEST, MOST = 5, 24
"""Bars of a histogram."""


@dataclass(frozen=True)
class Bar:
    """How many numbers lie from ``low`` to ``high``, and the rectangle that shows it, in pixels."""

    low: float
    high: float
    count: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Histogram:
    """Bars of equal width from ``low`` to ``high``; ``zero`` is the x of zero in pixels, None unless it lies within.

    ``least``, ``median`` and ``largest`` are of the numbers. ``width`` and ``height`` are the drawing's, in pixels.
    """

    width: int
    height: int
    bars: tuple[Bar, ...]
    low: float
    high: float
    zero: float | None
    least: float
    median: float
    largest: float


def histogram(numbers: Sequence[float], low: float | None = None, high: float | None = None) -> Histogram | None:
    """Return the histogram of numbers, None if there are none; the number of bars is the square root of theirs.

    The range includes all numbers and zero, unless ``low`` and ``high`` are given.
    """
    if not len(numbers):
        return None
    values = np.asarray(numbers, np.float64)
    begin = min(0.0, float(values.min())) if low is None else low
    end = max(0.0, float(values.max())) if high is None else high
    end = end if end > begin else begin + 1
    count = int(np.clip(np.ceil(np.sqrt(len(values))), FEWEST, MOST))
    counts, edges = np.histogram(values, bins=count, range=(begin, end))
    step, highest = WIDTH / count, max(1, int(counts.max()))
    bars = []
    for position, number in enumerate(counts.tolist()):
        bar_height = number / highest * (HEIGHT - 8)
        bars.append(
            Bar(
                low=float(edges[position]),
                high=float(edges[position + 1]),
                count=number,
                x=round(position * step + 0.5, 2),
                y=round(HEIGHT - bar_height, 2),
                width=round(step - 1, 2),
                height=round(bar_height, 2),
            )
        )
    zero = round(-begin / (end - begin) * WIDTH, 2) if begin < 0 < end else None
    least, median, largest = float(values.min()), float(np.median(values)), float(values.max())
    return Histogram(WIDTH, HEIGHT, tuple(bars), begin, end, zero, least, median, largest)
