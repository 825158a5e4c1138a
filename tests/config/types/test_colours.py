from __future__ import annotations

import pytest

from generator.config.types.colours import NAMES, hex_colour


@pytest.mark.parametrize(
    ("given", "expected"),
    [("#1a6", "#11aa66"), ("#11AA66", "#11aa66"), (" Teal ", "#008080"), ("rebeccapurple", "#663399")],
)
def test_a_colour_is_six_digits(given: str, expected: str) -> None:
    assert hex_colour(given) == expected


@pytest.mark.parametrize(
    ("given", "hint"), [("#1a", ""), ("1a6", ""), (None, ""), (116, ""), ("rgb(1,2,3)", ""), ("teel", "teal")]
)
def test_anything_else_is_told_with_the_nearest_name(given: object, hint: str) -> None:
    with pytest.raises(ValueError, match=r'expected a colour such as "#1a6" or "#11aa66", in quotes') as caught:
        hex_colour(given)
    assert str(caught.value).endswith(f"got {given!r}" + (f". Did you mean {hint}?" if hint else ""))


def test_all_names_of_css_are_known() -> None:
    """CSS Color 4 has 148, counting both ways to write gray."""
    assert len(NAMES) == 148
    assert all(hex_colour(value) == value for value in NAMES.values())
