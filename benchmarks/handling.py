"""What happens to a picture on its way to an eye, and what it looks like in numbers."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter

from benchmarks.common import Array

FINE = 0.25
"""Cycles for each pixel above which a wave is counted as fine: shorter than four pixels."""

NEAR_END = 0.02
"""A value is clipped if it is nearer to one of the ends of its range, as part of the range."""


def jpeg_and_shift(pixels: Array) -> Array:
    """Return a picture (h, w, 1 or 3), 0 to 255, after JPEG at quality 60 and a shift by four pixels."""
    buffer = io.BytesIO()
    _image(pixels).save(buffer, "JPEG", quality=60)
    return np.roll(np.asarray(Image.open(buffer)).reshape(pixels.shape), (4, 4), axis=(0, 1))


def half_a_pixel(pixels: Array) -> Array:
    """Return a picture shifted by half a pixel down and right: the means of four neighbours, its edge repeated."""
    wide = np.pad(pixels.astype(np.float32), [(0, 1), (0, 1), (0, 0)], "edge")
    mean: Array = (wide[:-1, :-1] + wide[1:, :-1] + wide[:-1, 1:] + wide[1:, 1:]) / 4
    return mean


def blur(deviation: float) -> Callable[[Array], Array]:
    """Return what blurs a picture by a Gaussian of this deviation in pixels."""
    return lambda pixels: _as_array(_image(pixels).filter(ImageFilter.GaussianBlur(deviation)), pixels)


def resized(part: float) -> Callable[[Array], Array]:
    """Return what makes a picture smaller, and as large as before again, by bilinear interpolation."""

    def there_and_back(pixels: Array) -> Array:
        image = _image(pixels)
        small = image.resize((round(image.width * part), round(image.height * part)), Image.Resampling.BILINEAR)
        return _as_array(small.resize(image.size, Image.Resampling.BILINEAR), pixels)

    return there_and_back


HANDLINGS: dict[str, Callable[[Array], Array]] = {
    "JPEG, shift": jpeg_and_shift,
    "half a pixel": half_a_pixel,
    "blur 1": blur(1.0),
    "blur 2": blur(2.0),
    "3/4": resized(3 / 4),
    "1/2": resized(1 / 2),
}
"""By the heads of their columns; each takes and returns a picture (h, w, 1 or 3) with values from 0 to 255."""

LOOKS = ("fine", "clipped", "saturation")


def looks(pixels: Array) -> tuple[float, float, float]:
    """Return what the names of ``LOOKS`` mean of a picture (h, w, 1 or 3) with values from 0 to 255.

    The share of the gray picture's power, its mean aside, in fine waves; the share of values that are clipped; the
    mean saturation (HSV).
    """
    values = pixels / 255.0
    gray = values.mean(axis=2)
    power = np.abs(np.fft.fft2(gray - gray.mean())) ** 2
    frequency = np.hypot(np.fft.fftfreq(gray.shape[0])[:, None], np.fft.fftfreq(gray.shape[1]))
    fine = power[frequency > FINE].sum() / max(power.sum(), 1e-12)
    clipped = ((values < NEAR_END) | (values > 1 - NEAR_END)).mean()
    largest = values.max(axis=2)
    saturation = (largest - values.min(axis=2)) / np.maximum(largest, 1e-6)
    return float(fine), float(clipped), float(saturation.mean())


def _image(pixels: Array) -> Image.Image:
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def _as_array(image: Image.Image, pixels: Array) -> Array:
    return np.asarray(image).reshape(pixels.shape)
