"""What is maximised: the response of a filter, a unit or a direction, with a gradient even where nothing is active.

A unit that is inactive on the start picture passes no gradient through a ReLU, and its picture stays noise
(lucid#68, lucent#34, keras#18334). So the target layer, and only it, is leaky: it lets a small part of what is below
zero through, by a scaled ELU.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from generator.config.values import ObjectiveSpec
from generator.render.backend import Tensor

ops = keras.ops

SLOPE = 0.02
"""The slope of the leak just below zero, relative to that of an active unit, where activations below zero are zero."""

NEGATIVE_WEIGHT = 0.7
"""The weight of activations below zero where there are any, as without an activation function: with 1 the objective is
the mean of a linear response, with 0 pictures result whose few positive places cost more negative ones."""

SIMILARITY_PENALTY = 2.0
"""What is subtracted for the similarity of diverse pictures, relative to their own response."""

TINY, FAINT = 1e-6, 1e-30
"""Lower bounds of divisors: where values are compared, and where they may be of any size."""

Weights = NDArray[np.float32]


@dataclass(frozen=True)
class LayerActivation:
    """A layer's pre-activation (n, height, width, channels) on images, and the activation function on it.

    ``by_element`` tells whether the function takes each number alone; only then may channels be left out.
    ``signed`` tells whether its values can be plainly negative.
    """

    pre_activation: Tensor
    activate: Callable[[Tensor], Tensor]
    by_element: bool = True
    signed: bool = False

    def activation(self) -> Tensor:
        """Return the activation of every channel."""
        return self.activate(self.pre_activation)


class ObjectiveFunction(Protocol):
    """Functions of a layer's activation and of each picture's channel weights (n, channels); they return (n,)."""

    def objective_value(self, layer: LayerActivation, weights: Tensor, inner: tuple[float, float]) -> Tensor:
        """Return what is maximised; ``inner`` is the part of height and width about the middle that counts."""

    def score(self, layer: LayerActivation, weights: Tensor) -> Tensor:
        """Return what a finished picture is scored by: the objective on the whole of it, without the leak."""


class Channel:
    """The spatial mean of a channel: Lucid's ``channel``."""

    def objective_value(self, layer: LayerActivation, weights: Tensor, inner: tuple[float, float]) -> Tensor:
        """The rim is left out: at the input's edge, zero padding makes an edge that is in no picture."""
        return ops.mean(_own_leaky_objective(layer, weights, inner), axis=(1, 2))

    def score(self, layer: LayerActivation, weights: Tensor) -> Tensor:
        """Return the mean of the channel's activation."""
        return channel(layer.activation(), weights)


class Neuron:
    """The unit in the middle: Lucid's ``neuron``."""

    def objective_value(self, layer: LayerActivation, weights: Tensor, inner: tuple[float, float]) -> Tensor:
        """The leak is in units of the whole channel's mean size."""
        return centre_unit(_own_leaky_objective(layer, weights, (1.0, 1.0)))

    def score(self, layer: LayerActivation, weights: Tensor) -> Tensor:
        """Return the unit's activation."""
        return centre_unit(own_channel(layer.activation(), weights))


class Direction:
    """The spatial mean of a weighted sum of channels: Lucid's ``direction`` with ``cossim_pow`` 0."""

    def objective_value(self, layer: LayerActivation, weights: Tensor, inner: tuple[float, float]) -> Tensor:
        """Every channel is leaky on its own before they are summed."""
        at_zero = layer.activate(ops.zeros_like(layer.pre_activation))
        activation = central_crop(layer.activation() - at_zero, inner)
        leaky = leaky_objective(central_crop(layer.pre_activation, inner), activation, layer.signed)
        return channel(leaky, weights)

    def score(self, layer: LayerActivation, weights: Tensor) -> Tensor:
        """Return the mean of the weighted sum of the activations."""
        return channel(layer.activation(), weights)


OBJECTIVES: dict[str, ObjectiveFunction] = {
    "channel": Channel(),
    "neuron": Neuron(),
    "direction": Direction(),
}


