"""The words for filters that embed, the directive and the element share."""

from __future__ import annotations

import pytest

from generator.site.selection import (
    EXPECTED_SELECTION,
    SiteSelection,
    Strongest,
    filter_count_text,
    parse_selection,
    select_filters,
    selection_text,
)
from tests.site.records import layer

WORDS: list[tuple[str, SiteSelection]] = [
    ("all", "all"),
    (" 7 ", 7),
    ("5,0,7", (5, 0, 7)),
    ("5, 0 ,5,", (5, 0)),
    ("5,", (5,)),
    (",0", (0,)),
    ("strongest:6", Strongest(6)),
    ("strongest: 12", Strongest(12)),
]


@pytest.mark.parametrize(("text", "selection"), WORDS)
def test_words_are_read_and_written(text: str, selection: SiteSelection) -> None:
    assert parse_selection(text) == selection
    assert parse_selection(selection_text(selection)) == selection


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "0",
        "-1",
        "1.5",
        "most",
        "1;2",
        "1 2",
        "1 2,3",
        "1,x",
        "strongest",
        "strongest:0",
        "strongest:13",
        "\u0663",
    ],
)
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected all, ") as caught:
        parse_selection(text)
    assert str(caught.value) == EXPECTED_SELECTION


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        ("all", (1, 3, 4, 8, 9)),
        (2, (1, 4)),
        (99, (1, 3, 4, 8, 9)),
        (Strongest(2), (9, 1)),
        (Strongest(12), (9, 1, 8)),
        ((8, 1), (8, 1)),
        ((7,), (7,)),  # whoever asks has to see that there is none
    ],
)
def test_filters_are_chosen(selection: SiteSelection, chosen: tuple[int, ...]) -> None:
    shown = layer("a", "001-a", (1, 3, 4, 8, 9), strongest=(9, 1, 8))
    assert select_filters(selection, shown) == chosen


@pytest.mark.parametrize(
    ("shown", "of", "text"), [(64, 512, "64 of 512 filters"), (512, 512, "512 filters"), (1, 1, "1 filter")]
)
def test_filters_are_counted(shown: int, of: int, text: str) -> None:
    assert filter_count_text(shown, of) == text
