from __future__ import annotations

import re

import pytest

from generator.pages.diagram.figures import CHANNELS, SIDE, box, figure

MOST = (80.0, 40.0)


def test_the_largest_fills_the_room_and_what_is_larger_too() -> None:
    assert box((SIDE, SIDE, CHANNELS), MOST) == box((4 * SIDE, SIDE, 4 * CHANNELS), MOST) == MOST


def test_both_sides_grow_with_the_logarithm() -> None:
    wide = [box((8, 8, n), MOST)[0] for n in (64, 128, 256)]
    high = [box((n, n, 8), MOST)[1] for n in (8, 16, 32)]
    assert wide[1] - wide[0] == pytest.approx(wide[2] - wide[1])
    assert high[1] - high[0] == pytest.approx(high[2] - high[1])
    assert wide[0] < wide[1]
    assert high[0] < high[1]


def test_what_is_not_known_or_tiny_is_still_seen() -> None:
    assert box((None, None, 8), MOST)[1] == 20
    assert box((1, 1, 1), (10.0, 10.0)) == (3.0, 3.0)


@pytest.mark.parametrize("kind", ["conv", "dense", "pool", "up", "other", "join"])
def test_a_figure_is_a_closed_path_around_its_middle(kind: str) -> None:
    path = figure(kind, 50, 30, 20, 10)
    assert path.startswith("M")
    assert path.endswith("Z")
    first = [float(number) for number in re.findall(r"-?[\d.]+", path)[:2]]
    assert 40 <= first[0] <= 60
    assert 25 <= first[1] <= 35


def test_kinds_that_differ_look_different() -> None:
    paths = {kind: figure(kind, 50, 30, 20, 10) for kind in ("conv", "dense", "pool", "up", "other", "join")}
    assert paths["conv"] == paths["dense"] == "M40.0 25.0H60.0V35.0H40.0Z"
    assert paths["pool"] == "M40.0 25.0H60.0L55 35.0H45Z"
    assert len({*paths.values()}) == 5
