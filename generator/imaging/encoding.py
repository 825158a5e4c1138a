"""Encodes arrays as picture files, and decodes them; the colours of feature maps and kernels."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generator.errors import UsageError

Array = NDArray[Any]

QUALITY = 90
"""Of lossy WebP. At 80 the scores are 1 % lower (``make bench``); these small pictures are shown enlarged."""

SEQUENTIAL = ("#0b1026", "#2b2a63", "#6a2f7a", "#b43f6b", "#ea6c4c", "#fbb04b", "#fdf3c4")
"""The colours of activations from zero to the peak: lightness rises evenly, so that it also reads in gray."""

DIVERGING = ("#123a6b", "#3f7fb8", "#a9cbe3", "#f5f3ef", "#efb79b", "#cf6046", "#7d1c2b")
"""The colours from negative (blue) through zero (near white) to positive (red)."""


def webp(picture: Array, lossless: bool = False) -> bytes:
    """Return a picture (height, width, 1, 3 or 4) with values from 0 to 1 as a WebP file."""
    return encode(to_bytes(picture), lossless)


def to_bytes(picture: Array) -> Array:
    """Return values from 0 to 1 as bytes, 0 to 255; what is no number is black."""
    return np.asarray(np.round(np.clip(np.nan_to_num(picture), 0, 1) * 255), np.uint8)


def encode(pixels: Array, lossless: bool = False) -> bytes:
    """Return pixels (height, width, 1, 3 or 4), 0 to 255, as a WebP file."""
    buffer = io.BytesIO()
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    # Colours below transparent pixels are kept: pictures are scored by them.
    image.save(buffer, "WEBP", quality=QUALITY, lossless=lossless, method=4, exact=True)
    return buffer.getvalue()


def decode(content: bytes, channels: int = 3) -> Array:
    """Return a file's pixels (height, width, channels), 0 to 255; ``channels`` is 1 for gray or 3."""
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("L" if channels == 1 else "RGB")).reshape(image.height, image.width, channels)


def coloured_channels(pictures: Array) -> Array:
    """Return pictures (..., 1 or 3) as (..., 3)."""
    return np.repeat(pictures, 3, axis=-1) if pictures.shape[-1] == 1 else pictures


def coloured(values: Array, colours: tuple[str, ...]) -> Array:
    """Map values from 0 to 1 to colours (..., 3) from 0 to 1, between evenly spaced anchors."""
    anchors = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colours]) / 255
    places = np.linspace(0, 1, len(anchors))
    return np.stack([np.interp(values, places, anchors[:, channel]) for channel in range(3)], axis=-1)


def map_picture(activation: Array, signed: bool) -> Array:
    """Return a feature map (height, width) as colours, scaled by its own peak.

    Without ``signed``, zero is the darkest colour. With it (where activations can be negative) zero is the middle one.
    What is no finite number is shown as zero.
    """
    activation = np.nan_to_num(activation, posinf=0, neginf=0)
    peak = float(np.abs(activation).max()) or 1.0
    if signed:
        return coloured(activation / peak / 2 + 0.5, DIVERGING)
    return coloured(np.clip(activation / peak, 0, 1), SEQUENTIAL)


def colour_kernel(weights: Array) -> Array:
    """Return first-layer weights (height, width, 1 or 3) as a picture, scaled by their peak: zero is mid-gray."""
    return enlarged(weights / (2 * float(np.abs(weights).max()) or 1.0) + 0.5)


def slice_strip(slices: Array) -> Array:
    """Return kernel slices (k, height, width) side by side on a common scale, with transparent gaps, as RGBA."""
    peak = float(np.abs(slices).max()) or 1.0
    tiles = [enlarged(coloured(s / peak / 2 + 0.5, DIVERGING), 48) for s in slices]
    gap = np.zeros((tiles[0].shape[0], 6, 4))
    row: list[Array] = []
    for tile in tiles:
        row += [np.concatenate([tile, np.ones((*tile.shape[:2], 1))], axis=-1), gap]
    return np.concatenate(row[:-1], axis=1)


def enlarged(pixels: Array, side: int = 112) -> Array:
    """Repeat whole pixels until the shorter side is about ``side``: a kernel's cells stay sharp."""
    factor = max(1, side // min(pixels.shape[:2]))
    return pixels.repeat(factor, axis=0).repeat(factor, axis=1)


def picture_format(path: Path) -> str:
    """Return Pillow's name of the format that a path's suffix names.

    Raises UsageError for a format that is not offered.
    """
    kind = {".png": "PNG", ".webp": "WEBP", ".jpg": "JPEG", ".jpeg": "JPEG"}.get(path.suffix.lower())
    if kind is None:
        raise UsageError(f"cannot write {path}: its name should end in .png, .webp or .jpg")
    return kind


def picture_file(picture: Array, kind: str) -> bytes:
    """Return a picture (height, width, 1 or 3) with values from 0 to 1 as a file of a format that Pillow knows."""
    pixels = to_bytes(picture)
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(buffer, kind, quality=QUALITY)
    return buffer.getvalue()
