from __future__ import annotations

import numpy as np
import pytest

from generator.analysis.histogram import HEIGHT, WIDTH, histogram


@pytest.mark.parametrize(
    ("count", "bars"),
    [(1, 5), (16, 5), (64, 8), (512, 23), (2048, 24)],
)
def test_every_number_is_in_one_bar(count: int, bars: int) -> None:
    numbers = np.random.default_rng(0).gamma(1, size=count)
    drawn = histogram(numbers.tolist())
    assert drawn
    assert len(drawn.bars) == bars
    assert sum(bar.count for bar in drawn.bars) == count
    for bar in drawn.bars:
        last = bar is drawn.bars[-1]
        assert bar.count == sum((bar.low <= n < bar.high) or (last and n == bar.high) for n in numbers)
        assert bar.y + bar.height == pytest.approx(HEIGHT)
        assert 0 <= bar.x < bar.x + bar.width <= WIDTH
    most = max(drawn.bars, key=lambda bar: bar.count)
    assert most.height == max(bar.height for bar in drawn.bars) > 0
    assert (drawn.least, drawn.largest) == (numbers.min(), numbers.max())
    assert drawn.median == pytest.approx(np.sort(numbers)[[(count - 1) // 2, count // 2]].mean())


@pytest.mark.parametrize(
    ("numbers", "low", "high", "zero"),
    [
        ([2.0, 4.0], 0.0, 4.0, None),
        ([-3.0, 1.0], -3.0, 1.0, WIDTH * 0.75),
        ([-3.0, -1.0], -3.0, 0.0, None),
        ([0.0, 0.0], 0.0, 1.0, None),
    ],
)
def test_zero_is_always_within_the_range(numbers: list[float], low: float, high: float, zero: float | None) -> None:
    drawn = histogram(numbers)
    assert drawn
    assert (drawn.low, drawn.high, drawn.zero) == (low, high, zero)


def test_a_range_can_be_asked_for_and_no_numbers_have_none() -> None:
    drawn = histogram([0.2, 0.4], low=0.0, high=1.0)
    assert drawn
    assert (drawn.low, drawn.high) == (0.0, 1.0)
    assert [bar.count for bar in drawn.bars] == [0, 1, 1, 0, 0]
    assert histogram([]) is None
