"""The bundled photos as pixels, for what is checked of a network before anyone asks for pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from generator.assets import PHOTOS, photo_path


def bundled_photos(size: tuple[int, int], channels: int) -> NDArray[Any]:
    """Return the photos' middles (n, height, width, channels), 0 to 255: in colour for three channels, else gray."""
    photos = []
    for name in PHOTOS:
        with Image.open(photo_path(name)) as opened:
            fitted = ImageOps.fit(opened.convert("RGB"), (size[1], size[0]), Image.Resampling.LANCZOS)
        pixels = np.asarray(fitted if channels == 3 else fitted.convert("L"))
        photos.append(np.broadcast_to(pixels.reshape(*size, -1), (*size, channels)))
    return np.stack(photos)
