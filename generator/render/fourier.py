"""The default method: waves in decorrelated colours, optimised by Adam under random transforms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import keras
import numpy as np

from generator.render import waves
from generator.render.backend import Tensor, normal_noise
from generator.render.colour import to_display
from generator.render.methods import GRADIENT_SCALE, Array, ObjectiveOfImages, Variable, adam_denominator
from generator.render.transforms import RandomTransforms

ops = keras.ops

START_DEVIATION, RESTART_GAIN = 0.01, 30.0
BETAS = (0.5, 0.999)
"""Adam's usual first one, 0.9, averages over steps under other random transforms: it costs a tenth of the score."""

FINAL_RATE = 0.1
"""The part of the learning rate that is left at the end; it falls linearly, so that pictures lose their speckles."""


@dataclass(frozen=True)
class Fourier:
    """Pictures whose amplitudes fall with frequency as natural images' do.

    The canvas is a margin larger than the picture on every side, unless the network takes one size only: it pads its
    input with zeros, and a filter's response to that edge does not belong in its picture. A picture made of waves
    continues periodically, so the transforms never show anything but picture. Waves longer than ``longest`` pixels are
    flat colour to a unit of an early layer; they may not grow faster than those that it can see. While optimising,
    waves are added up in ``dtype``; finished pictures are in float32.
    """

    canvas: tuple[int, int]
    picture: tuple[int, int]
    channels: int
    learning_rate: float
    steps: int
    transforms: RandomTransforms
    longest: float = math.inf
    dtype: str = "float32"

    def start(self, rng: np.random.Generator) -> tuple[Array, ...]:
        """Return small noise, laid out as ``render.waves`` says: (height, channels, width)."""
        height, width = self.canvas
        return (rng.normal(0, START_DEVIATION, (height, self.channels, width)).astype(np.float32),)

    def draws(self, rng: np.random.Generator, steps: int) -> Array:
        """Return one affine map for every step (steps, 8)."""
        return self.transforms.draw(rng, steps, *self.canvas).astype(np.float32)

    def objective_value(self, variable: Variable, draw: Tensor, noise: Tensor, objective: ObjectiveOfImages) -> Tensor:
        """Return the objective on the transformed canvas."""
        shown = self._canvas(variable[0], self.dtype)
        if self.transforms.moves:
            # The nearest pixel, not a mixture: the gradient of the finest waves stays whole, in half the time.
            shown = ops.image.affine_transform(shown, draw, "nearest", fill_mode="wrap", data_format="channels_last")
        if self.transforms.noise:
            shown = shown + self.transforms.noise * normal_noise(ops.shape(shown), noise)
        return objective(shown, 1)

    def moments(self, variable: tuple[Array, ...]) -> tuple[Array, ...]:
        """Return Adam's two running means."""
        return np.zeros_like(variable[0]), np.zeros_like(variable[0])

    def update(
        self, variable: Variable, gradient: Variable, moments: Variable, step: Tensor
    ) -> tuple[Variable, Variable]:
        """Make one step of Adam (Kingma and Ba, ICLR 2015, algorithm 1), shorter and shorter ones."""
        scaled = GRADIENT_SCALE * gradient[0]
        first = BETAS[0] * moments[0] + (1 - BETAS[0]) * scaled
        second = BETAS[1] * moments[1] + (1 - BETAS[1]) * ops.square(scaled)
        unbiased = first / (1 - ops.power(BETAS[0], step)), second / (1 - ops.power(BETAS[1], step))
        rate = self.learning_rate * (1 - (1 - FINAL_RATE) * (step - 1) / self.steps)
        return (variable[0] + rate * unbiased[0] / adam_denominator(unbiased[1]),), (first, second)

    def pictures(self, variable: Variable) -> Array:
        """Return the canvas without its margin."""
        top, left = ((c - p) // 2 for c, p in zip(self.canvas, self.picture, strict=True))
        canvas = np.asarray(self._canvas(ops.convert_to_tensor(variable[0]), "float32"))
        return canvas[:, top : top + self.picture[0], left : left + self.picture[1]]

    def restart_without_gradient(self, variable: Variable) -> Variable:
        """Return the start with more contrast: on a faint one, a layer below the target may be inactive everywhere."""
        return (variable[0] * RESTART_GAIN,)

    def opacity(self, moments: Variable) -> None:
        """Return None: every pixel counts."""
        return None

    def _canvas(self, variable: Tensor, dtype: str) -> Tensor:
        scale = waves.scale(*self.canvas, self.longest)[:, None, :]
        amplitudes = variable * ops.cast(scale, variable.dtype)
        if dtype == "bfloat16":
            return to_display(ops.cast(waves.to_pixels(ops.cast(amplitudes, dtype)), variable.dtype))
        return to_display(waves.to_pixels(amplitudes))
