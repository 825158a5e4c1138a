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
    found = histogram(numbers.tolist())
    assert found
    assert len(found.bars) == bars
    assert sum(bar.count for bar in found.bars) == count
    for bar in found.bars:
        last = bar is found.bars[-1]
        assert bar.count == sum((bar.low <= n < bar.high) or (last and n == bar.high) for n in numbers)
        assert bar.y + bar.height == pytest.approx(HEIGHT)
        assert 0 <= bar.x < bar.x + bar.width <= WIDTH
    most = max(found.bars, key=lambda bar: bar.count)
    assert most.height == max(bar.height for bar in found.bars) > 0
    assert (found.least, found.largest) == (numbers.min(), numbers.max())
    assert found.median == pytest.approx(np.sort(numbers)[[(count - 1) // 2, count // 2]].mean())


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
    found = histogram(numbers)
    assert found
    assert (found.low, found.high, found.zero) == (low, high, zero)


def test_a_range_can_be_asked_for_and_no_numbers_have_none() -> None:
    found = histogram([0.2, 0.4], low=0.0, high=1.0)
    assert found
    assert (found.low, found.high) == (0.0, 1.0)
    assert [bar.count for bar in found.bars] == [0, 1, 1, 0, 0]
    assert histogram([]) is None
