"""Pictures as sums of waves, with the amplitude of natural images as their natural scale.

Source: Olah, Mordvintsev and Schubert, "Feature Visualization", Distill 2017, section "Preconditioning and
parameterization"; constants from Lucid, ``optvis/param/spatial.py``. Lucid's variable is a complex spectrum. Here it is
the real, separable Hartley transform of the picture (Bracewell, "Discrete Hartley transform", J. Opt. Soc. Am. 1983,
eq. 1, once for each axis). Both hold the same waves: each four of one length, which Lucid keeps as two complex
numbers, are four real ones. But this one takes two real matrix products, and no cuts.
"""

from __future__ import annotations

import math

import keras
import numpy as np
from numpy.typing import NDArray

from generator.render.backend import Tensor

Array = NDArray[np.float64]
ops = keras.ops

DECAY = 0.75
"""How fast amplitudes fall with frequency. 1, as in natural images and in Lucid, is right where each wave goes steps of
one length; here a wave's steps are longer where its gradient is, see ``render.fourier``."""

SOFTNESS = 0.3
"""The deviation, in pixels, of the Gaussian that every picture is seen through: pixel grain excites many filters, and
says nothing to the eye."""

AMPLITUDE = 0.25


def frequencies(height: int, width: int) -> Array:
    """Return the frequency, in cycles for each pixel, of every wave (height, width)."""
    values: Array = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None, :])
    return values


def scale(height: int, width: int, longest: float = math.inf) -> Array:
    """Return what each wave is multiplied by (height, width): falling with its frequency.

    Waves beyond the ``longest`` length (pixels) get no more than one of that length. The root of two makes a number
    count as much as each part of a complex one in Lucid's.
    """
    lowest = max(1.0 / max(height, width), 1.0 / longest)
    frequency = frequencies(height, width)
    falling = math.sqrt(2) * AMPLITUDE / np.maximum(frequency, lowest) ** DECAY
    scales: Array = falling * np.exp(-2 * (math.pi * SOFTNESS * frequency) ** 2)
    return scales


def bands(height: int, width: int) -> NDArray[np.int32]:
    """Return the band of each wave (height, width), numbered from 0: waves of about one length are in one band."""
    return np.round(frequencies(height, width) * max(height, width)).astype(np.int32)


def seen_through(height: int, width: int, deviations: Tensor) -> Tensor:
    """Return what Gaussians of these deviations (n,), in pixels, leave of each wave (n, height, width), as a factor."""
    squares = ops.cast(-2 * (math.pi * frequencies(height, width)) ** 2, deviations.dtype)
    return ops.exp(squares[None] * ops.square(deviations)[:, None, None])


def waves(side: int) -> Array:
    """Return the waves along one axis as rows (side, side): an orthogonal and symmetric matrix, its own inverse."""
    angle = 2 * np.pi * (np.outer(np.arange(side), np.arange(side)) % side) / side
    values: Array = (np.cos(angle) + np.sin(angle)) / np.sqrt(side)
    return values


def to_pixels(amplitudes: Tensor) -> Tensor:
    """Return the pixels (n, height, width, channels) of waves (n, height, channels, width).

    Channels stand between the axes so that both products run over whole rows. Products run at the speed of the
    convolutions, which TensorFlow's FFT does not.
    """
    height, channels, width = amplitudes.shape[1:]
    down, across = (ops.cast(waves(side), amplitudes.dtype) for side in (height, width))
    columns = ops.matmul(down, ops.reshape(amplitudes, (-1, height, channels * width)))
    pixels = ops.matmul(ops.reshape(columns, (-1, width)), across)
    return ops.transpose(ops.reshape(pixels, (-1, height, channels, width)), (0, 1, 3, 2))
