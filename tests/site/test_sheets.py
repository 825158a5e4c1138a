from __future__ import annotations

import pytest

from generator.site.sheets import ACROSS, PER_SHEET, place


@pytest.mark.parametrize(
    ("number", "expected"), [(0, (0, 0, 0)), (7, (0, 7, 0)), (8, (0, 0, 1)), (63, (0, 7, 7)), (64, (1, 0, 0))]
)
def test_places_are_counted_in_rows(number: int, expected: tuple[int, int, int]) -> None:
    assert place(number) == expected


def test_no_two_filters_share_a_place() -> None:
    places = {place(number) for number in range(3 * PER_SHEET)}
    assert len(places) == 3 * PER_SHEET
    assert {(column, row) for _, column, row in places} == {(c, r) for c in range(ACROSS) for r in range(ACROSS)}
