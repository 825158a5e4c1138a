"""The ceiling of a bounded activation, such as ReLU6 or sigmoid, and how the activation goes on without it.

A filter that is at its ceiling everywhere passes no gradient, and cannot be told from another that is there, too. So
what is optimised and scored is the activation without its ceiling: from its steepest place on it follows its tangent
there, and so a ReLU6 goes on as a ReLU. Up to that place it is what the network computes.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.models.activation_point import RELUS, ActivationPoint, has_own_activation
from generator.models.elementwise import CUSTOM
from generator.models.graph import Call, Graph

Tensor = Any
ops = keras.ops

STEP = 1 / 16
_GRID = np.arange(-1024, 1025) * STEP
_FAR = (1e4, 1e9)
"""Where an activation is looked at: closely about zero, and far out, where a bounded one changes no more."""

UNCHANGED = 1e-3
"""The largest change between the two far places, relative to its whole range, of an activation that is bounded."""

SMOOTH = 0.75
"""The least ratio of the differences about a place where there is a tangent: not at a knee or a jump."""


@dataclass(frozen=True)
class Ceiling:
    """``value`` is what the activation never passes.

    Without it the activation goes on, above the pre-activation ``start``, in a straight line with ``slope`` from
    ``height``. ``over_channels`` is for a softmax, which is the sigmoid of each channel's log odds: these stand for
    the pre-activation.
    """

    value: float
    start: float
    height: float
    slope: float
    over_channels: bool = False

    def uncapped(self, pre_activation: Tensor, activation: Tensor) -> Tensor:
        """Return the activation without the ceiling, given the pre-activation (..., channels) and the activation."""
        place = _log_odds(pre_activation) if self.over_channels else pre_activation
        return ops.where(place > self.start, self.height + self.slope * (place - self.start), activation)


_SIGMOID = Ceiling(1.0, 0.0, 0.5, 0.25)
_LOG_SIGMOID = Ceiling(0.0, -16.0, -16.0, 1.0)  # up to there it is the identity, as far as float32 can tell
_ODD = Ceiling(1.0, 0.0, 0.0, 1.0)
KNOWN = {
    "relu6": Ceiling(6.0, 0.0, 0.0, 1.0),
    "sigmoid": _SIGMOID,
    "hardsigmoid": Ceiling(1.0, 0.0, 0.5, 1 / 6),
    "sparsesigmoid": Ceiling(1.0, 0.0, 0.5, 0.5),
    "logsigmoid": _LOG_SIGMOID,
    "tanh": _ODD,
    "hardtanh": _ODD,
    "softsign": _ODD,
    "softmax": replace(_SIGMOID, over_channels=True),
    "logsoftmax": replace(_LOG_SIGMOID, over_channels=True),
}
"""Keras's own bounded activations, functions and operations alike."""


def ceiling_at(graph: Graph, point: ActivationPoint) -> Ceiling | None:
    """Return the ceiling of the activation through which a convolution's responses are read, None if it has none."""
    call = graph.calls[point.conv if point.act is None else point.act]
    if point.act is None and not has_own_activation(call.op):
        return None
    ceiling = ceiling_of(call.op) if call.elementwise is None or isinstance(call.op, RELUS) else _of_call(call)
    alone = ceiling is not None and ceiling.over_channels and call.shape[0 if call.channels_first else -1] == 1
    return None if alone else ceiling  # the softmax of a single channel is 1, whatever it is given


def ceiling_of(activation: Any) -> Ceiling | None:
    """Return the ceiling of an activation: a function, an operation, or a layer that applies one.

    None if it has none. One that is not Keras's own is known by its values, if it takes each number alone.
    """
    if has_own_activation(activation):
        return ceiling_of(activation.activation)
    if isinstance(activation, RELUS):
        return _of_relu(activation)
    if isinstance(activation, keras.Layer):  # the others of Keras have no upper end
        return None
    if isinstance(activation, keras.Operation):
        return KNOWN.get(type(activation).__name__.lower())
    name = getattr(activation, "__name__", "")
    if getattr(keras.activations, name, None) is activation:
        return KNOWN.get(name.replace("_", ""))
    return _of_function(activation)


