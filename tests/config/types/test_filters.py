from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from generator.config.types.filters import FilterSelection
from generator.config.values import MostActive

SELECTION: TypeAdapter[Any] = TypeAdapter(FilterSelection)


@pytest.mark.parametrize(
    ("given", "expected"),
    [("all", "all"), (8, 8), ([3, 0, 3], (3, 0)), ({"most_active": 2}, MostActive(2))],
)
def test_a_selection(given: object, expected: object) -> None:
    assert SELECTION.validate_python(given) == expected


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("none", ""),
        (0, ""),
        (True, ""),
        (2.0, ""),
        ([], ""),
        ([-1], ""),
        ({"most_active": 0}, ""),
        ({"most_activ": 2}, ". Did you mean most_active?"),
    ],
)
def test_what_is_none_is_told(given: object, hint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SELECTION.validate_python(given, strict=True)
    (error,) = caught.value.errors()
    expected = "expected all, a number above zero, a list of filter indices, or {most_active: 8}, got "
    assert error["msg"] == f"Value error, {expected}{given!r}{hint}"
