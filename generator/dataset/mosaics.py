"""The pictures of examples: the parts of images that excite a filter in one file, and whole images in sheets."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generator.dataset.boxes import Box

Array = NDArray[Any]

CELL = 96
"""The side of an example in a mosaic, in pixels."""

WHOLE_SIDE = 128
"""The longer side of a whole image, at most."""

WHOLE_ACROSS = 8
PER_SHEET = WHOLE_ACROSS * WHOLE_ACROSS

SHARP = 16
"""A part of an image of no more pixels than this a side is enlarged with sharp pixels, so that each can be seen."""

BEYOND = (128, 128, 128)
"""What stands in an example where a unit sees beyond the image."""

QUALITY = 80


def shown(pixels: Array, bands: Sequence[int]) -> NDArray[np.uint8]:
    """Return an image (height, width, channels) as RGB; values beyond 0 to 255 are stretched into it."""
    picture = pixels[..., list(bands)].astype(np.float32)
    low, high = float(picture.min()), float(picture.max())
    if low < 0 or high > 255:
        picture = (picture - low) * (255 / max(high - low, 1e-12))
    rounded = np.rint(picture).clip(0, 255).astype(np.uint8)
    return np.repeat(rounded, 3, axis=2) if rounded.shape[2] == 1 else rounded


def crop(picture: NDArray[np.uint8], box: Box) -> Image.Image:
    """Return a part of an RGB image as a square of CELL pixels; what is missing for that is gray."""
    top, left, height, width = box
    part = Image.fromarray(picture[top : top + height, left : left + width])
    scale = CELL / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    sharp = max(height, width) <= SHARP
    part = part.resize(size, Image.Resampling.NEAREST if sharp else Image.Resampling.BICUBIC)
    if size == (CELL, CELL):
        return part
    square = Image.new("RGB", (CELL, CELL), BEYOND)
    square.paste(part, ((CELL - size[0]) // 2, (CELL - size[1]) // 2))
    return square


def centre(middle: tuple[float, float] | None, box: Box) -> tuple[int, int] | None:
    """Return where a point (y, x) of an image is in the cell that ``crop`` makes of a box of it: (x, y) in pixels."""
    if middle is None:
        return None
    top, left, height, width = box
    scale = CELL / max(height, width)
    return (
        round((middle[1] - left - width / 2) * scale + CELL / 2),
        round((middle[0] - top - height / 2) * scale + CELL / 2),
    )


def across(count: int) -> int:
    """Return how many examples stand side by side in the mosaic of so many."""
    return math.ceil(math.sqrt(count))


def mosaic_size(count: int, columns: int) -> tuple[int, int]:
    """Return the (width, height) in pixels of a mosaic of so many examples."""
    return min(count, columns) * CELL, -(-count // columns) * CELL


def mosaic(cells: Sequence[Image.Image], columns: int) -> bytes:
    """Return a WebP of examples, row by row."""
    return _webp(drawn(cells, columns))


def drawn(cells: Sequence[Image.Image], columns: int) -> Image.Image:
    """Return a picture of examples, row by row."""
    sheet = Image.new("RGB", mosaic_size(len(cells), columns), "white")
    for number, cell in enumerate(cells):
        row, column = divmod(number, columns)
        sheet.paste(cell, (column * CELL, row * CELL))
    return sheet


def whole_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return the (width, height) of a whole image on a sheet, of one that is fed at a size (height, width)."""
    scale = min(1.0, WHOLE_SIDE / max(size))
    return max(1, round(size[1] * scale)), max(1, round(size[0] * scale))


def whole(picture: NDArray[np.uint8]) -> Image.Image:
    """Return a whole RGB image as a sheet shows it."""
    height, width = picture.shape[:2]
    return Image.fromarray(picture).resize(whole_size((height, width)), Image.Resampling.LANCZOS)


def sheet_size(count: int, size: tuple[int, int]) -> tuple[int, int]:
    """Return the (width, height) of a sheet of so many whole images."""
    width, height = whole_size(size)
    return min(count, WHOLE_ACROSS) * width, -(-count // WHOLE_ACROSS) * height


def sheet(images: Sequence[Image.Image]) -> bytes:
    """Return a WebP of at most PER_SHEET whole images, eight in a row."""
    width, height = images[0].size
    picture = Image.new("RGB", (min(len(images), WHOLE_ACROSS) * width, -(-len(images) // WHOLE_ACROSS) * height))
    for number, image in enumerate(images):
        row, column = divmod(number, WHOLE_ACROSS)
        picture.paste(image, (column * width, row * height))
    return _webp(picture)


def _webp(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=QUALITY, method=4)
    return buffer.getvalue()
