"""Decoding photos of any kind: upright, as RGB, no larger than is needed, cropped to the size that a network is fed."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from generator.errors import reason
from generator.imaging.eight_bits import as_rgb

LARGEST = 100_000_000
"""Pixels that a photo may have: it is shown at a few hundred, and must be held whole to be read."""

OVERSAMPLING = 4
"""How many times larger than it is fed a JPEG is decoded at least; it can be reduced as it is read."""

_TURNED = (5, 6, 7, 8)
"""The EXIF orientations whose width and height change places."""

File = Path | IO[bytes]


class TooLargeError(ValueError):
    """A photo of more than LARGEST pixels."""


def photo_size(file: File) -> tuple[int, int]:
    """Return a photo's (height, width) upright, of which its header alone is read.

    Raises TooLargeError, and whatever Pillow raises for what is no picture; see ``why``.
    """
    with Image.open(file) as image:
        width, height = image.size
        if width * height > LARGEST:
            raise TooLargeError(f"{width}x{height} pixels are too many")
        return (width, height) if _orientation(image) in _TURNED else (height, width)


def decoded(file: File, size: tuple[int, int] | None) -> Image.Image:
    """Return a photo upright as RGB, of any size from a given (height, width) up, or of its own if that is None.

    Raises whatever Pillow raises for a damaged one.
    """
    with Image.open(file) as image:
        if size is not None and image.width and image.height:
            longer, shorter = max(size), min(image.size)
            width, height = (max(1, side * OVERSAMPLING * longer // shorter) for side in image.size)
            image.draft(None, (width, height))
        image.load()
        return as_rgb(_upright(image))


def cropped(image: Image.Image, size: tuple[int, int], channels: int, bands: tuple[int, ...]) -> NDArray[Any]:
    """Return the middle of a photo at a size (height, width), as pixels (height, width, channels) 0 to 255.

    Three ``bands`` take its red, green and blue; any other channel takes its gray.
    """
    fitted = image
    if image.size != (size[1], size[0]):
        fitted = ImageOps.fit(image, (size[1], size[0]), Image.Resampling.LANCZOS)
    if channels == len(bands) == 3:
        return np.asarray(fitted)[..., np.argsort(bands)]
    pixels = np.repeat(np.asarray(fitted.convert("L"))[..., None], channels, axis=2)
    if channels >= len(bands) == 3:
        pixels[..., list(bands)] = np.asarray(fitted)
    return pixels


def why(error: Exception) -> str:
    """Return in a few words why a photo could not be decoded."""
    if isinstance(error, UnidentifiedImageError):
        return "not a picture that Pillow can read"
    if isinstance(error, Image.DecompressionBombError):
        return "its pixels are too many"
    return getattr(error, "strerror", None) or (reason(error) if str(error) else "cannot be decoded")


@contextmanager
def quietly() -> Iterator[None]:
    """Keep Pillow's warnings, which do not name the photo, off the terminal. It is not for several threads at once."""
    log = logging.getLogger("PIL")
    level = log.level
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            log.setLevel(logging.CRITICAL)
            yield
    finally:
        log.setLevel(level)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # damaged EXIF makes Pillow raise many kinds; the picture is there all the same
        return 1


def _upright(image: Image.Image) -> Image.Image:
    try:
        ImageOps.exif_transpose(image, in_place=True)
    except Exception:  # see above
        return image
    return image
