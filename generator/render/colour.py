"""Decorrelated colour: optimise along the axes in which the colours of natural images vary independently.

Source: Lucid, ``optvis/param/color.py``, whose matrix is a square root of the colour covariance of ImageNet.
"""

from __future__ import annotations

import keras
import numpy as np

from generator.render.backend import Tensor

CORRELATION = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
NORMALISED = CORRELATION / np.linalg.norm(CORRELATION, axis=0).max()


def to_display(values: Tensor) -> Tensor:
    """Map decorrelated values (n, h, w, 3), or gray ones (n, h, w, 1), to picture values from 0 to 1."""
    if values.shape[-1] == 3:
        values = keras.ops.matmul(values, keras.ops.cast(NORMALISED.T, values.dtype))
    return keras.ops.sigmoid(values)
