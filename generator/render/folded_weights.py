"""The weights that act: each filter's whole kernel and bias, with the batch normalisation that alone follows them.

Two networks that compute the same can differ in their kernels, if a batch normalisation after them makes up for it.
Folded into the kernels (Jacob et al., CVPR 2018, section 3.2) it no longer hides what changed, nor shows what did not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.models.activation_point import read_point
from generator.models.describe import conv_positions, kernels
from generator.models.graph import Call
from generator.models.load import LoadedModel
from generator.render.network import _affine

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class FoldedWeights:
    """A layer's ``kernels`` (filters, values) and ``biases`` (filters,) in float32; None if there are no biases.

    ``folded`` tells whether a batch normalisation is worked into both.
    """

    kernels: NDArray[np.float32]
    biases: NDArray[np.float32] | None
    folded: bool


def folded_weights(model: LoadedModel) -> list[FoldedWeights]:
    """Return the weights of every convolution on the model's card, in its order."""
    graph = model.graph
    found = []
    for position, layer in zip(conv_positions(graph), model.summary.layers, strict=True):
        call, norm = graph.calls[position], read_point(graph, position).norm
        kernel = _by_filter(call.op)
        bias = _numpy(call.op.bias) if call.op.use_bias else None
        folded = norm is not None and _folds(graph.calls[norm], call.channels_first, layer.filters)
        if norm is not None and folded:
            scale, offset = _affine(graph.calls[norm].op)
            kernel = kernel * scale[:, None]
            bias = (0.0 if bias is None else bias) * scale + offset
        biases = None if bias is None else bias.astype(np.float32)
        found.append(FoldedWeights(kernel.astype(np.float32), biases, folded))
    return found


def _by_filter(op: Any) -> Array:
    """Return a convolution's kernels as (filters, values); of a separable one, what both its kernels do together."""
    arrays = [_numpy(kernel) for kernel in kernels(op)]
    first = arrays[0]
    if isinstance(op, keras.layers.SeparableConv2D):
        mix = arrays[1][0, 0].reshape(*first.shape[2:], -1)
        first = np.einsum("hwcm,cmf->hwcf", first, mix)
    elif isinstance(op, keras.layers.DepthwiseConv2D):
        first = first.reshape(*first.shape[:2], -1)
    elif isinstance(op, keras.layers.Conv2DTranspose):
        first = np.moveaxis(first, 2, -1)
    return first.reshape(-1, first.shape[-1]).T


def _folds(norm: Call, channels_first: bool, filters: int) -> bool:
    """Tell whether a batch normalisation scales whole filters, and does nothing else."""
    if type(norm.op) is not keras.layers.BatchNormalization:
        return False
    axis = int(norm.op.axis) % (len(norm.shape) + 1)
    return axis == (1 if channels_first else len(norm.shape)) and int(norm.op.moving_mean.shape[0]) == filters


def _numpy(variable: Any) -> Array:
    return np.asarray(keras.ops.convert_to_numpy(variable)).astype(np.float64)
