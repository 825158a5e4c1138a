"""Another start for filters whose search ended without a response: what makes them fire at all, found in pixels.

From faint noise, an inactive filter's mean pre-activation is often raised best by flat colour, and the search ends
there. Its maximum over a block of units has no such way out, and each block, about a receptive field wide, is a search
of its own from other noise: a picture holds many, and one that succeeds is enough.
"""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.models.summary import WHOLE_INPUT, ConvLayer
from generator.render.backend import Tensor

Array = NDArray[Any]
ops = keras.ops

STEPS, RATE = 100, 8 / 255
DEVIATION = 20 / 255
"""Of the noise at the start, as part of the range; and above, the length of a step in each pixel."""

BETAS = (0.9, 0.999)
TINY = 1e-30


def start(rng: np.random.Generator, height: int, width: int, channels: int) -> Array:
    """Return gray with noise (height, width, channels), values from 0 to 1."""
    return np.clip(rng.normal(0.5, DEVIATION, (height, width, channels)), 0, 1).astype(np.float32)


def block_of(layer: ConvLayer, canvas: tuple[int, int], units: tuple[int, int]) -> tuple[int, int]:
    """Return the (height, width) of a block, in units of a map of so many ``units``: those of one receptive field."""
    fields = layer.receptive_field or (WHOLE_INPUT, WHOLE_INPUT)
    sides = []
    for field, side, count in zip(fields, canvas, units, strict=True):
        sides.append(count if field == WHOLE_INPUT else min(count, max(1, math.ceil(field * count / side))))
    return sides[0], sides[1]


def objective_value(pre_activation: Tensor, block: tuple[int, int]) -> Tensor:
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
