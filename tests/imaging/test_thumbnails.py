from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from generator.imaging.thumbnails import GAP, in_rows, scaled, strip_thumbnail, thumbnail


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def strip(slices: int, side: int = 10) -> Image.Image:
    """Return slices side by side, each of its own gray, with transparent gaps."""
    made = Image.new("RGBA", (slices * (side + GAP) - GAP, side))
    for number in range(slices):
        made.paste((20 * number, 0, 0, 255), (number * (side + GAP), 0, number * (side + GAP) + side, side))
    return made


@pytest.mark.parametrize(
    ("size", "side", "expected"),
    [((40, 20), 10, (10, 5)), ((20, 40), 80, (40, 80)), ((1000, 1), 10, (10, 1)), ((7, 7), 7, (7, 7))],
)
def test_the_longer_side_is_as_asked(size: tuple[int, int], side: int, expected: tuple[int, int]) -> None:
    assert scaled(Image.new("RGB", size), side, smooth=True).size == expected


@pytest.mark.parametrize(("smooth", "colours"), [(False, 2), (True, 9)])
def test_cells_stay_sharp_where_they_grow(smooth: bool, colours: int) -> None:
    board = Image.fromarray((np.indices((3, 3)).sum(0) % 2 * 255).astype(np.uint8))
    found = np.unique(np.asarray(thumbnail(png(board), 48, smooth))[..., 0])
    assert len(found) == colours if colours == 2 else len(found) >= colours


def test_transparency_stays_and_what_has_none_gets_none() -> None:
    modes = [scaled(image, 5, smooth=True).mode for image in (strip(1), Image.new("L", (9, 9)), Image.new("P", (9, 9)))]
    assert modes == ["RGBA", "RGB", "RGB"]


@pytest.mark.parametrize(("slices", "across", "down"), [(1, 1, 1), (2, 2, 1), (3, 2, 2), (8, 3, 3)])
def test_a_strip_is_laid_out_in_rows(slices: int, across: int, down: int) -> None:
    laid = in_rows(strip(slices)) if slices > 1 else strip(1)
    assert laid.size == (across * (10 + GAP) - GAP, down * (10 + GAP) - GAP)
    pixels = np.asarray(laid)
    for number in range(slices):
        row, column = divmod(number, across)
        assert tuple(pixels[row * (10 + GAP) + 5, column * (10 + GAP) + 5]) == (20 * number, 0, 0, 255)
    assert strip_thumbnail(png(strip(slices)), 96, slices).size == scaled(laid, 96, smooth=False).size


@pytest.mark.parametrize(
    "image", [Image.new("RGB", (90, 10)), Image.new("RGBA", (15, 10)), Image.new("RGBA", (95, 10))]
)
def test_what_is_no_strip_stays(image: Image.Image) -> None:
    assert in_rows(image) is image
