"""Thumbnails of picture files: scaled to a side, strips of kernel slices laid out in rows."""

from __future__ import annotations

import io
import math
import re

from PIL import Image

GAP = 6
"""Pixels between two slices of a strip, as ``encoding.slice_strip`` makes them."""


def thumbnail(content: bytes, side: int, smooth: bool) -> Image.Image:
    """Return a picture file as an image whose longer side is ``side`` pixels; unless ``smooth``, cells stay sharp."""
    with Image.open(io.BytesIO(content)) as opened:
        return scaled(opened, side, smooth)


def strip_thumbnail(content: bytes, side: int, slices: int) -> Image.Image:
    """Return a strip of kernel slices, in rows, as an image whose longer side is ``side`` pixels."""
    with Image.open(io.BytesIO(content)) as opened:
        return scaled(_in_grid(_plain(opened), slices), side, smooth=False)


def in_rows(image: Image.Image) -> Image.Image:
    """Return a strip of kernel slices in rows, as its thumbnail has them; any other picture as it is."""
    if not image.has_transparency_data or image.width < 2 * image.height:
        return image
    strip = image.convert("RGBA")
    line = strip.getchannel("A").crop((0, 0, strip.width, 1)).tobytes()
    slices = len(re.findall(b"[^\\0]+", line))
    return _in_grid(strip, slices) if slices and (strip.width + GAP) % slices == 0 else image


def scaled(image: Image.Image, side: int, smooth: bool) -> Image.Image:
    """Return an image whose longer side is ``side`` pixels; unless ``smooth``, enlarged cells stay sharp."""
    image = _plain(image)
    scale = side / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS if smooth or scale < 1 else Image.Resampling.NEAREST)


def _plain(image: Image.Image) -> Image.Image:
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _in_grid(strip: Image.Image, slices: int) -> Image.Image:
    """Return the slices of a strip in rows: eight side by side would be only a line in a square thumbnail."""
    width, across = (strip.width + GAP) // slices - GAP, math.ceil(math.sqrt(slices))
    grid = Image.new("RGBA", (across * (width + GAP) - GAP, -(-slices // across) * (strip.height + GAP) - GAP))
    for number in range(slices):
        row, column = divmod(number, across)
        left = number * (width + GAP)
        kernel_slice = strip.crop((left, 0, left + width, strip.height))
        grid.paste(kernel_slice, (column * (width + GAP), row * (strip.height + GAP)))
    return grid
