"""Another start for filters whose search ended without a response: what makes them fire at all, found in pixels.

From faint noise, an inactive filter's mean pre-activation is often raised best by flat colour, and the search ends
there. Its maximum over a block of units has no such way out, and each block, about a receptive field wide, is a search
of its own from other noise: a picture holds many, and one that succeeds is enough.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.models.summary import WHOLE_INPUT
from generator.render.backend import Tensor, compiled, value_and_gradient
from generator.render.network import as_input
from generator.render.target import TargetChannels, TargetLayer

Array = NDArray[Any]
ops = keras.ops

STEPS, ROUNDS = 100, 2
"""The search makes ``STEPS`` steps, and as many again for filters that do not fire yet."""

RATE = 8 / 255
DEVIATION = 20 / 255
"""Of the noise at the start, as part of the range; and above, the length of a step in each pixel."""

BETAS = (0.9, 0.999)
TINY = 1e-30


class Restart:
    """Finds such pictures for filters of one layer; its step is compiled at the first use."""

    def __init__(self, target: TargetLayer, picture: tuple[int, int]) -> None:
        self._target, self._picture = target, picture
        self._step = compiled(self._one_step, free=(1, 1, 2, 1, 0))

    def run(
        self,
        channels: TargetChannels,
        generators: Sequence[np.random.Generator],
        on_step: Callable[[], None] = lambda: None,
    ) -> tuple[Array, NDArray[np.bool_]]:
        """Return a picture for each of n channels, and (n,) whether the channel fires anywhere on it.

        Pictures (n, height, width, channels) have values from 0 to 1. For the unit in the middle, what fires most is
        brought there. ``on_step`` is called after every step.
        """
        shape = (*self._picture, self._target.network.model.summary.channels)
        pixels: Array = np.stack([start(rng, shape) for rng in generators])
        moments: list[Array] = [np.zeros_like(pixels), np.zeros_like(pixels)]
        silent = np.arange(len(pixels))
        responses: dict[int, Array] = {}
        for round_ in range(ROUNDS):
            at: Any = pixels[silent]
            own_moments: Any = tuple(moment[silent] for moment in moments)
            weights = ops.convert_to_tensor(channels.weights[silent])
            computed = channels.computed_channels
            for step in range(round_ * STEPS, (round_ + 1) * STEPS):
                at, own_moments = self._step(at, own_moments, weights, computed, np.float32(step + 1))
                on_step()
            for whole, own in zip((pixels, *moments), (at, *own_moments), strict=True):
                whole[silent] = np.asarray(own)
            reached = np.asarray(self._responses(at, computed, weights), np.float32)
            responses.update(zip(silent.tolist(), reached, strict=True))
            silent = silent[reached.max(axis=(1, 2)) <= 0]
            if not len(silent):
                break
        fires = ~np.isin(np.arange(len(pixels)), silent)
        if self._target.settings.objective.kind == "neuron":
            pixels = largest_to_centre(pixels, np.stack([responses[place] for place in range(len(pixels))]))
        return pixels, fires

    def _one_step(
        self, pixels: Tensor, moments: tuple[Tensor, Tensor], weights: Tensor, computed: Tensor | None, step: Tensor
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        def objective(at: Tensor) -> Tensor:
            own = self._responses(at, computed, weights)
            return blocks(own, self._block((int(own.shape[1]), int(own.shape[2]))))

        _, gradient = value_and_gradient(objective, pixels)
        return update(pixels, gradient, moments, step)

    def _responses(self, pixels: Tensor, computed: Tensor | None, weights: Tensor) -> Tensor:
        """Return (n, units down, units across), before the activation."""
        images = as_input(self._target.network.model, pixels * 255.0)
        return self._target.own_pre_activation(images, computed, weights)

    def _block(self, units: tuple[int, int]) -> tuple[int, int]:
        summary = self._target.network.model.summary
        return block_of(summary.layers[self._target.layer - 1].receptive_field, self._picture, units)


def start(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return gray with noise, values from 0 to 1."""
    return np.clip(rng.normal(0.5, DEVIATION, shape), 0, 1).astype(np.float32)


def block_of(
    receptive_field: tuple[int, int] | None, picture: tuple[int, int], units: tuple[int, int]
) -> tuple[int, int]:
    """Return the (height, width) of a block, in units of a map of so many ``units``: those of one receptive field."""
    fields = receptive_field or (WHOLE_INPUT, WHOLE_INPUT)
    height, width = (
        count if field == WHOLE_INPUT else min(count, max(1, math.ceil(field * count / side)))
        for field, side, count in zip(fields, picture, units, strict=True)
    )
    return height, width


def blocks(pre_activation: Tensor, block: tuple[int, int]) -> Tensor:
    """Return (n,): the mean, over blocks, of the largest pre-activation (n, height, width) in each."""
    largest = ops.max_pool(pre_activation[..., None], block, block, "valid", data_format="channels_last")
    return ops.mean(largest, axis=(1, 2, 3))


def largest_to_centre(pictures: Array, responses: Array) -> Array:
    """Return pictures (n, h, w, c) rolled so that the unit in the middle sees what the one that responds most saw.

    ``responses`` are (n, units down, units across).
    """
    rolled = []
    for picture, values in zip(pictures, responses, strict=True):
        place = np.unravel_index(values.argmax(), values.shape)
        by = [
            round((count // 2 - at) * side / count)
            for at, count, side in zip(place, values.shape, picture.shape[:2], strict=True)
        ]
        rolled.append(np.roll(picture, by, axis=(0, 1)))
    return np.stack(rolled)


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
