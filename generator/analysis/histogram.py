"""How many of some numbers are how large, drawn as small bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

WIDTH, HEIGHT = 320, 120
FEWEST, MOST = 5, 24
"""Bars of a histogram."""


@dataclass(frozen=True)
class Bar:
    """How many numbers lie from ``low`` to ``high``, and the rectangle that shows it."""

    low: float
    high: float
    count: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Histogram:
    """Bars of equal width over a range; ``zero`` is where zero is, if that is inside, and the rest is said in words."""

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
    """Return the histogram of some numbers, with the square root of their number of bars; None of no numbers.

    The range is from the least, or zero if that is below it, to the largest, unless ``low`` and ``high`` say it.
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
    for place, number in enumerate(counts.tolist()):
        tall = number / highest * (HEIGHT - 8)
        bars.append(
            Bar(
                low=float(edges[place]),
                high=float(edges[place + 1]),
                count=number,
                x=round(place * step + 0.5, 2),
                y=round(HEIGHT - tall, 2),
                width=round(step - 1, 2),
                height=round(tall, 2),
            )
        )
    zero = round(-begin / (end - begin) * WIDTH, 2) if begin < 0 < end else None
    least, median, largest = float(values.min()), float(np.median(values)), float(values.max())
    return Histogram(WIDTH, HEIGHT, tuple(bars), begin, end, zero, least, median, largest)
