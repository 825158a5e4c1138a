"""Pictures of any kind of pixel become eight bits by the range that their values are of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from generator.imaging.eight_bits import as_rgb, eight_bits


@pytest.mark.case("dark-photos")
@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([0, 128, 255], np.uint16, [0, 128, 255]),
        ([0, 512, 1023], np.uint16, [0, 128, 255]),
        ([0, 2048, 4095], np.uint16, [0, 128, 255]),
        ([0, 2048, 2100], np.uint16, [0, 128, 131]),  # a dark one of twelve bits
        ([0, 8192, 16383], np.uint16, [0, 128, 255]),
        ([0, 32768, 65535], np.uint16, [0, 128, 255]),
        ([0, 1_500_000, 2_000_000], np.int32, [0, 191, 255]),
        ([-100, 0, 100], np.int32, [0, 128, 255]),
        ([0, 0, 0], np.uint16, [0, 0, 0]),
        ([0, 0.5, 1], np.float32, [0, 128, 255]),
        ([0, 0.1, 0.2], np.float32, [0, 26, 51]),
        ([0, 128, 255], np.float32, [0, 128, 255]),
        ([-1, 0, 1], np.float32, [0, 128, 255]),
        ([0, 500, 1000], np.float32, [0, 128, 255]),
        ([-3, -3, -3], np.float32, [0, 0, 0]),
        ([0.5, np.nan, np.inf], np.float32, [128, 0, 255]),
        ([np.nan, np.nan, np.nan], np.float32, [0, 0, 0]),
    ],
)
def test_values_of_any_range(values: list[float], kind: Any, expected: list[int]) -> None:
    with np.errstate(all="raise"):
        assert eight_bits(np.array([values], kind)).tolist() == [expected]


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "CMYK", "1", "LA", "F", "I", "I;16"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    image = Image.new("L", (4, 4), 255).convert("I").convert(mode) if mode == "I;16" else None
    white = image or Image.new("RGB", (4, 4), "white").convert(mode)
    made = as_rgb(white)
    assert made.mode == "RGB"
    assert made.getextrema() == ((255, 255),) * 3
