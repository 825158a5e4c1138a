"""Photos, read once and cropped to the shape in which a network is fed them."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from generator.config.values import Photo
from generator.errors import PhotoError, way_out

LARGEST = 100_000_000
"""Pixels that a photo may have: it is shown at a few hundred, and must be held whole to be read."""


@dataclass(frozen=True, eq=False)
class LoadedPhoto:
    """A photo's name, the digest of its file, and the decoded picture."""

    name: str
    digest: str
    image: Image.Image

    def fitted(self, size: tuple[int, int], channels: int, bands: tuple[int, ...] = (0, 1, 2)) -> NDArray[Any]:
        """Return the middle of the photo at a size (height, width), as pixels (height, width, channels) 0 to 255.

        Three ``bands`` take its red, green and blue; any other channel takes its gray.
        """
        fitted = ImageOps.fit(self.image, (size[1], size[0]), Image.Resampling.LANCZOS)
        pixels = np.repeat(np.asarray(fitted.convert("L"))[..., None], channels, axis=2)
        if channels >= len(bands) == 3:
            pixels[..., list(bands)] = np.asarray(fitted.convert("RGB"))
        return pixels


def _as_rgb(image: Image.Image) -> Image.Image:
    """Return a picture of any mode as RGB: sixteen bits become eight, and what is transparent becomes white."""
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image, np.float64) / 257).clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def load_photo(photo: Photo) -> LoadedPhoto:
    """Read a photo, turned upright as its EXIF orientation says.

    Raises PhotoError if it is no picture, is cut off, or is too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(photo.path) as image:
                if image.width * image.height > LARGEST:
                    raise PhotoError(
                        f"photo {photo.path}: {image.width}x{image.height} pixels are too many",
                        f"Save it smaller; {LARGEST // 1_000_000} million are read, a few hundred a side are shown",
                    )
                upright = _as_rgb(ImageOps.exif_transpose(image))
        digest = hashlib.sha256(photo.path.read_bytes()).hexdigest()
    except UnidentifiedImageError:
        raise PhotoError(f"photo {photo.path}: not a picture that Pillow can read", "Save it as JPEG or PNG") from None
    except Image.DecompressionBombError:
        raise PhotoError(f"photo {photo.path}: its pixels are too many", "Save it smaller") from None
    except PhotoError:
        raise
    except Exception as error:  # Pillow's readers raise many kinds for damaged files
        reason = getattr(error, "strerror", None) or str(error) or "cannot be decoded"
        hint = "Save it again, as JPEG or PNG"
        hint = way_out(error, hint) if isinstance(error, OSError) else hint
        raise PhotoError(f"photo {photo.path}: {reason}", hint) from None
    return LoadedPhoto(photo.name, digest, upright)
