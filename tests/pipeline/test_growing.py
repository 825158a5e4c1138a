"""When a growing site is written: never in a short build, soon in a long one, and at little cost."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from generator.errors import UsageError
from generator.pipeline.growing import FIRST_SECONDS, SHARE, GrowingSite


class Clock:
    """Time that passes when it is told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    own = Clock()
    monkeypatch.setattr(time, "monotonic", own)
    return own


def taking(clock: Clock, seconds: Callable[[], float], written: list[float]) -> Callable[[], None]:
    """Return what writes a site, which takes so long, and notes when."""

    def write() -> None:
        written.append(clock.now)
        clock.now += seconds()

    return write


def test_a_short_build_writes_at_its_end_alone(clock: Clock) -> None:
    written: list[float] = []
    site = GrowingSite(taking(clock, lambda: 1, written))
    for _ in range(4):
        clock.now += FIRST_SECONDS / 5
        site.more()
    assert written == []
    assert site.is_behind
    assert site.seconds == 0


@pytest.mark.parametrize("slower", [0.0, 0.005, 0.02])
def test_it_costs_its_share_of_the_time(clock: Clock, slower: float) -> None:
    """Though writing takes the longer, the more there is."""
    began, written = clock.now, list[float]()
    site = GrowingSite(taking(clock, lambda: 0.5 + slower * (clock.now - began), written))
    for _ in range(2000):
        clock.now += 1
        site.more()
        if len(written) > 1:
            assert site.seconds - 0.5 - slower * FIRST_SECONDS <= SHARE * (clock.now - began)
    assert written[0] - began == pytest.approx(FIRST_SECONDS)
    assert len(written) > 3
    spent = site.seconds / (clock.now - began)
    assert spent > 0.2 * SHARE  # it does grow


def test_what_cannot_be_written_at_the_end_stays(clock: Clock) -> None:
    def refuse() -> None:
        raise UsageError("the disk is full")

    site = GrowingSite(refuse)
    site.catch_up()
    clock.now += FIRST_SECONDS
    with pytest.raises(UsageError):
        site.more()
    assert site.is_behind


def test_catching_up_writes_at_once(clock: Clock) -> None:
    written: list[float] = []
    site = GrowingSite(taking(clock, lambda: 1, written))
    site.more()
    site.catch_up()
    assert len(written) == 1
    assert not site.is_behind
