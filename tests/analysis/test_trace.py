from __future__ import annotations

from itertools import pairwise

import pytest

from generator.analysis.trace import HEIGHT, LONGEST, WIDTH, plot, thinned

TOP, BOTTOM = 4.0, HEIGHT - 4.0


@pytest.mark.parametrize(
    ("trace", "reference", "points", "line"),
    [
        ([0.0, 1.0], None, [(0, BOTTOM), (WIDTH, TOP)], None),
        ([0.0, 1.0, 2.0], 1.0, [(0, BOTTOM), (WIDTH / 2, 60), (WIDTH, TOP)], 60.0),
        ([1.0, 2.0], 4.0, [(0, 88), (WIDTH, 60)], TOP),
        ([-2.0, -1.0], None, [(0, BOTTOM), (WIDTH, 60)], None),
        ([1.0, 1.0], -1.0, [(0, TOP), (WIDTH, TOP)], BOTTOM),
        ([0.0, 0.0], None, [(0, TOP), (WIDTH, TOP)], None),
        ([3.0], None, [(0, TOP)], None),
    ],
)
def test_a_plot_holds_zero_the_trace_and_the_reference(
    trace: list[float],
    reference: float | None,
    points: list[tuple[float, float]],
    line: float | None,
) -> None:
    drawn = plot(trace, reference)
    assert [tuple(map(float, point.split(","))) for point in drawn.points.split()] == points
    assert (drawn.reference, drawn.steps) == (line, len(trace))


@pytest.mark.parametrize(
    ("trace", "ticks"),
    [
        ([0.0, 2.0], [(2.0, TOP), (0.0, BOTTOM)]),
        ([-0.01, 2.0], [(2.0, TOP), (0.0, 115.4)]),
        ([-1.0, 1.0], [(1.0, TOP), (0.0, 60.0), (-1.0, BOTTOM)]),
        ([-2.0, -1.0], [(0.0, TOP), (-2.0, BOTTOM)]),
        ([0.0, 0.0], [(0.0, TOP)]),
    ],
)
def test_ticks_are_at_zero_and_at_the_ends_that_are_apart_from_it(
    trace: list[float], ticks: list[tuple[float, float]]
) -> None:
    drawn = plot(trace, None)
    assert list(drawn.ticks) == ticks
    assert (0.0, drawn.zero) in ticks


@pytest.mark.parametrize("length", [1, 31, 32])
def test_a_short_trace_is_kept(length: int) -> None:
    trace = [float(i) for i in range(length)]
    assert thinned(trace) == trace


@pytest.mark.parametrize("length", [33, 100, 129, 5000])
def test_a_long_trace_keeps_its_ends_and_is_spread_evenly(length: int) -> None:
    points = thinned([float(i) for i in range(length)])
    assert (len(points), points[0], points[-1]) == (LONGEST, 0.0, length - 1)
    gaps = [b - a for a, b in pairwise(points)]
    assert max(gaps) - min(gaps) <= 1
