from __future__ import annotations

import io
import warnings

import pytest
from PIL import Image

from generator.imaging.opening import open_picture


def png(width: int, height: int, mode: str = "1") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (width, height), "white").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("size", [(1, 1), (2048, 2048), (1, 20_000)])
def test_a_picture_is_decoded(size: tuple[int, int]) -> None:
    image = open_picture(png(*size))
    assert (image.size, image.getpixel((0, 0))) == (size, 255)


@pytest.mark.case("embed-bomb")
@pytest.mark.parametrize("side", [5_000, 11_000, 20_000])
def test_a_bomb_is_refused_without_a_warning(side: int) -> None:
    """Pillow says nothing of the first, warns of the second, and refuses the third."""
    with warnings.catch_warnings(action="error"), pytest.raises(ValueError, match="has too many pixels"):
        open_picture(png(side, side))


@pytest.mark.parametrize(
    "content", [b"", b"once upon a time", png(500, 500)[:100], png(9, 9).replace(b"IDAT", b"IDAX")]
)
def test_what_is_no_picture_is_told(content: bytes) -> None:
    with pytest.raises(ValueError, match="is no picture, or a damaged one"):
        open_picture(content)
