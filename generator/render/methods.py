"""What a method of activation maximisation is: what is optimised, what the network is shown, how a step is made."""

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
"""What is optimised, and with it what is watched; the first axis of each is the picture."""

LIFT = 1e10
"""What gradients are multiplied by before Adam squares them: where signals fade on their way through a deep network,
the squares would be nothing in float32."""

EPSILON, LEAST = 1e-6, 1e-30
"""Adam's epsilon as a part of the picture's largest steady gradient: a fixed one can be more than a whole faint one."""

Score = Callable[[Tensor, int], Tensor]
"""From the network's input (n * views, height, width, channels), and the views each picture has, to (n,)."""


class Method(Protocol):
    """What ``render.ascent`` needs to know of a method."""

    def start(self, rng: np.random.Generator) -> tuple[Array, ...]:
        """Return the variable of one picture, drawn by its own generator."""

    def draws(self, rng: np.random.Generator, steps: int) -> Array:
        """Return (steps, k): one picture's random numbers for every step."""

    def optimized(self, variable: Variable, draw: Tensor, noise: Tensor, score: Score) -> Tensor:
        """Return (n,): what is maximised. ``draw`` is (n, k); ``noise`` (2,) seeds the noise of a whole batch."""

    def moments(self, variable: tuple[Array, ...]) -> tuple[Array, ...]:
        """Return what the update remembers from step to step, before the first one."""

    def update(
        self, variable: Variable, gradient: Variable, moments: Variable, step: Tensor
    ) -> tuple[Variable, Variable]:
        """Return the variable and the moments after one step uphill; ``step`` counts from 1."""

    def pictures(self, variable: Variable) -> Array:
        """Return the pictures (n, height, width, channels shown) with values from 0 to 1."""

    def waken(self, variable: Variable) -> Variable | None:
        """Return another start for pictures whose first step led nowhere, if the method has one."""

    def transparency(self, moments: Variable) -> Array | None:
        """Return (n, height, width), 0 where a picture means nothing to 1, if the method can tell."""


def steady(second: Tensor) -> Tensor:
    """Return what Adam divides by, of its unbiased mean of squared gradients (n, ...)."""
    size = ops.sqrt(second)
    largest = ops.max(size, axis=tuple(range(1, len(size.shape))), keepdims=True)
    return size + ops.maximum(EPSILON * largest, LEAST)
