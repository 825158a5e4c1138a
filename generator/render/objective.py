"""What is maximised: the response of one filter, in a form that never starts dead.

A unit that is silent on the start picture passes no gradient through a ReLU, and its picture stays noise
(lucid#68, lucent#34, keras#18334). So the target layer, and only it, lets a small part of its silent side through.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from generator.models.load import LoadedModel
from generator.models.reading import ReadPoint, by_element, read, read_point
from generator.models.walk import conv_positions
from generator.render.backend import Tensor

SLOPE = 0.1
"""How steep the rise of a unit is that is about to fire, next to one that fires; 0.01 gives the same scores to 5 %."""

TINY = 1e-6


def one_hot(filters: tuple[int, ...], count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Return (n, count): for each picture, which filter is its own."""
    return np.eye(count, dtype=np.float32)[list(filters)]


def own_channel(values: Tensor, wanted: Tensor) -> Tensor:
    """Return (n, height, width): of (n, height, width, channels), each picture's own channel."""
    return keras.ops.einsum("nhwc,nc->nhw", values, keras.ops.cast(wanted, values.dtype))


def channel(activation: Tensor, wanted: Tensor) -> Tensor:
    """Return (n,): the spatial mean of each picture's own channel of (n, height, width, channels)."""
    return keras.ops.mean(own_channel(activation, wanted), axis=(1, 2))


def middle(values: Tensor, inner: tuple[float, float]) -> Tensor:
    """Return the middle of (n, height, width, channels), at least one place of it."""
    (top, height), (left, width) = (
        (min(round(side * (1 - part) / 2), (side - 1) // 2), side)
        for side, part in zip(values.shape[1:3], inner, strict=True)
    )
    return values[:, top : height - top, left : width - left]


def awake(before: Tensor, fired: Tensor) -> Tensor:
    """Return (n, height, width): ``fired`` where ``before`` is positive, else a slight rise towards firing.

    ``before`` is a channel's pre-activation and ``fired`` its activation. The rise is exponential, in units of the
    channel's own mean size: a unit nearer to firing counts for more. A straight one would not do: the mean of a linear
    response is blind to every pattern but flat colour, so a silent edge detector would stay silent.
    """
    size = keras.ops.mean(keras.ops.absolute(before), axis=(1, 2), keepdims=True)
    size = keras.ops.stop_gradient(keras.ops.maximum(size, TINY))
    silent = SLOPE * size * keras.ops.expm1(keras.ops.minimum(before, 0.0) / size)
    return keras.ops.where(before > 0, fired, silent)


def response(model: LoadedModel, layer: int, images: Tensor, wanted: Tensor) -> Tensor:
    """Return (n,): the response of each picture's own filter to it; ``layer`` is the index on the model's card."""
    before, activate = _read(model, layer, images)
    return channel(activate(before), wanted)


def ascent_objective(
    model: LoadedModel, layer: int, images: Tensor, wanted: Tensor, inner: tuple[float, float] = (1.0, 1.0)
) -> Tensor:
    """Return (n,): the response in the form that is maximised.

    ``inner`` is the part of the height and of the width, about the middle, that counts: at the input's edge the
    zeros of the padding make an edge that is in no picture, and filters are glad to answer to it.
    """
    before, activate = _read(model, layer, images)
    own = own_channel(middle(before, inner), wanted)
    if by_element(model.graph, _read_point(model, layer)):  # the other channels need no activation
        fired = activate(own) - activate(keras.ops.zeros_like(own))
    else:
        everywhere = activate(before) - activate(keras.ops.zeros_like(before))  # it may depend on the place
        fired = own_channel(middle(everywhere, inner), wanted)
    return keras.ops.mean(awake(own, fired), axis=(1, 2))


def layer_output(model: LoadedModel, layer: int, images: Tensor, wanted: Tensor) -> Tensor:
    """Return (n,): the channel mean of the layer's own output, as the reference method maximises it."""
    position = conv_positions(model.graph)[layer - 1]
    values = {model.graph.input: images}
    for needed in model.graph.needed([position]):
        model.graph.calls[needed](values)
    return channel(values[model.graph.calls[position].outputs[0]], wanted)


def _read(model: LoadedModel, layer: int, images: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    return read(model.graph, _read_point(model, layer), images)


def _read_point(model: LoadedModel, layer: int) -> ReadPoint:
    return read_point(model.graph, conv_positions(model.graph)[layer - 1])