def channel_weights(objective: ObjectiveSpec, filters: tuple[int, ...], computed_channels: tuple[int, ...]) -> Weights:
    """Return (n, k): for each picture, the weight of each of the computed channels in its objective."""
    if objective.weights:
        weights = dict(objective.weights)
        return np.repeat(np.array([[weights.get(c, 0.0) for c in computed_channels]], np.float32), len(filters), axis=0)
    one_hot: Weights = np.equal.outer(np.array(filters), np.array(computed_channels)).astype(np.float32)
    return one_hot


def negated(layer: LayerActivation) -> LayerActivation:
    """Return the activation for the opposite objective: how far the channels are below zero."""
    return LayerActivation(-layer.pre_activation, keras.activations.relu)


def own_channel(values: Tensor, weights: Tensor) -> Tensor:
    """Return (n, height, width): of (n, height, width, channels), each picture's own channel."""
    return ops.einsum("nhwc,nc->nhw", values, ops.cast(weights, values.dtype))


def channel(activation: Tensor, weights: Tensor) -> Tensor:
    """Return (n,): the spatial mean of each picture's own channel of (n, height, width, channels)."""
    return ops.mean(own_channel(activation, weights), axis=(1, 2))


def centre_unit(values: Tensor) -> Tensor:
    """Return (n,): the value in the middle of (n, height, width)."""
    return values[:, values.shape[1] // 2, values.shape[2] // 2]


def central_crop(values: Tensor, inner: tuple[float, float]) -> Tensor:
    """Return the middle of (n, height, width, ...), at least one place of it."""
    (top, height), (left, width) = (
        (min(round(side * (1 - part) / 2), (side - 1) // 2), side)
        for side, part in zip(values.shape[1:3], inner, strict=True)
    )
    return values[:, top : height - top, left : width - left]


def leaky_objective(pre_activation: Tensor, activation: Tensor, signed: bool = False) -> Tensor:
    """Return a channel's activation where its pre-activation is positive, else a small leak; axes 1 and 2 are places.

    The leak is an ELU whose input is divided by the channel's mean size and whose alpha is SLOPE times it: a unit
    nearer to zero has the larger gradient. A linear one would not do: the mean of a linear response has no gradient for
    any pattern but flat colour, so an edge detector that is inactive would stay so.
    """
    size = ops.mean(ops.absolute(pre_activation), axis=(1, 2), keepdims=True)
    size = ops.stop_gradient(ops.maximum(size, FAINT))
    slope = 1 - NEGATIVE_WEIGHT if signed else SLOPE  # with both, the slope just below zero is that of an active unit
    leak = slope * size * ops.expm1(ops.minimum(pre_activation, 0.0) / size)
    if signed:
        leak = leak + NEGATIVE_WEIGHT * ops.minimum(activation, 0.0)
    return ops.where(pre_activation > 0, activation, leak)


def similarity(activation: Tensor, group: int, views: int = 1) -> Tensor:
    """Return (n,): how similar each picture's activation is to those of its group's others, from 0 to 1.

    ``activation`` (n * views, height, width, channels) holds every picture's views in a row, groups are ``group``
    pictures in a row. The similarity of two is the cosine between their Gram matrices, which hold what channels are
    active together, wherever they are (Gatys et al. 2015; Lucid's ``diversity``).
    """
    height, width, channels = activation.shape[1:]
    flat = ops.reshape(activation, (-1, height * width, channels))
    gram = ops.matmul(ops.transpose(flat, (0, 2, 1)), flat)
    gram = ops.mean(ops.reshape(gram, (-1, group, views, channels * channels)), axis=2)
    norm = ops.sqrt(ops.maximum(ops.sum(ops.square(gram), axis=-1, keepdims=True), TINY**2))
    unit = gram / norm
    others = ops.sum(unit, axis=1, keepdims=True) - unit
    return ops.reshape(ops.sum(unit * others, axis=-1) / (group - 1), (-1,))


def _own_leaky_objective(layer: LayerActivation, weights: Tensor, inner: tuple[float, float]) -> Tensor:
    own = central_crop(own_channel(layer.pre_activation, weights), inner)  # cut late: cutting all channels is slow
    if layer.by_element:  # the other channels need no activation
        activation = layer.activate(own) - layer.activate(ops.zeros_like(own))
    else:
        at_zero = layer.activate(ops.zeros_like(layer.pre_activation))  # it may depend on the place
        activation = central_crop(own_channel(layer.activation() - at_zero, weights), inner)
    return leaky_objective(own, activation, layer.signed)
