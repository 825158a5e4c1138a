"""Random shifts, scalings and rotations: what survives them is no accident of single pixels.

Every picture has its own at every step, drawn from its seed and filter alone, so that it does not matter which
pictures share a batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Affine:
    """Limits of one random affine map: shift in parts of the picture's side, scale as a factor, rotation in degrees."""

    shift: float = 1 / 16
    scale: float = 1.1
    rotate: float = 10.0

    def draw(self, rng: np.random.Generator, steps: int, height: int, width: int) -> Array:
        """Return ``steps`` maps (steps, 8) in the form of ``keras.ops.image.affine_transform``.

        Each maps a place of the result to the place of the picture that it shows.
        """
        side = min(height, width)
        down, right, scaled, turned = rng.uniform(-1, 1, (4, steps))
        return affine(
            np.deg2rad(self.rotate) * turned,
            np.exp(np.log(self.scale) * scaled),
            self.shift * side * down,
            self.shift * side * right,
            height,
            width,
        )


def affine(angle: Array, factor: Array, down: Array, right: Array, height: int, width: int) -> Array:
    """Return maps (n, 8): turn by ``angle`` (radians), enlarge by ``factor`` about the centre, shift (pixels)."""
    cos, sin = np.cos(angle) / factor, np.sin(angle) / factor
    cy, cx = (height - 1) / 2, (width - 1) / 2
    zero = np.zeros_like(cos)
    return np.stack(
        [
            *(cos, -sin, cx - cos * (cx + right) + sin * (cy + down)),
            *(sin, cos, cy - sin * (cx + right) - cos * (cy + down)),
            *(zero, zero),
        ],
        axis=-1,
    )
