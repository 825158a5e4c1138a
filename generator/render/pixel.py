"""Plain gradient ascent on pixels: uniform noise fed as it is, and steps along the normalised gradient."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np

from generator.render.backend import Tensor
from generator.render.methods import Array, ObjectiveOfImages, Variable

ops = keras.ops

TINY = 1e-12


@dataclass(frozen=True)
class Pixel:
    """The method of the notebooks that this project grows from; ``size`` and ``channels`` are the input's."""

    size: tuple[int, int]
    channels: int
    learning_rate: float

    def start(self, rng: np.random.Generator) -> tuple[Array, ...]:
        """Return an input (height, width, channels) uniform in [0, 1]."""
        return (rng.uniform(0, 1, (*self.size, self.channels)).astype(keras.config.floatx()),)

    def draws(self, rng: np.random.Generator, steps: int) -> Array:
        """Return nothing random: (steps, 0)."""
        return np.zeros((steps, 0), np.float32)

    def objective_value(self, variable: Variable, draw: Tensor, noise: Tensor, objective: ObjectiveOfImages) -> Tensor:
        """Return the objective on the pixels as they are."""
        return objective(variable[0], 1)

    def moments(self, variable: tuple[Array, ...]) -> tuple[Array, ...]:
        """Return no moments."""
        return ()

    def update(
        self, variable: Variable, gradient: Variable, moments: Variable, step: Tensor
    ) -> tuple[Variable, Variable]:
        """Go ``learning_rate`` along the gradient, its L2 norm over the image being one."""
        squares = ops.sum(ops.square(gradient[0]), axis=(1, 2, 3), keepdims=True)
        return (variable[0] + self.learning_rate * gradient[0] * ops.rsqrt(ops.maximum(squares, TINY)),), ()

    def pictures(self, variable: Variable) -> Array:
        """Return each image stretched from its lowest to its highest value."""
        image = np.asarray(variable[0])
        low, high = (f(image, axis=(1, 2, 3), keepdims=True) for f in (np.min, np.max))
        stretched: Array = (image - low) / np.maximum(high - low, TINY)
        return stretched

    def restart_without_gradient(self, variable: Variable) -> None:
        """Return None: without a gradient, pixels stay where they are."""
        return None

    def opacity(self, moments: Variable) -> None:
        """Return None: every pixel counts."""
        return None
