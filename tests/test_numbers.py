from __future__ import annotations

import pytest

from generator.numbers import significant


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "0"),
        (-0.0, "0"),
        (4e-7, "0"),
        (1, "1"),
        (-1.2345, "\u22121.23"),
        (0.001, "0.001"),
        (0.00099, "9.9e\u221204"),
        (1234.5, "1230"),
        (99_949, "99900"),
        (123_456, "1.2e+05"),
        (-2e-6, "\u22122.0e\u221206"),
    ],
)
def test_three_digits_and_a_true_minus(number: float, expected: str) -> None:
    assert significant(number) == expected
