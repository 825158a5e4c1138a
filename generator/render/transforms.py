"""Random shifts, scalings, rotations and noise, applied to the picture before every step.

Every picture has its own maps at every step, drawn from its seed and filter alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generator.config import values

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RandomTransforms:
    """Random transforms in their order, each with its limit.

    ``shift`` is in parts of the picture's shorter side, ``scale`` a factor, ``rotate`` in degrees: each is drawn
    uniformly from minus to plus its limit (a scale from its reciprocal, evenly in logarithms). ``noise`` is the
    deviation of normal noise in parts of the range of values.
    """

    transforms: values.Transforms

    @property
    def moves(self) -> bool:
        """Tell whether there is any map to apply."""
        return any(kind != "noise" for kind, _ in self.transforms)

    @property
    def noise(self) -> float:
        """Return the deviation of all noise together."""
        return float(np.sqrt(sum(limit**2 for kind, limit in self.transforms if kind == "noise")))

    def draw(self, rng: np.random.Generator, steps: int, height: int, width: int) -> Array:
        """Return ``steps`` maps (steps, 8) in the form of ``keras.ops.image.affine_transform``.

        Each maps a place of the result to the place of the picture that it shows.
        """
        side = min(height, width)
        maps = np.repeat(np.eye(3)[None], steps, axis=0)
        still = np.zeros(steps)
        for kind, limit in self.transforms:
            first, second = rng.uniform(-1, 1, (2, steps))
            if kind == "shift":
                transform = affine(still, still + 1, limit * side * first, limit * side * second, height, width)
            elif kind == "scale":
                transform = affine(still, np.exp(np.log(limit) * first), still, still, height, width)
            elif kind == "rotate":
                transform = affine(np.deg2rad(limit) * first, still + 1, still, still, height, width)
            else:
                continue
            maps = maps @ as_matrix(transform)  # the last transform is the first to look back through
        return maps.reshape(steps, 9)[:, :8]


def as_matrix(maps: Array) -> Array:
    """Return maps (n, 8) as matrices (n, 3, 3) on (x, y, 1)."""
    return np.concatenate([maps, np.ones((len(maps), 1))], axis=1).reshape(-1, 3, 3)


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
