"""Another start for filters whose search ended without a response: what makes them fire at all, found in pixels.

From faint noise, an inactive filter's mean pre-activation is often raised best by flat colour, and the search ends
there. Its maximum over a block of units has no such way out, and each block, about a receptive field wide, is a search
of its own from other noise: a picture holds many, and one that succeeds is enough.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.models.summary import WHOLE_INPUT
from generator.render.backend import Tensor, compiled, value_and_gradient
from generator.render.network import as_input
from generator.render.objective import centre_unit
from generator.render.target import TargetChannels, TargetLayer

Array = NDArray[Any]
ops = keras.ops

STEPS, RATE = 100, 8 / 255
DEVIATION = 20 / 255
"""Of the noise at the start, as part of the range; and above, the length of a step in each pixel."""

BETAS = (0.9, 0.999)
TINY = 1e-30


class Restart:
    """Finds such pictures for filters of one layer; its step is compiled at the first use."""

    def __init__(self, target: TargetLayer, canvas: tuple[int, int]) -> None:
        self._target, self._canvas = target, canvas
        self._step = compiled(self._one_step, free=(1, 1, 2, 1, 0))

    def run(self, channels: TargetChannels, generators: Sequence[np.random.Generator]) -> Array:
        """Return a picture of the canvas (n, height, width, channels), values from 0 to 1, for each of n channels."""
        shape = (*self._canvas, self._target.network.model.summary.channels)
        pixels: Any = np.stack([start(rng, shape) for rng in generators])
        moments: Any = (np.zeros_like(pixels), np.zeros_like(pixels))
        weights = ops.convert_to_tensor(channels.weights)
        computed = None if channels.computed_channels is None else ops.convert_to_tensor(channels.computed_channels)
        for step in range(STEPS):
            pixels, moments = self._step(pixels, moments, weights, computed, np.float32(step + 1))
        found: Array = np.asarray(pixels)
        return found

    def _one_step(
        self, pixels: Tensor, moments: tuple[Tensor, Tensor], weights: Tensor, computed: Tensor | None, step: Tensor
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        def objective(at: Tensor) -> Tensor:
            images = as_input(self._target.network.model, at * 255.0)
            own = self._target.own_pre_activation(images, computed, weights)
            if self._target.settings.objective.kind == "neuron":
                return centre_unit(own)
            return blocks(own, self._block((int(own.shape[1]), int(own.shape[2]))))

        _, gradient = value_and_gradient(objective, pixels)
        return update(pixels, gradient, moments, step)

    def _block(self, units: tuple[int, int]) -> tuple[int, int]:
        summary = self._target.network.model.summary
        return block_of(summary.layers[self._target.layer - 1].receptive_field, self._canvas, units)


def start(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return gray with noise, values from 0 to 1."""
    return np.clip(rng.normal(0.5, DEVIATION, shape), 0, 1).astype(np.float32)


def block_of(
    receptive_field: tuple[int, int] | None, canvas: tuple[int, int], units: tuple[int, int]
) -> tuple[int, int]:
    """Return the (height, width) of a block, in units of a map of so many ``units``: those of one receptive field."""
    fields = receptive_field or (WHOLE_INPUT, WHOLE_INPUT)
    height, width = (
        count if field == WHOLE_INPUT else min(count, max(1, math.ceil(field * count / side)))
        for field, side, count in zip(fields, canvas, units, strict=True)
    )
    return height, width


def blocks(pre_activation: Tensor, block: tuple[int, int]) -> Tensor:
    """Return (n,): the mean, over blocks, of the largest pre-activation (n, height, width) in each."""
    largest = ops.max_pool(pre_activation[..., None], block, block, "valid", data_format="channels_last")
    return ops.mean(largest, axis=(1, 2, 3))


def update(
    pixels: Tensor, gradient: Tensor, moments: tuple[Tensor, Tensor], step: Tensor
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Make one step of Adam up the gradient, whose size is taken out; values stay between 0 and 1."""
    norm = ops.sqrt(ops.mean(ops.square(gradient), axis=(1, 2, 3), keepdims=True))
    gradient = gradient / ops.maximum(norm, TINY)
    first = BETAS[0] * moments[0] + (1 - BETAS[0]) * gradient
    second = BETAS[1] * moments[1] + (1 - BETAS[1]) * ops.square(gradient)
    unbiased = first / (1 - BETAS[0] ** step), second / (1 - BETAS[1] ** step)
    return ops.clip(pixels + RATE * unbiased[0] / (ops.sqrt(unbiased[1]) + 1e-8), 0.0, 1.0), (first, second)
