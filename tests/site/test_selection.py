"""The words for filters that embed, the directive and the element share."""

from __future__ import annotations

import pytest

from generator.site.selection import EXPECTED, Strongest, Wanted, choose, parse, write

WORDS: list[tuple[str, Wanted]] = [
    ("all", "all"),
    (" 7 ", 7),
    ("5,0,7", (5, 0, 7)),
    ("5, 0 ,5,", (5, 0)),
    ("5,", (5,)),
    (",0", (0,)),
    ("strongest:6", Strongest(6)),
    ("strongest: 12", Strongest(12)),
]


@pytest.mark.parametrize(("text", "wanted"), WORDS)
def test_words_are_read_and_written(text: str, wanted: Wanted) -> None:
    assert parse(text) == wanted
    assert parse(write(wanted)) == wanted


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
        parse(text)
    assert str(caught.value) == EXPECTED


@pytest.mark.parametrize(
    ("wanted", "chosen"),
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
def test_filters_are_chosen(wanted: Wanted, chosen: tuple[int, ...]) -> None:
    assert choose(wanted, (1, 3, 4, 8, 9), (9, 1, 8)) == chosen
