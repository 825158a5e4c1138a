"""Pictures as Fourier spectra, with the amplitude of natural images as their natural scale.

Source: Olah, Mordvintsev and Schubert, "Feature Visualization", Distill 2017, section "Preconditioning and
parameterization"; constants from Lucid, ``optvis/param/spatial.py``.
"""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from generator.render.backend import Tensor

Array = NDArray[np.float64]

DECAY = 1.0
AMPLITUDE = 0.25


def frequencies(height: int, width: int) -> Array:
    """Return the frequency, in cycles for each pixel, of every term of a half-spectrum (height, width // 2 + 1)."""
    found: Array = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    return found


def scale(height: int, width: int) -> Array:
    """Return what each term of the half-spectrum is multiplied by: falling with its frequency."""
    lowest = 1.0 / max(height, width)
    scales: Array = AMPLITUDE * np.sqrt(height * width) / np.maximum(frequencies(height, width), lowest) ** DECAY
    return scales


def inverse_transform(height: int, width: int) -> tuple[Array, Array]:
    """Return matrices ``(rows, columns)`` that make of a half-spectrum its picture by two products.

    With the real part of the spectrum stacked on the imaginary one, ``z`` (2 * height, width // 2 + 1),
    ``numpy.fft.irfft2`` is ``sides(rows @ z) @ columns`` where ``sides`` puts the lower half of its argument to the
    right of the upper. Products run at the speed of the convolutions; the FFT of TensorFlow does not, and has no
    counterpart in two dimensions in ``keras.ops``.
    """
    u = np.arange(height)
    angle = 2 * np.pi * np.outer(u, u) / height
    rows = np.block([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / height
    v = np.arange(width // 2 + 1)
    angle = 2 * np.pi * np.outer(v, np.arange(width)) / width
    twice = np.where((v == 0) | (2 * v == width), 1.0, 2.0)[:, None]  # the other half of the spectrum mirrors this one
    columns = np.concatenate([twice * np.cos(angle), -twice * np.sin(angle)]) / width
    return rows, columns


def to_pixels(spectrum: Tensor, height: int, width: int) -> Tensor:
    """Return the pixels (n, height, width, channels) of scaled spectra (n, channels, 2 * height, width // 2 + 1)."""
    rows, columns = (keras.ops.cast(m, spectrum.dtype) for m in inverse_transform(height, width))
    half = keras.ops.matmul(rows, spectrum)
    sides = keras.ops.concatenate([half[:, :, :height], half[:, :, height:]], axis=-1)
    return keras.ops.transpose(keras.ops.matmul(sides, columns), (0, 2, 3, 1))
