"""MaCo: the magnitudes are fixed to a fit to the mean spectrum of natural images, only the phases are optimised.

Source: Fel et al., "Unlocking Feature Visualization for Deeper Networks with MAgnitude Constrained Optimization",
NeurIPS 2023, sections 4.1 (constraint) and 4.2 (transparency). The magnitudes follow a fit to ImageNet's mean in
decorrelated colours, r(f) ~ f^-1.27 exp(-(f / 0.28)^2); their scale cancels, so that no data is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from generator.render import spectrum
from generator.render.backend import Tensor, crops_of, normal_noise, uniform_noise
from generator.render.colour import to_display
from generator.render.methods import GRADIENT_SCALE, Array, ObjectiveOfImages, Variable, adam_denominator

ops = keras.ops

DECAY, CUTOFF = 1.27, 0.28
FIRST_CROP, LAST_CROP = 0.5, 0.05
"""Parts of the picture's side that a crop has at the first and at the last step."""

PLACE_DEVIATION, SIDE_DEVIATION = 0.15, 0.05
NORMAL_NOISE, UNIFORM_NOISE = 0.08, 0.04
BETAS = (0.9, 0.999)
TINY = 1e-5
OPAQUE_FROM = 80
"""The percentile of the gradients' sums from which on the picture is opaque."""


@dataclass(frozen=True)
class Maco:
    """Phases of every frequency, seen through ``crops`` random crops at each step."""

    picture: tuple[int, int]
    shown: tuple[int, int]
    channels: int
    learning_rate: float
    crops: int

    def start(self, rng: np.random.Generator) -> tuple[Array, ...]:
        """Return random phases (channels, width // 2 + 1, height), and zeros at which the pixels' gradient is taken."""
        height, width = self.picture
        phases = rng.uniform(-np.pi, np.pi, (self.channels, width // 2 + 1, height))
        return phases.astype(np.float32), np.zeros((height, width, self.channels), np.float32)

    def draws(self, rng: np.random.Generator, steps: int) -> Array:
        """Return every step's boxes (steps, crops * 4): top, left, bottom, right in parts of the picture."""
        deviation = SIDE_DEVIATION * rng.normal(size=(steps, self.crops))
        side = np.linspace(FIRST_CROP, LAST_CROP, steps)[:, None] + deviation
        half = np.clip(side, LAST_CROP / 2, 1.0) / 2
        middle = np.clip(0.5 + PLACE_DEVIATION * rng.normal(size=(2, steps, self.crops)), half, 1 - half)
        boxes = np.stack([middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half], axis=-1)
        return boxes.reshape(steps, -1).astype(np.float32)

    def objective_value(self, variable: Variable, draw: Tensor, noise: Tensor, objective: ObjectiveOfImages) -> Tensor:
        """Return the mean objective of the crops, each enlarged to what the network is shown and made noisy."""
        pictures = self._pictures(variable[0]) + variable[1]
        boxes = ops.reshape(draw, (-1, 4))
        owners = ops.repeat(ops.arange(ops.shape(draw)[0]), self.crops)
        crops = crops_of(pictures, boxes, owners, self.shown)
        shape = ops.shape(crops)
        crops = crops + NORMAL_NOISE * normal_noise(shape, noise) + UNIFORM_NOISE * uniform_noise(shape, noise + 1)
        return objective(crops, self.crops)

    def moments(self, variable: tuple[Array, ...]) -> tuple[Array, ...]:
        """Return Nadam's two running means and schedule, and the sum of the pixels' gradients."""
        phases, pixels = variable
        return np.zeros_like(phases), np.zeros_like(phases), np.ones((), np.float32), np.zeros_like(pixels[..., 0])

    def update(
        self, variable: Variable, gradient: Variable, moments: Variable, step: Tensor
    ) -> tuple[Variable, Variable]:
        """Make one step of Nadam (Dozat 2016, with Keras's momentum schedule)."""
        now, then = (BETAS[0] * (1 - 0.5 * ops.power(0.96, step + k)) for k in (0, 1))
        product = moments[2] * now
        scaled = GRADIENT_SCALE * gradient[0]
        first = BETAS[0] * moments[0] + (1 - BETAS[0]) * scaled
        second = BETAS[1] * moments[1] + (1 - BETAS[1]) * ops.square(scaled)
        ahead = then * first / (1 - product * then) + (1 - now) * scaled / (1 - product)
        size = adam_denominator(second / (1 - ops.power(BETAS[1], step)))
        seen = moments[3] + ops.mean(ops.absolute(gradient[1]), axis=-1)
        return (variable[0] + self.learning_rate * ahead / size, variable[1]), (first, second, product, seen)

    def pictures(self, variable: Variable) -> Array:
        """Return the whole pictures."""
        return np.asarray(self._pictures(ops.convert_to_tensor(variable[0])))

    def restart_without_gradient(self, variable: Variable) -> None:
        """Return None: its starts have the contrast of photos already."""
        return None

    def opacity(self, moments: Variable) -> Array:
        """Return the sum of each pixel's gradients, relative to the 80th percentile of them, at most 1."""
        seen = np.asarray(moments[3], np.float64)
        top = np.percentile(seen, OPAQUE_FROM, axis=(1, 2), keepdims=True)
        return np.clip(seen / np.maximum(top, 1e-30), 0, 1)

    def _pictures(self, phases: Tensor) -> Tensor:
        height, width = self.picture
        axes = (1, 2, 3)
        centred = phases - ops.mean(phases, axis=axes, keepdims=True)
        phase = centred / (ops.std(phases, axis=axes, keepdims=True) + TINY)
        size = ops.cast(magnitude(height, width).T, phases.dtype)
        pixels = spectrum.to_pixels(
            ops.concatenate([size * ops.cos(phase), size * ops.sin(phase)], axis=3), height, width
        )
        pixels = pixels - ops.mean(pixels, axis=axes, keepdims=True)
        return to_display(pixels / (ops.std(pixels, axis=axes, keepdims=True) + TINY))


def magnitude(height: int, width: int) -> NDArray[np.float64]:
    """Return the magnitude of every term of a half-spectrum (height, width // 2 + 1), as of natural images.

    It is largest at the lowest frequencies; the constant term is left out.
    """
    frequency = spectrum.frequencies(height, width)
    frequency[0, 0] = 1.0
    magnitudes: NDArray[np.float64] = frequency**-DECAY * np.exp(-((frequency / CUTOFF) ** 2))
    magnitudes[0, 0] = 0.0
    return magnitudes * height * width
