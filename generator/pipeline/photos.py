"""Photos, decoded one at a time, when they are needed, and cropped to the shape in which a network is fed them."""

from __future__ import annotations

import hashlib
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from generator.config.values import Photo
from generator.errors import PhotoError, reason, way_out
from generator.imaging.eight_bits import as_rgb

LARGEST = 100_000_000
"""Pixels that a photo may have: it is shown at a few hundred, and must be held whole to be read."""

OVERSAMPLING = 4
"""How many times larger than it is fed a JPEG is decoded at least; it can be reduced as it is read."""

DARK = 32
"""A photo of which no value is above this, of 255, is all dark."""


@dataclass(frozen=True, eq=False)
class PhotoFile:
    """A photo by its name and the digest of its file.

    ``decode`` returns the picture upright as RGB, of any size from a given (height, width) up, or of its own if that
    is None. It raises PhotoError where the file is damaged.
    """

    name: str
    digest: str
    decode: Callable[[tuple[int, int] | None], Image.Image]

    def fitted(self, size: tuple[int, int], channels: int, bands: tuple[int, ...] = (0, 1, 2)) -> NDArray[Any]:
        """Return the middle of the photo at a size (height, width), as pixels (height, width, channels) 0 to 255.

        Three ``bands`` take its red, green and blue; any other channel takes its gray. Raises PhotoError.
        """
        fitted = ImageOps.fit(self.decode(size), (size[1], size[0]), Image.Resampling.LANCZOS)
        pixels = np.repeat(np.asarray(fitted.convert("L"))[..., None], channels, axis=2)
        if channels >= len(bands) == 3:
            pixels[..., list(bands)] = np.asarray(fitted)
        return pixels

    def is_dark(self) -> bool:
        """Decode the photo, and tell whether all of it is dark, so that filters see next to nothing in it.

        Raises PhotoError.
        """
        bands: Any = self.decode((1, 1)).getextrema()
        return bool(max(high for _, high in bands) <= DARK)


def open_photo(photo: Photo) -> PhotoFile:
    """Return a photo that is decoded later, turned upright as its EXIF orientation says.

    Raises PhotoError if it is no picture, or is too large.
    """
    with _readable(photo.path):
        with Image.open(photo.path) as image:
            if image.width * image.height > LARGEST:
                raise PhotoError(
                    f"photo {photo.path}: {image.width}x{image.height} pixels are too many",
                    f"Save it smaller; {LARGEST // 1_000_000} million are read, a few hundred a side are shown",
                )
        with photo.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    return PhotoFile(photo.name, digest, partial(_decoded, photo.path))


def _decoded(path: Path, size: tuple[int, int] | None) -> Image.Image:
    with _readable(path), Image.open(path) as image:
        if size is not None and image.width and image.height:
            longer, shorter = max(size), min(image.size)
            width, height = (max(1, side * OVERSAMPLING * longer // shorter) for side in image.size)
            image.draft(None, (width, height))
        image.load()
        return as_rgb(_upright(image))


def _upright(image: Image.Image) -> Image.Image:
    try:
        ImageOps.exif_transpose(image, in_place=True)
    except Exception:  # damaged EXIF makes Pillow raise many kinds; the picture is there all the same
        return image
    return image


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what Pillow raises into PhotoError, and keep its warnings, which do not name the photo, off the terminal."""
    log = logging.getLogger("PIL")
    level = log.level
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            log.setLevel(logging.CRITICAL)
            yield
    except UnidentifiedImageError:
        raise PhotoError(f"photo {path}: not a picture that Pillow can read", "Save it as JPEG or PNG") from None
    except Image.DecompressionBombError:
        raise PhotoError(f"photo {path}: its pixels are too many", "Save it smaller") from None
    except PhotoError:
        raise
    except Exception as error:  # Pillow's readers raise many kinds for damaged files
        why = getattr(error, "strerror", None) or (reason(error) if str(error) else "cannot be decoded")
        hint = "Save it again, as JPEG or PNG"
        hint = way_out(error, hint) if isinstance(error, OSError) else hint
        raise PhotoError(f"photo {path}: {why}", hint) from None
    finally:
        log.setLevel(level)
