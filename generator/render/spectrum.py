"""Pictures as complex half-spectra, whose magnitudes and phases are numbers of their own."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from generator.render.backend import Tensor

Array = NDArray[np.float64]


def frequencies(height: int, width: int) -> Array:
    """Return the frequency, in cycles for each pixel, of every term of a half-spectrum (height, width // 2 + 1)."""
    values: Array = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    return values


def inverse_transform(height: int, width: int) -> tuple[Array, Array]:
    """Return matrices ``(rows, columns)`` that make of a half-spectrum its picture by products.

    A half-spectrum ``z`` (width // 2 + 1, 2 * height) here has its imaginary part to the right of the real one, and
    its rows along the last axis. With each matrix split into its halves, left and right of ``rows``, upper and lower
    of ``columns``, ``numpy.fft.irfft2`` is ``(z @ left).T @ upper + (z @ right).T @ lower``. Products run at the
    speed of the convolutions; the FFT of TensorFlow does not, and has no counterpart in two dimensions in
    ``keras.ops``.
    """
    u = np.arange(height)
    angle = 2 * np.pi * np.outer(u, u) / height
    rows = np.block([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) / height
    v = np.arange(width // 2 + 1)
    angle = 2 * np.pi * np.outer(v, np.arange(width)) / width
    twice = np.where((v == 0) | (2 * v == width), 1.0, 2.0)[:, None]  # the other half of the spectrum mirrors this one
    columns = np.concatenate([twice * np.cos(angle), -twice * np.sin(angle)]) / width
    return rows, columns


def to_pixels(spectrum: Tensor, height: int, width: int) -> Tensor:
    """Return the pixels (n, height, width, channels) of scaled spectra (n, channels, width // 2 + 1, 2 * height)."""
    rows, columns = (keras.ops.cast(m, spectrum.dtype) for m in inverse_transform(height, width))
    # Four products rather than two and a cut: the gradient of cutting costs more than all products together.
    real, imaginary = (
        keras.ops.transpose(keras.ops.matmul(spectrum, side), (0, 1, 3, 2))
        for side in (rows[:, :height], rows[:, height:])
    )
    terms = width // 2 + 1
    pixels = keras.ops.matmul(real, columns[:terms]) + keras.ops.matmul(imaginary, columns[terms:])
    return keras.ops.transpose(pixels, (0, 2, 3, 1))
