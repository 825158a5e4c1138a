from __future__ import annotations

import pytest

from generator.config.values import ObjectiveSpec, Transforms, complete_settings
from generator.numbers import significant
from generator.pages import template_filters as text


@pytest.mark.parametrize(
    ("value", "expected"),
    [((96, 96, 3), "96 × 96 × 3"), ((None, None, 64), "– × – × 64"), ((7,), "7"), ((), "")],
)
def test_shapes(value: tuple[int | None, ...], expected: str) -> None:
    assert text.shape(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((96, 96, 3), "96 × 96 × 3"),
        ((None, None, 3), "any size × 3"),
        ((None, 64, 13), "any × 64 × 13"),
        ((None,), "any"),
    ],
)
def test_input_shapes(value: tuple[int | None, ...], expected: str) -> None:
    assert text.input_shape(value) == expected


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
    assert significant(value) == expected


@pytest.mark.parametrize(("share", "expected"), [(0.0, "0"), (0.416, "42"), (1.0, "100")])
def test_shares(share: float, expected: str) -> None:
    assert text.percent(share) == f"{expected}\u202f%"


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (((3, 1.0),), "3"),
        (((3, 1.0), (7, -1.0)), "3 − 7"),
        (((3, -1.0), (7, 1.0)), "−3 + 7"),
        (((0, -0.5), (7, 2.0)), "−0.5 × 0 + 2 × 7"),
        (((0, 1.0), (1, 5.0), (2, -3.0), (3, 0.1), (4, 2.0), (5, 0.2)), "0 + 5 × 1 − 3 × 2 + 2 × 4 and 2 more"),
    ],
)
def test_directions(weights: tuple[tuple[int, float], ...], expected: str) -> None:
    assert text.direction(weights) == expected


SHAKEN: Transforms = (("shift", 1 / 16), ("scale", 1.1), ("rotate", 10.0))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((), "none"),
        (SHAKEN, "shift up to 1/16 of the side, scale up to 1.1, rotation up to 10°"),
        ((("noise", 0.05), ("shift", 0.3)), "noise of 5\u202f% of the range, shift up to 30\u202f% of the side"),
        ((("shift", 0.5), ("shift", 0.0)), "shift up to 1/2 of the side, shift up to 0\u202f% of the side"),
    ],
)
def test_transforms_are_told_in_their_order(value: Transforms, expected: str) -> None:
    assert text.transforms(value) == expected


POSITIVE, NEGATIVE = "positive: maximised", "negative: minimised, before the activation function"


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (
            {"margin": 8, "steps": 99, "learning_rate": 0.05, "transforms": SHAKEN, "seed": 3, "precision": "float32"},
            {
                "Method": "Fourier spectrum, decorrelated colours",
                "Objective": "spatial mean of channel 5",
                "Sign": POSITIVE,
                "Steps": "99",
                "Learning rate": "0.05",
                "Transforms": "shift up to 1/16 of the side, scale up to 1.1, rotation up to 10°",
                "Margin": "8 pixels at each side, cut off",
                "Precision": "float32",
                "Seed": "3",
            },
        ),
        (
            {
                "method": "pixel",
                "objective": (ObjectiveSpec("neuron"),),
                "sign": "negative",
                "steps": 100,
                "learning_rate": 4.0,
                "precision": "float32",
            },
            {
                "Method": "pixels, plain gradient ascent",
                "Objective": "centre unit of channel 5",
                "Sign": NEGATIVE,
                "Steps": "100",
                "Learning rate": "4",
                "Precision": "float32",
                "Seed": "0",
            },
        ),
        (
            {
                "method": "maco",
                "objective": (ObjectiveSpec("direction", ((5, 1.0), (7, -1.0))),),
                "diversity": 3,
                "steps": 128,
                "learning_rate": 1.0,
                "crops": 16,
                "precision": "bfloat16",
            },
            {
                "Method": "MaCo: the phases of a spectrum with the magnitudes of natural images",
                "Objective": "spatial mean of channels 5 − 7",
                "Sign": POSITIVE,
                "Steps": "128",
                "Learning rate": "1",
                "Crops": "16 at each step, of decreasing size, with noise",
                "Diversity": "3 pictures, with a penalty on similar ones",
                "Precision": "bfloat16 (the score always in float32)",
                "Seed": "0",
            },
        ),
    ],
)
def test_settings_are_told_line_by_line_where_they_have_an_effect(
    chosen: dict[str, object], expected: dict[str, str]
) -> None:
    assert text.settings(complete_settings(chosen), 5) == list(expected.items())
