"""Decorrelated colour: optimise along the axes in which the colours of natural images vary independently.

Source: Lucid, ``optvis/param/color.py``, whose matrix is a square root of the colour covariance of ImageNet.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.render.backend import Tensor

CORRELATION = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
EDGE = 0.03
"""The part of the range, at each end, that pictures leave free."""

NORMALISED = CORRELATION / np.linalg.norm(CORRELATION, axis=0).max()


def to_display(values: Tensor) -> Tensor:
    """Map decorrelated values (n, h, w, 3), or gray ones (n, h, w, 1), to picture values from 0 to 1."""
    if values.shape[-1] == 3:
        values = keras.ops.matmul(values, keras.ops.cast(NORMALISED.T, values.dtype))
    return keras.ops.sigmoid(values)


def correlated(amplitudes: Tensor) -> Tensor:
    """Map the amplitudes of waves (n, h, 3, w) in decorrelated colours to those in red, green and blue; gray stays."""
    if amplitudes.shape[2] != 3:
        return amplitudes
    return keras.ops.einsum("dc,nhcw->nhdw", keras.ops.cast(NORMALISED, amplitudes.dtype), amplitudes)


def soft(values: Tensor) -> Tensor:
    """Map values to (EDGE, 1 - EDGE), as steeply as the sigmoid in the middle, but nearing the ends far more slowly.

    Neither black, white nor neon is reached, and what comes near them is rare.
    """
    reach = 0.5 - EDGE
    inner = values * (0.25 / reach)
    return 0.5 + reach * inner * keras.ops.rsqrt(1 + keras.ops.square(inner))


def from_display(pictures: NDArray[Any]) -> NDArray[np.float64]:
    """Return the decorrelated values whose ``soft`` pictures (n, h, w, 1 or 3) these are, as far as they reach."""
    reach = 0.5 - EDGE
    inner = np.clip((pictures - 0.5) / reach, -0.95, 0.95)
    values: NDArray[np.float64] = inner / np.sqrt(1 - np.square(inner)) * (reach / 0.25)
    return values @ np.linalg.inv(NORMALISED.T) if values.shape[-1] == 3 else values
