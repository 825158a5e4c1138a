"""The default method: waves in decorrelated colours, optimised by Adam under random blur and transforms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import keras
import numpy as np

from generator.render import waves
from generator.render.backend import Tensor, normal_noise
from generator.render.colour import correlated, from_display, soft
from generator.render.methods import GRADIENT_SCALE, Array, ObjectiveOfImages, Variable, adam_denominator
from generator.render.transforms import RandomTransforms

ops = keras.ops

SEEN_WAVES = 3
"""The longest waves that grow freely, in receptive fields of the target layer. Without this limit early layers'
pictures saturate in flat colour before any pattern grows in them."""

START_DEVIATION, RESTART_GAIN = 0.01, 30.0
BETAS = (0.5, 0.999)
"""Adam's usual first one, 0.9, averages over steps under other random transforms: it costs a tenth of the score."""

FINAL_RATE = 0.1
"""The part of the learning rate that is left at the end; it falls linearly, so that pictures lose their speckles."""

WHITENING = 0.5
"""How much Adam evens out the lengths of waves. With 1 each band of frequencies goes steps of one length, with 0 all
waves share one scale, and what the filter cares little about hardly changes. Directions and colours always share
theirs: evened out, too, they turn into grain and a rainbow."""

SMALL_FIELD, LARGEST_GAIN = 14, 2
"""For receptive fields below ``SMALL_FIELD`` pixels, steps are longer and waves evened out more, in that proportion, at
most twice as much: few waves matter to a unit that sees little, and flat colour would outgrow its pattern."""

BLUR, SEEN_BLUR = 2.0, 1 / 6
"""The largest deviation of the random blur at the first step, in pixels and in receptive fields: the lesser one holds.
It falls to nothing at the last step. What only excites the filter pixel by pixel does not survive it."""


