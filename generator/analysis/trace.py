"""The objective over the steps, drawn as a small plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 320, 120
TICK = 12
"""Pixels between two ticks, at least."""

LONGEST = 32
"""The most points that a trace in the manifest has."""


@dataclass(frozen=True)
class Plot:
    """An SVG plot: the points of its line, the y of a reference line, both in pixels, and how many steps it spans.

    ``zero`` is the y of zero, ``ticks`` are (value, y) of zero and of the ends that are not too close to it.
    """

    width: int
    height: int
    points: str
    reference: float | None
    steps: int
    zero: float
    ticks: tuple[tuple[float, float], ...]


def plot(trace: Sequence[float], reference: float | None) -> Plot:
    """Return the plot of a trace; ``reference`` is a value of the objective to compare it with, such as a photo's."""
    values = [*trace, 0.0] + ([reference] if reference is not None else [])
    low, high = min(values), max(values)
    span = (high - low) or 1.0

    def y(value: float) -> float:
        return round((high - value) / span * (HEIGHT - 8) + 4, 1)

    across = WIDTH / max(1, len(trace) - 1)
    points = " ".join([f"{i * across:.1f},{y(value)}" for i, value in enumerate(trace)])
    ticks = tuple((value, y(value)) for value in (high, 0.0, low) if value == 0 or abs(y(value) - y(0.0)) >= TICK)
    marked = None if reference is None else y(reference)
    return Plot(WIDTH, HEIGHT, points, marked, len(trace), y(0.0), tuple(dict.fromkeys(ticks)))


def thinned(trace: Sequence[float]) -> list[float]:
    """Return at most 32 of a trace's points, evenly spaced, the first and the last among them."""
    if len(trace) <= LONGEST:
        return list(trace)
    return [trace[round(i * (len(trace) - 1) / (LONGEST - 1))] for i in range(LONGEST)]
