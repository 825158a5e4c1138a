"""What is maximised: the response of a filter, a unit or a direction, in a form that never starts dead.

A unit that is silent on the start picture passes no gradient through a ReLU, and its picture stays noise
(lucid#68, lucent#34, keras#18334). So the target layer, and only it, lets a small part of its silent side through.
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
"""How steep the rise of a unit is that is about to fire, next to one that fires."""

OWN_SILENCE = 0.7
"""How much a response below zero counts where there is one, as with no activation at all: all of it would be the mean
of a linear response, none of it lets pictures grow whose bright spots cost more darkness than they are worth."""

APART = 2.0
"""What diverse pictures pay for looking alike, in parts of their own response."""

TINY, FAINT = 1e-6, 1e-30
"""What keeps a division from failing: where values are compared, and where they may be of any size."""

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Reading:
    """What a layer makes of the images: its pre-activation (n, height, width, channels) and the activation on it.

    ``by_element`` tells whether the activation looks at each number alone; only then may channels be left out.
    ``signed`` tells whether it can be plainly negative.
    """

    before: Tensor
    activate: Callable[[Tensor], Tensor]
    by_element: bool = True
    signed: bool = False

    def fired(self) -> Tensor:
        """Return the activation of every channel."""
        return self.activate(self.before)


class Objective(Protocol):
    """Functions of a reading and of each picture's weights of the channels (n, channels); they return (n,)."""

    def optimized(self, reading: Reading, wanted: Tensor, inner: tuple[float, float]) -> Tensor:
        """Return what is maximised; ``inner`` is the part of height and width about the middle that counts."""

    def response(self, reading: Reading, wanted: Tensor) -> Tensor:
        """Return what a finished picture is scored by."""


class Channel:
    """The spatial mean of a channel: Lucid's ``channel``."""

    def optimized(self, reading: Reading, wanted: Tensor, inner: tuple[float, float]) -> Tensor:
        """At the input's edge, the zeros of the padding make an edge that is in no picture: it is left out."""
        return ops.mean(_own_awake(reading, wanted, inner), axis=(1, 2))

    def response(self, reading: Reading, wanted: Tensor) -> Tensor:
        """Return the mean of the channel's activation."""
        return channel(reading.fired(), wanted)


class Neuron:
    """The unit in the middle: Lucid's ``neuron``."""

    def optimized(self, reading: Reading, wanted: Tensor, inner: tuple[float, float]) -> Tensor:
        """The unit's rise when silent is in units of its whole channel's size."""
        return centre(_own_awake(reading, wanted, (1.0, 1.0)))

    def response(self, reading: Reading, wanted: Tensor) -> Tensor:
        """Return the unit's activation."""
        return centre(own_channel(reading.fired(), wanted))


class Direction:
    """The spatial mean of a weighted sum of channels: Lucid's ``direction`` with ``cossim_pow`` 0."""

    def optimized(self, reading: Reading, wanted: Tensor, inner: tuple[float, float]) -> Tensor:
        """Every channel is kept awake on its own before they are summed."""
        silence = reading.activate(ops.zeros_like(reading.before))
        fired = middle(reading.fired() - silence, inner)
        each = awake(middle(reading.before, inner), fired, reading.signed)
        return channel(each, wanted)

    def response(self, reading: Reading, wanted: Tensor) -> Tensor:
        """Return the mean of the weighted sum of the activations."""
        return channel(reading.fired(), wanted)


OBJECTIVES: dict[str, Objective] = {"channel": Channel(), "neuron": Neuron(), "direction": Direction()}


def rows(wanted: ObjectiveSpec, filters: tuple[int, ...], columns: tuple[int, ...]) -> Rows:
    """Return (n, k): for each picture, the weight of each of the channels ``columns`` in its objective."""
    if wanted.weights:
        weights = dict(wanted.weights)
        return np.repeat(np.array([[weights.get(c, 0.0) for c in columns]], np.float32), len(filters), axis=0)
    found: Rows = np.equal.outer(np.array(filters), np.array(columns)).astype(np.float32)
    return found


