from __future__ import annotations

import pytest

from generator.config import RenderSettings
from generator.pages import text


@pytest.mark.parametrize(
    ("value", "expected"),
    [((96, 96, 3), "96 × 96 × 3"), ((None, None, 64), "– × – × 64"), ((7,), "7"), ((), "")],
)
def test_shapes(value: tuple[int | None, ...], expected: str) -> None:
    assert text.shape(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "not known"), ((7, 9), "7 × 9"), ((-1, -1), "whole input"), ((7, -1), "whole input")],
)
def test_receptive_fields(value: tuple[int, int] | None, expected: str) -> None:
    assert text.receptive_field(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0"), (999, "999"), (1000, "1\u202f000"), (14714688, "14\u202f714\u202f688")],
)
def test_counts(value: int, expected: str) -> None:
    assert text.grouped(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1e-9, "0"),
        (-1e-9, "0"),
        (1.0, "1"),
        (1.2345, "1.23"),
        (0.05, "0.05"),
        (-0.5, "−0.5"),
        (0.0012345, "0.00123"),
        (0.00012345, "1.2e−04"),
        (-0.00012345, "−1.2e−04"),
        (99.96, "100"),
        (123.456, "123"),
        (1234.5, "1230"),
        (98765.0, "98800"),
        (99999.0, "100000"),
        (123456.0, "1.2e+05"),
    ],
)
def test_numbers_have_three_digits(value: float, expected: str) -> None:
    assert text.significant(value) == expected


@pytest.mark.parametrize(("share", "expected"), [(0.0, "0"), (0.416, "42"), (1.0, "100")])
def test_shares(share: float, expected: str) -> None:
    assert text.percent(share) == f"{expected}\u202f%"


def test_settings_are_told_line_by_line() -> None:
    made = text.settings(RenderSettings("fourier", 64, 8, 128, 0.05, 3))
    assert made == [
        ("Method", "Fourier spectrum, decorrelated colours"),
        ("Steps", "128"),
        ("Learning rate", "0.05"),
        ("Margin", "8 pixels at each side, cut off"),
        ("Seed", "3"),
    ]
    plain = dict(text.settings(RenderSettings("pixel", 96, 0, 100, 4.0, 0)))
    assert (plain["Method"], plain["Margin"]) == ("pixels, the reference method", "none")
