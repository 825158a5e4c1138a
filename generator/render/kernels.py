"""Raw weights: the kernels of a filter, without any optimisation or photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.models.load import LoadedModel
from generator.models.walk import conv_positions, is_convolution, kernels

Array = NDArray[np.float64]

STRONGEST = 8
"""How many input slices of a deeper filter are kept."""


@dataclass(frozen=True)
class Kernel:
    """The weights of one filter.

    ``colour`` (height, width, 1 or 3) is set where the filter meets the picture itself: its weights as they weigh
    red, green and blue. Elsewhere ``slices`` (k, height, width) are its strongest input channels, ``inputs`` their
    numbers and ``shares`` their parts of the filter's squared norm; ``of`` is how many inputs it has.
    """

    colour: Array | None
    slices: Array
    inputs: tuple[int, ...]
    shares: tuple[float, ...]
    of: int


def filter_kernels(model: LoadedModel, layer: int, filters: tuple[int, ...]) -> list[Kernel]:
    """Return the kernels of some filters of the layer with that index on the model's card."""
    position = conv_positions(model.graph)[layer - 1]
    op = model.graph.calls[position].op
    meets_picture = _meets_picture(model, position)
    return [_kernel(model, *_weights(op, index), meets_picture) for index in filters]


def _kernel(model: LoadedModel, weights: Array, inputs: list[int], meets_picture: bool) -> Kernel:
    matrix = np.array(model.card.preprocess.matrix)
    shown = model.card.bands
    if meets_picture and weights.shape[-1] == matrix.shape[1] == len(shown):
        return Kernel(
            (weights @ matrix.T)[..., list(shown)], np.zeros((0, *weights.shape[:2])), (), (), weights.shape[-1]
        )
    squares = np.square(weights).sum(axis=(0, 1))
    order = np.argsort(-squares, kind="stable")[:STRONGEST]
    total = max(float(squares.sum()), 1e-30)
    return Kernel(
        None,
        np.moveaxis(weights[..., order], -1, 0),
        tuple(inputs[i] for i in order),
        tuple(float(squares[i]) / total for i in order),
        weights.shape[-1],
    )


def _weights(op: Any, index: int) -> tuple[Array, list[int]]:
    """Return one filter's weights (height, width, inputs) and the numbers of those inputs."""
    arrays = [np.asarray(keras.ops.convert_to_numpy(kernel), np.float64) for kernel in kernels(op)]
    first = arrays[0]
    if isinstance(op, keras.layers.SeparableConv2D):
        # What both kernels do together: each input channel's own kernels, as the mixing weighs them.
        mix = arrays[1][0, 0, :, index].reshape(first.shape[2], first.shape[3])
        return np.einsum("hwcm,cm->hwc", first, mix), list(range(first.shape[2]))
    if isinstance(op, keras.layers.DepthwiseConv2D):
        source, which = divmod(index, first.shape[3])
        return first[:, :, source : source + 1, which], [source]
    if isinstance(op, keras.layers.Conv2DTranspose):
        return first[:, :, index, :], list(range(first.shape[3]))
    group = index // (first.shape[3] // getattr(op, "groups", 1))
    return first[..., index], [group * first.shape[2] + i for i in range(first.shape[2])]


def _meets_picture(model: LoadedModel, position: int) -> bool:
    before = model.graph.needed([position])[:-1]
    return not any(is_convolution(model.graph.calls[p].op) for p in before)