def _of_call(call: Call) -> Ceiling | None:
    """Return the ceiling of what is no activation of Keras's, but does the same as one: a layer of one's own."""
    if call.elementwise is None or not call.elementwise.alone:
        return None
    if call.elementwise.name != CUSTOM:
        return KNOWN.get(call.elementwise.name.replace("_", ""))

    def apply(value: Tensor) -> Tensor:
        values = dict.fromkeys(call.inputs, value)
        call(values)
        return values[call.outputs[0]]

    return _of_function(apply)


def _of_relu(relu: Any) -> Ceiling | None:
    value, start = relu.max_value, float(relu.threshold)
    if value is None or not 0 < value < math.inf:  # at most 0, it is no more than an inverted leak
        return None
    return Ceiling(float(value), start, start, 1.0)


def _of_function(function: Callable[[Tensor], Tensor]) -> Ceiling | None:
    """Find the ceiling of a function by its values, whoever wrote it."""
    try:
        with warnings.catch_warnings(action="ignore"):
            values = _values(function)
    except Exception:  # whatever a function raises that wants other things than numbers
        return None
    if values is None or not np.isfinite(values).all():
        return None
    near, far = values[: len(_GRID)], values[len(_GRID) :]
    extent = far[-1] - near.min()
    rising = np.diff(values).min() >= -1e-5 * extent
    if not (extent > 0 and rising and far[-1] - far[0] <= UNCHANGED * extent):
        return None
    quotients = np.lib.stride_tricks.sliding_window_view(np.diff(near) / STEP, 4)  # two to each side of a place
    smooth = quotients.min(axis=1) >= SMOOTH * quotients.max(axis=1)
    # The derivative by five points, exact up to the fourth power of the step.
    slopes = np.where(smooth, quotients @ np.array([-1, 7, 7, -1]) / 12, 0.0)
    if slopes.max() <= 0:
        return None
    steepest = int(np.argmax(slopes >= slopes.max() * (1 - 1e-6)))  # the first of a straight piece
    place = steepest + 2
    return Ceiling(float(f"{far[-1]:.6g}") + 0.0, float(_GRID[place]), float(near[place]), float(slopes[steepest]))


def _values(function: Callable[[Tensor], Tensor]) -> NDArray[np.float64] | None:
    """Return a function's values at all places, None if they depend on where a number is among the others."""
    places = np.concatenate([_GRID, _FAR]).astype(keras.config.floatx())
    values = []
    for shape in ((1, 1, -1, 1), (-1, 1, 1, 1), (1, 1, 1, -1)):
        result = np.asarray(function(ops.convert_to_tensor(places.reshape(shape))))
        if result.size != places.size:
            return None
        values.append(result.reshape(-1).astype(np.float64))
    return values[0] if all(np.allclose(values[0], other, 1e-5, 1e-6) for other in values[1:]) else None


def _log_odds(values: Tensor) -> Tensor:
    """Return, for each channel, its value less the logarithm of the sum of the others' exponentials."""
    largest = ops.max(values, axis=-1, keepdims=True)
    is_largest = ops.one_hot(ops.argmax(values, axis=-1), values.shape[-1], dtype=values.dtype) > 0
    powers = ops.exp(values - largest)
    of_all = ops.sum(powers, axis=-1, keepdims=True)
    # Of the largest it is a sum over the others: what is left of a difference would be rounding.
    second = ops.max(ops.where(is_largest, -math.inf, values), axis=-1, keepdims=True)
    others = ops.sum(ops.where(is_largest, 0.0, ops.exp(ops.minimum(values - second, 0.0))), axis=-1, keepdims=True)
    of_others = largest + ops.log(ops.where(is_largest, 1.0, of_all - powers))
    return values - ops.where(is_largest, second + ops.log(others), of_others)