@dataclass(frozen=True)
class Fourier:
    """Pictures whose amplitudes fall with frequency as natural images' do.

    The canvas is a margin larger than the picture on every side, unless the network takes one size only: it pads its
    input with zeros, and a filter's response to that edge does not belong in its picture. A picture made of waves
    continues periodically, so the transforms never show anything but picture. ``field`` is the larger side of the
    target's receptive field, in pixels: waves longer than ``SEEN_WAVES`` fields are flat colour to a unit of an early
    layer, and may not grow faster than those that it can see. While optimising, waves are added up in ``dtype``;
    finished pictures are in float32. ``gentle`` is for a start that must not be lost: no blur, shifts by whole pixels.
    """

    canvas: tuple[int, int]
    picture: tuple[int, int]
    channels: int
    learning_rate: float
    steps: int
    transforms: RandomTransforms
    field: float = math.inf
    dtype: str = "float32"
    gentle: bool = False

    @property
    def gain(self) -> float:
        """Return how many times as long steps are, and as much waves evened out, as for large receptive fields."""
        return min(max(SMALL_FIELD / self.field, 1.0), LARGEST_GAIN)

    def start(self, rng: np.random.Generator) -> tuple[Array, ...]:
        """Return small noise, laid out as ``render.waves`` says: (height, channels, width)."""
        height, width = self.canvas
        return (rng.normal(0, START_DEVIATION, (height, self.channels, width)).astype(np.float32),)

    def draws(self, rng: np.random.Generator, steps: int) -> Array:
        """Return one affine map for every step, and the deviation of its blur (steps, 9)."""
        maps = self.transforms.draw(rng, steps, *self.canvas)
        blur = min(BLUR, SEEN_BLUR * self.field) * np.linspace(1, 0, steps) * rng.uniform(0, 1, steps)
        if self.gentle:
            maps[:, [2, 5]], blur = np.round(maps[:, [2, 5]]), np.zeros(steps)
        return np.concatenate([maps, blur[:, None]], axis=1).astype(np.float32)

    def objective_value(self, variable: Variable, draw: Tensor, noise: Tensor, objective: ObjectiveOfImages) -> Tensor:
        """Return the objective on the blurred and transformed canvas."""
        shown = self._canvas(variable[0], self.dtype, waves.seen_through(*self.canvas, draw[:, 8]))
        if self.transforms.moves:
            shown = ops.image.affine_transform(
                shown, draw[:, :8], "bilinear", fill_mode="wrap", data_format="channels_last"
            )
        if self.transforms.noise:
            shown = shown + self.transforms.noise * normal_noise(ops.shape(shown), noise)
        return objective(shown, 1)

    def moments(self, variable: tuple[Array, ...]) -> tuple[Array, ...]:
        """Return Adam's two running means, the second for each band of frequencies."""
        bands = int(waves.bands(*self.canvas).max()) + 1
        return np.zeros_like(variable[0]), np.zeros((len(variable[0]), bands), variable[0].dtype)

    def update(
        self, variable: Variable, gradient: Variable, moments: Variable, step: Tensor
    ) -> tuple[Variable, Variable]:
        """Make one step of Adam (Kingma and Ba, ICLR 2015, algorithm 1), shorter and shorter ones.

        Its second moment is shared by waves, as ``WHITENING`` says.
        """
        bands = waves.bands(*self.canvas).ravel()
        counts = np.bincount(bands).astype(np.float32)
        scaled = GRADIENT_SCALE * gradient[0]  # before it is squared: a faint one would vanish
        squares = ops.transpose(ops.reshape(ops.mean(ops.square(scaled), axis=2), (-1, bands.size)))
        means = ops.transpose(ops.segment_sum(squares, bands, len(counts))) / counts
        first = BETAS[0] * moments[0] + (1 - BETAS[0]) * scaled
        second = BETAS[1] * moments[1] + (1 - BETAS[1]) * means
        size = ops.sqrt(second / (1 - ops.power(BETAS[1], step)))
        whole = ops.sqrt(ops.mean(ops.square(size) * (counts / counts.mean()), axis=1, keepdims=True))
        evened = min(WHITENING * self.gain, 1.0)
        divisor = adam_denominator(ops.square(ops.power(size, evened) * ops.power(whole, 1 - evened)))
        left = 1 - (1 - FINAL_RATE) * (step - 1) / self.steps
        rate = self.gain * self.learning_rate * left / (1 - ops.power(BETAS[0], step))
        of_wave = ops.take(ops.transpose(rate / divisor), bands, axis=0)
        of_wave = ops.reshape(ops.transpose(of_wave), (-1, self.canvas[0], 1, self.canvas[1]))
        return (variable[0] + first * of_wave,), (first, second)

    def pictures(self, variable: Variable) -> Array:
        """Return the canvas without its margin."""
        top, left = ((c - p) // 2 for c, p in zip(self.canvas, self.picture, strict=True))
        canvas = np.asarray(self._canvas(ops.convert_to_tensor(variable[0]), "float32"))
        return canvas[:, top : top + self.picture[0], left : left + self.picture[1]]

    def variable_of(self, pictures: Array) -> tuple[Array, ...]:
        """Return the variable whose canvas is nearest to pictures (n, height, width, channels) from 0 to 1."""
        values = from_display(pictures)
        down = np.einsum("hk,nkwc->nhwc", waves.waves(self.canvas[0]), values)
        amplitudes = np.einsum("nhwc,wk->nhck", down, waves.waves(self.canvas[1]))
        return ((amplitudes / waves.scale(*self.canvas, SEEN_WAVES * self.field)[:, None, :]).astype(np.float32),)

    def restart_without_gradient(self, variable: Variable) -> Variable:
        """Return the start with more contrast: on a faint one, a layer below the target may be inactive everywhere."""
        return (variable[0] * RESTART_GAIN,)

    def opacity(self, moments: Variable) -> None:
        """Return None: every pixel counts."""
        return None

    def _canvas(self, variable: Tensor, dtype: str, seen_through: Tensor | None = None) -> Tensor:
        """Return the canvas (n, height, width, channels); ``seen_through`` (n, height, width) is a factor of waves."""
        scale = ops.cast(waves.scale(*self.canvas, SEEN_WAVES * self.field), variable.dtype)
        scale = scale[:, None, :] if seen_through is None else (scale * seen_through)[:, :, None, :]
        amplitudes = correlated(variable * scale)  # a sum of waves is linear, and here this is faster
        if dtype == "bfloat16":
            return soft(ops.cast(waves.to_pixels(ops.cast(amplitudes, dtype)), variable.dtype))
        return soft(waves.to_pixels(amplitudes))
