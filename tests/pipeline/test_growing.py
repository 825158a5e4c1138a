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
    site = GrowingSite(taking(clock, lambda: 1, written), 100)
    for _ in range(4):
        clock.now += FIRST_SECONDS / 5
        site.more()
    assert written == []
    assert site.is_behind
    assert site.seconds == 0


@pytest.mark.parametrize("each", [0.0, 0.002, 0.01, 0.3])
@pytest.mark.parametrize("fixed", [0.05, 0.5])
@pytest.mark.parametrize("sooner", [0, 20])
def test_it_costs_its_share_of_the_time(clock: Clock, fixed: float, each: float, sooner: int) -> None:
    """Sixteen pictures come each five seconds. Of the first times it is not known yet what a picture's pages take.

    Before that, ``sooner`` times, there is more to show, but no picture.
    """
    began, written, fresh = clock.now, list[float](), 0
    costs: list[float] = []

    def cost() -> float:
        nonlocal fresh
        costs.append(fixed + each * fresh)
        fresh = 0
        return costs[-1]

    site = GrowingSite(taking(clock, cost, written), 6400)
    for _ in range(sooner):
        clock.now += 1
        site.more()
    for _ in range(400):
        clock.now += 5
        fresh += 16
        site.more(16)
        unknown = [c for c in costs if c > fixed][:2]
    assert site.seconds - costs[0] - sum(unknown) <= SHARE * (clock.now - began)
    assert written[0] - began == pytest.approx(5)
    if each < 0.3:  # else a page takes longer than its picture
        assert site.seconds > 0.3 * SHARE * (clock.now - began) or len(written) >= 400
    assert sum(unknown) < 0.15 * (fixed + each * 6400)  # of what writing all of it takes


def test_what_cannot_be_written_at_the_end_stays(clock: Clock) -> None:
    def refuse() -> None:
        raise UsageError("the disk is full")

    site = GrowingSite(refuse, 100)
    site.catch_up()
    clock.now += FIRST_SECONDS
    with pytest.raises(UsageError):
        site.more()
    assert site.is_behind


def test_catching_up_writes_at_once(clock: Clock) -> None:
    written: list[float] = []
    site = GrowingSite(taking(clock, lambda: 1, written), 100)
    site.more()
    site.catch_up()
    assert len(written) == 1
    assert not site.is_behind


def test_it_shows_twice_as_many_as_soon_as_the_whole_build_allows(clock: Clock) -> None:
    """A fast build, whose pages take a tenth of the time: it is not spared for the end."""
    fresh, done, shown = 0, 0, list[int]()

    def write() -> None:
        nonlocal fresh
        clock.now += 0.1 + 0.02 * fresh
        fresh = 0
        shown.append(done)

    site = GrowingSite(write, 600)
    clock.now += 5
    site.more()
    for _ in range(37):
        clock.now += 3
        fresh, done = fresh + 16, done + 16
        site.more(16)
    assert shown == [0, 16, 32, 64, 128, 256]
    assert site.seconds < SHARE * 120
