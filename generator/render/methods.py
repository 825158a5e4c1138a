"""What a method of activation maximisation consists of: its variable, what the network is shown, and its update."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from generator.render.backend import Tensor

Array = NDArray[Any]
ops = keras.ops

Variable = tuple[Tensor, ...]
"""What is optimised, and what else its gradient is taken at; the first axis of each is the picture."""

GRADIENT_SCALE = 1e10
"""What gradients are multiplied by before Adam squares them: where gradients vanish in a deep network, their squares
are zero in float32."""

EPSILON, LEAST = 1e-6, 1e-30
"""Adam's epsilon relative to the picture's largest mean gradient, as a fixed one can exceed all of a small gradient;
and its least value."""

ObjectiveOfImages = Callable[[Tensor, int], Tensor]
"""What is maximised: from images (n * views, height, width, channels), and the views each picture has, to (n,)."""


class Method(Protocol):
    """What ``render.optimize`` uses of a method."""

    def start(self, rng: np.random.Generator) -> tuple[Array, ...]:
        """Return the variable of one picture, drawn by its own generator."""

    def draws(self, rng: np.random.Generator, steps: int) -> Array:
        """Return (steps, k): one picture's random numbers for every step."""

    def objective_value(self, variable: Variable, draw: Tensor, noise: Tensor, objective: ObjectiveOfImages) -> Tensor:
        """Return (n,): what is maximised. ``draw`` is (n, k); ``noise`` (2,) seeds the noise of a whole batch."""

    def moments(self, variable: tuple[Array, ...]) -> tuple[Array, ...]:
        """Return the moments of the update before the first step."""

    def update(
        self, variable: Variable, gradient: Variable, moments: Variable, step: Tensor
    ) -> tuple[Variable, Variable]:
        """Return the variable and the moments after one step of gradient ascent; ``step`` counts from 1."""

    def pictures(self, variable: Variable) -> Array:
        """Return the pictures (n, height, width, channels shown) with values from 0 to 1."""

    def restart_without_gradient(self, variable: Variable) -> Variable | None:
        """Return another start for pictures that had no gradient at the first one, if the method has one."""

    def opacity(self, moments: Variable) -> Array | None:
        """Return (n, height, width): the alpha channel; None if the method gives none.

        It is 0 where the objective did not depend on the picture, 1 is opaque.
        """


def adam_denominator(second: Tensor) -> Tensor:
    """Return what Adam divides by, from its unbiased mean of squared gradients (n, ...)."""
    size = ops.sqrt(second)
    largest = ops.max(size, axis=tuple(range(1, len(size.shape))), keepdims=True)
    return size + ops.maximum(EPSILON * largest, LEAST)
