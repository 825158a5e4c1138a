"""The two methods of activation maximisation: what is optimised, what the network is shown, and how a step is made.

``Fourier`` is the default. ``Pixel`` is the method of the notebooks that this project grows from, kept exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from generator.models.load import LoadedModel
from generator.render import objective, spectrum
from generator.render.backend import Tensor
from generator.render.colour import to_display
from generator.render.transforms import Affine

Array = NDArray[Any]
ops = keras.ops


class Method(Protocol):
    """What ``render.ascent`` needs to know of a method."""

    def start(self, rng: np.random.Generator) -> Array:
        """Return the variable of one picture, drawn by its own generator."""

    def draws(self, rng: np.random.Generator, steps: int) -> Array:
        """Return (steps, k): one picture's random numbers for every step."""

    def objective(self, variable: Tensor, draw: Tensor, wanted: Tensor) -> Tensor:
        """Return (n,): what is maximised, for the variables of n pictures."""

    def moments(self, variable: Array) -> tuple[Array, ...]:
        """Return what the update remembers from step to step, before the first one."""

    def update(
        self, variable: Tensor, gradient: Tensor, moments: tuple[Tensor, ...], step: Tensor
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return the variable and the moments after one step uphill; ``step`` counts from 1."""

    def pictures(self, variable: Array) -> Array:
        """Return the pictures (n, height, width, channels shown) with values from 0 to 1."""


@dataclass(frozen=True)
class Fourier:
    """A spectrum in decorrelated colours, climbed by Adam through a random affine map at every step.

    The canvas is a margin larger than the picture on every side, unless the network takes one size only: it pads its
    input with zeros, and what a filter makes of that edge does not belong into its picture. Answers there count
    nothing. A spectrum's picture continues periodically, so
    the maps never look at anything but picture.
    """

    model: LoadedModel
    layer: int
    canvas: tuple[int, int]
    picture: tuple[int, int]
    learning_rate: float
    affine: Affine = field(default_factory=Affine)

    SPREAD = 0.01
    BETAS = (0.9, 0.999)
    EPSILON = 1e-8

    def start(self, rng: np.random.Generator) -> Array:
        """Return a spectrum (channels, 2 * height, width // 2 + 1) of small noise, real parts over imaginary ones."""
        height, width = self.canvas
        channels = self.model.card.channels
        return rng.normal(0, self.SPREAD, (channels, 2 * height, width // 2 + 1)).astype(np.float32)

    def draws(self, rng: np.random.Generator, steps: int) -> Array:
        """Return one affine map for every step (steps, 8)."""
        return self.affine.draw(rng, steps, *self.canvas).astype(np.float32)

    def objective(self, variable: Tensor, draw: Tensor, wanted: Tensor) -> Tensor:
        """Return the response to the canvas as the affine maps show it."""
        shown = ops.image.affine_transform(self._canvas(variable), draw, fill_mode="wrap", data_format="channels_last")
        inner = self.picture[0] / self.canvas[0], self.picture[1] / self.canvas[1]
        return objective.ascent_objective(self.model, self.layer, as_input(self.model, shown * 255.0), wanted, inner)

    def moments(self, variable: Array) -> tuple[Array, ...]:
        """Return Adam's two running means."""
        return np.zeros_like(variable), np.zeros_like(variable)

    def update(
        self, variable: Tensor, gradient: Tensor, moments: tuple[Tensor, ...], step: Tensor
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Make one step of Adam (Kingma and Ba, ICLR 2015, algorithm 1)."""
        first = self.BETAS[0] * moments[0] + (1 - self.BETAS[0]) * gradient
        second = self.BETAS[1] * moments[1] + (1 - self.BETAS[1]) * ops.square(gradient)
        unbiased = first / (1 - ops.power(self.BETAS[0], step)), second / (1 - ops.power(self.BETAS[1], step))
        change = self.learning_rate * unbiased[0] / (ops.sqrt(unbiased[1]) + self.EPSILON)
        return variable + change, (first, second)

    def pictures(self, variable: Array) -> Array:
        """Return the canvas without its margin."""
        top, left = ((c - p) // 2 for c, p in zip(self.canvas, self.picture, strict=True))
        canvas = np.asarray(self._canvas(ops.convert_to_tensor(variable)))
        return canvas[:, top : top + self.picture[0], left : left + self.picture[1]]

    def _canvas(self, variable: Tensor) -> Tensor:
        height, width = self.canvas
        scale = spectrum.scale(height, width)
        scaled = variable * ops.cast(np.concatenate([scale, scale]), variable.dtype)
        return to_display(spectrum.to_pixels(scaled, height, width))


@dataclass(frozen=True)
class Pixel:
    """The reference method: uniform noise fed to the network as it is, and steps along the normalised gradient."""

    model: LoadedModel
    layer: int
    size: tuple[int, int]
    learning_rate: float

    TINY = 1e-12

    def start(self, rng: np.random.Generator) -> Array:
        """Return an input (height, width, channels) uniform in [0, 1]."""
        return rng.uniform(0, 1, (*self.size, self.model.card.channels)).astype(keras.config.floatx())

    def draws(self, rng: np.random.Generator, steps: int) -> Array:
        """Return nothing random: (steps, 0)."""
        return np.zeros((steps, 0), np.float32)

    def objective(self, variable: Tensor, draw: Tensor, wanted: Tensor) -> Tensor:
        """Return the mean of the filter's channel in the layer's own output."""
        return objective.layer_output(self.model, self.layer, variable, wanted)

    def moments(self, variable: Array) -> tuple[Array, ...]:
        """Return nothing to remember."""
        return ()

    def update(
        self, variable: Tensor, gradient: Tensor, moments: tuple[Tensor, ...], step: Tensor
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Go ``learning_rate`` along the gradient, its L2 norm over the image being one."""
        squares = ops.sum(ops.square(gradient), axis=(1, 2, 3), keepdims=True)
        return variable + self.learning_rate * gradient * ops.rsqrt(ops.maximum(squares, self.TINY)), ()

    def pictures(self, variable: Array) -> Array:
        """Return each image stretched from its lowest to its highest value."""
        low, high = (f(variable, axis=(1, 2, 3), keepdims=True) for f in (np.min, np.max))
        stretched: Array = (variable - low) / np.maximum(high - low, self.TINY)
        return stretched


def as_input(model: LoadedModel, pictures: Tensor) -> Tensor:
    """Return what the network takes for pictures (n, height, width, channels) with values from 0 to 255."""
    preprocess = model.card.preprocess
    matrix, offset = (ops.cast(np.array(part), pictures.dtype) for part in (preprocess.matrix, preprocess.offset))
    return ops.matmul(pictures, matrix) + offset
