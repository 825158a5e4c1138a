"""Folded weights: each filter's kernel and bias, with the batch normalisation that alone follows them.

Two networks that compute the same can differ in their kernels, if a batch normalisation after them makes up for it.
Folded into the kernels (Jacob et al., CVPR 2018, section 3.2) it no longer hides what changed, nor shows what did not.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from generator.models.activation_point import activation_point
from generator.models.conv_weights import conv_weights
from generator.models.describe import conv_positions
from generator.models.graph import Call
from generator.models.load import LoadedModel


@dataclass(frozen=True, eq=False)
class FoldedWeights:
    """A layer's ``kernels`` (filters, values) and ``biases`` (filters,) in float32; None if there are no biases.

    ``folded`` tells whether a batch normalisation is worked into both.
    """

    kernels: NDArray[np.float32]
    biases: NDArray[np.float32] | None
    folded: bool


def folded_weights(model: LoadedModel) -> list[FoldedWeights]:
    """Return the weights of every convolution of the model's summary, in its order."""
    graph = model.graph
    layers = []
    for position, layer in zip(conv_positions(graph), model.summary.layers, strict=True):
        call, norm = graph.calls[position], activation_point(graph, position).norm
        does_fold = norm is not None and folds(graph.calls[norm], call.channels_first, layer.filters)
        weights = conv_weights(call.op)
        kernels, bias = weights.folded(graph.calls[norm].op if norm is not None and does_fold else None)
        biases = bias.astype(np.float32) if does_fold or weights.bias is not None else None
        layers.append(FoldedWeights(kernels.reshape(-1, layer.filters).T.astype(np.float32), biases, does_fold))
    return layers


def folds(norm: Call, channels_first: bool, filters: int) -> bool:
    """Tell whether a batch normalisation scales whole filters, and does nothing else."""
    if type(norm.op) is not keras.layers.BatchNormalization:
        return False
    axis = int(norm.op.axis) % (len(norm.shape) + 1)
    return axis == (1 if channels_first else len(norm.shape)) and int(norm.op.moving_mean.shape[0]) == filters
