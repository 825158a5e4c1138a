"""What is maximised: the response of one filter, in a form that never starts dead.

A unit that is silent on the start picture passes no gradient through a ReLU, and its picture stays noise
(lucid#68, lucent#34, keras#18334). So the target layer, and only it, lets a small part of its negative side through.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from generator.models.load import LoadedModel
from generator.models.reading import read, read_point
from generator.models.walk import conv_positions
from generator.render.backend import Tensor

SLOPE = 0.01
"""How much of a silent unit's pre-activation is let through; measured in ../shared/facts and benchmarks/README.md."""


def one_hot(filters: tuple[int, ...], count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Return (n, count): for each picture, which filter is its own."""
    return np.eye(count, dtype=np.float32)[list(filters)]


def channel(activation: Tensor, wanted: Tensor) -> Tensor:
    """Return (n,): the spatial mean of each picture's own channel of (n, height, width, channels)."""
    own = keras.ops.einsum("nhwc,nc->nhw", activation, keras.ops.cast(wanted, activation.dtype))
    return keras.ops.mean(own, axis=(1, 2))


def awake(before: Tensor, activate: Callable[[Tensor], Tensor]) -> Tensor:
    """Return the activation where it fires, and a slight slope towards firing where it does not."""
    silent = activate(keras.ops.zeros_like(before))
    return keras.ops.where(before > 0, activate(before) - silent, SLOPE * before)


def response(model: LoadedModel, layer: int, images: Tensor, wanted: Tensor) -> Tensor:
    """Return (n,): the response of each picture's own filter to it; ``layer`` is the index on the model's card."""
    before, activate = _read(model, layer, images)
    return channel(activate(before), wanted)


def ascent_objective(model: LoadedModel, layer: int, images: Tensor, wanted: Tensor) -> Tensor:
    """Return (n,): the response in the form that is maximised."""
    before, activate = _read(model, layer, images)
    return channel(awake(before, activate), wanted)


def layer_output(model: LoadedModel, layer: int, images: Tensor, wanted: Tensor) -> Tensor:
    """Return (n,): the channel mean of the layer's own output, as the reference method maximises it."""
    position = conv_positions(model.graph)[layer - 1]
    values = {model.graph.input: images}
    for needed in model.graph.needed([position]):
        model.graph.calls[needed](values)
    return channel(values[model.graph.calls[position].outputs[0]], wanted)


def _read(model: LoadedModel, layer: int, images: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    position = conv_positions(model.graph)[layer - 1]
    return read(model.graph, read_point(model.graph, position), images)
