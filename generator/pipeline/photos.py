"""Photos, decoded one at a time, when they are needed, and cropped to the shape in which a network is fed them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from generator.config.values import Photo
from generator.errors import PhotoError, way_out
from generator.imaging.decoding import LARGEST, TooLargeError, cropped, decoded, photo_size, quietly, why

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
        return cropped(self.decode(size), size, channels, bands)

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
        photo_size(photo.path)
        with photo.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    return PhotoFile(photo.name, digest, partial(_decoded, photo.path))


def _decoded(path: Path, size: tuple[int, int] | None) -> Image.Image:
    with _readable(path):
        return decoded(path, size)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what Pillow raises into PhotoError."""
    try:
        with quietly():
            yield
    except PhotoError:
        raise
    except TooLargeError as error:
        hint = f"Save it smaller; {LARGEST // 1_000_000} million are read, a few hundred a side are shown"
        raise PhotoError(f"photo {path}: {error}", hint) from None
    except Exception as error:  # Pillow's readers raise many kinds for damaged files
        if isinstance(error, UnidentifiedImageError):
            hint = "Save it as JPEG or PNG"
        elif isinstance(error, Image.DecompressionBombError):
            hint = "Save it smaller"
        else:
            hint = "Save it again, as JPEG or PNG"
            hint = way_out(error, hint) if isinstance(error, OSError) else hint
        raise PhotoError(f"photo {path}: {why(error)}", hint) from None