def negated(reading: Reading) -> Reading:
    """Return the opposite reading: what drives the channels below zero, as far as it does."""
    return Reading(-reading.before, keras.activations.relu)


def own_channel(values: Tensor, wanted: Tensor) -> Tensor:
    """Return (n, height, width): of (n, height, width, channels), each picture's own channel."""
    return ops.einsum("nhwc,nc->nhw", values, ops.cast(wanted, values.dtype))


def channel(activation: Tensor, wanted: Tensor) -> Tensor:
    """Return (n,): the spatial mean of each picture's own channel of (n, height, width, channels)."""
    return ops.mean(own_channel(activation, wanted), axis=(1, 2))


def centre(values: Tensor) -> Tensor:
    """Return (n,): the value in the middle of (n, height, width)."""
    return values[:, values.shape[1] // 2, values.shape[2] // 2]


def middle(values: Tensor, inner: tuple[float, float]) -> Tensor:
    """Return the middle of (n, height, width, ...), at least one place of it."""
    (top, height), (left, width) = (
        (min(round(side * (1 - part) / 2), (side - 1) // 2), side)
        for side, part in zip(values.shape[1:3], inner, strict=True)
    )
    return values[:, top : height - top, left : width - left]


def awake(before: Tensor, fired: Tensor, signed: bool = False) -> Tensor:
    """Return ``fired`` where ``before`` is positive, else a slight rise towards firing; axes 1 and 2 are places.

    ``before`` is a channel's pre-activation and ``fired`` its activation. The rise is exponential, in units of the
    channel's own mean size: a unit nearer to firing counts for more. A straight one would not do: the mean of a linear
    response is blind to every pattern but flat colour, so a silent edge detector would stay silent.
    """
    size = ops.mean(ops.absolute(before), axis=(1, 2), keepdims=True)
    size = ops.stop_gradient(ops.maximum(size, FAINT))
    silent = SLOPE * size * ops.expm1(ops.minimum(before, 0.0) / size)
    if signed:
        silent = silent + OWN_SILENCE * ops.minimum(fired, 0.0)
    return ops.where(before > 0, fired, silent)


def likeness(activation: Tensor, group: int, views: int = 1) -> Tensor:
    """Return (n,): how alike each picture's activation is to those of its group's others, from 0 to 1.

    ``activation`` (n * views, height, width, channels) holds every picture's views in a row, groups are ``group``
    pictures in a row. Two are alike as the cosine between their Gram matrices, which tell which channels fire
    together, wherever they do (Gatys et al. 2015; Lucid's ``diversity``).
    """
    height, width, channels = activation.shape[1:]
    flat = ops.reshape(activation, (-1, height * width, channels))
    gram = ops.matmul(ops.transpose(flat, (0, 2, 1)), flat)
    gram = ops.mean(ops.reshape(gram, (-1, group, views, channels * channels)), axis=2)
    norm = ops.sqrt(ops.maximum(ops.sum(ops.square(gram), axis=-1, keepdims=True), TINY**2))
    unit = gram / norm
    others = ops.sum(unit, axis=1, keepdims=True) - unit
    return ops.reshape(ops.sum(unit * others, axis=-1) / (group - 1), (-1,))


def _own_awake(reading: Reading, wanted: Tensor, inner: tuple[float, float]) -> Tensor:
    own = middle(own_channel(reading.before, wanted), inner)  # cut late: cutting all channels is slow
    if reading.by_element:  # the other channels need no activation
        fired = reading.activate(own) - reading.activate(ops.zeros_like(own))
    else:
        everywhere = reading.fired() - reading.activate(ops.zeros_like(reading.before))  # it may depend on the place
        fired = middle(own_channel(everywhere, wanted), inner)
    return awake(own, fired, reading.signed)
