"""Opening the picture files of a site, which may be somebody else's: none takes more memory than one of ours."""

from __future__ import annotations

import io
import warnings
from threading import Lock

from PIL import Image

MAX_PIXELS = 2**24
"""Our largest pictures have a quarter of this, 2,048 pixels a side."""

_OPENING = Lock()
"""What warnings are told is the same for all threads."""


def open_picture(content: bytes) -> Image.Image:
    """Return the picture that a file holds, decoded.

    Raises ValueError, with what is wrong, if it is no picture, is damaged, or has too many pixels to be one of a site.
    """
    try:
        with _OPENING, warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
            image = Image.open(io.BytesIO(content))
        if image.width * image.height <= MAX_PIXELS:
            image.load()
            return image
    except Image.DecompressionBombError:
        pass
    except Exception as error:  # Pillow's readers raise many kinds for damaged files
        raise ValueError("is no picture, or a damaged one") from error
    raise ValueError("has too many pixels")
