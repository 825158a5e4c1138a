"""Pictures of any kind of pixel as RGB of eight bits: what cameras and instruments write reaches much further."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def as_rgb(image: Image.Image) -> Image.Image:
    """Return a picture of any mode as RGB; what is transparent becomes white."""
    if image.mode == "F" or image.mode.startswith("I"):
        image = Image.fromarray(eight_bits(np.asarray(image)))
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def eight_bits(values: NDArray[Any]) -> NDArray[Any]:
    """Return a picture's values (height, width), integers of any number of bits or floats, as 0 to 255.

    Integers are taken to be of as few bits as hold the largest, of 8, 10, 12, 14 and 16, so 12 bits in a file of 16 are
    not black. Floats go from 0 to 1, or to 255. Any other range is stretched. What is no number is black.
    """
    if not np.isfinite(values).any():
        return np.zeros(values.shape, np.uint8)
    low, high = _range(values)
    scaled = (values.astype(np.float32) - low) * np.float32(255 / (high - low))
    return np.asarray(np.rint(np.nan_to_num(scaled, nan=0, posinf=255, neginf=0)).clip(0, 255), np.uint8)


def _range(values: NDArray[Any]) -> tuple[float, float]:
    """Return the values that stand for black and white."""
    finite = values if values.dtype.kind != "f" else values[np.isfinite(values)]
    low, high = float(finite.min()), float(finite.max())
    if low >= 0 and values.dtype.kind != "f":
        bits = max(8, int(high).bit_length())
        return 0.0, high if bits > 16 else float(2 ** (bits + bits % 2) - 1)
    if low >= 0 and high <= 255:
        return 0.0, 1.0 if high <= 1 else 255.0
    return low, high if high > low else low + 1.0
