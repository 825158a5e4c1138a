"""Pieces of a network with the nonlinearities left out: linear maps from some of its tensors to another.

An activation passes on what it gets, and max pooling takes the mean. That this makes the piece linear is not taken for
granted but tried on random numbers: a gate that multiplies, or a normalisation by what is in the picture, is not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras.src.ops.nn import AveragePool, MaxPool
from numpy.typing import NDArray

from generator.models.activation_point import ActivationPoint, is_activation, rises, without_activation
from generator.models.graph import Call, Graph
from generator.models.recording import CONVOLUTIONS
from generator.render.backend import Tensor, compiled, pulled_back

Array = NDArray[Any]
Shapes = Mapping[int, tuple[int, ...]]

ops = keras.ops

_CLOSE = {"bfloat16": 6e-2, "float16": 8e-3}
"""How near to linear, in parts of the largest number, in half precision; eight of its steps."""

_CLOSE_IN_FULL = 1e-3


class NotLinearError(Exception):
    """A piece of a network that is not linear, even without its activations."""


@dataclass(frozen=True, eq=False)
class Piece:
    """The calls that lead from the tensors ``inputs`` to the tensor ``output``, by their numbers in the graph."""

    calls: tuple[Call, ...]
    inputs: tuple[int, ...]
    output: int

    def __call__(self, values: Mapping[int, Tensor]) -> Tensor:
        """Return the output without the nonlinearities; constants such as biases are still added."""
        known = dict(values)
        for call in self.calls:
            _run(call, known)
        return known[self.output]

    def check_linear(self, shapes: Shapes) -> None:
        """Try on random numbers whether the output is linear in all inputs together, up to a constant.

        ``shapes`` (batch left out) are those of the tensors. Raises NotLinearError.
        """
        rng = np.random.default_rng(0)
        given = {}
        for number in self.inputs:
            first, second = rng.normal(size=(2, *shapes[number]))
            stacked = np.stack([np.zeros_like(first), first, second, first - 2 * second])
            given[number] = ops.convert_to_tensor(stacked.astype(keras.config.floatx()))
        result = self(given)
        zero, first, second, both = np.asarray(ops.convert_to_numpy(ops.cast(result, "float32")), np.float64)
        off = np.abs((both - zero) - (first - zero) + 2 * (second - zero)).max(initial=0.0)
        close = _CLOSE.get(keras.backend.standardize_dtype(result.dtype), _CLOSE_IN_FULL)
        if not off <= close * np.abs([zero, first, second, both]).max(initial=0.0):
            raise NotLinearError

    def pulling(self, shapes: Shapes, numeric: bool) -> Any:
        """Return the function that pulls weights (n, ...) of the output back to the inputs, as one compiled graph.

        It gives by number, for each of the n, how much each number of an input adds to the weighted sum of the output.
        """

        def pull(weights: Tensor) -> dict[int, Tensor]:
            count = ops.shape(weights)[0]
            at = {number: ops.zeros((count, *shapes[number]), weights.dtype) for number in self.inputs}
            return pulled_back(self, at, weights)

        return pull if numeric else compiled(pull, free=(1,))


def convolution(graph: Graph, point: ActivationPoint) -> Piece:
    """Return the piece from what a convolution reads to its activation: itself and its batch normalisation.

    Raises NotLinearError if its activation is none that can be left out.
    """
    if not rises(graph.calls[point.conv if point.act is None else point.act]):
        raise NotLinearError
    positions = [position for position in (point.conv, point.norm) if position is not None]
    calls = tuple(graph.calls[position] for position in positions)
    return Piece(calls, calls[0].values, calls[-1].outputs[0])


def between(graph: Graph, tensor: int, cut: Collection[int]) -> Piece:
    """Return the piece that leads to a tensor from the tensors at which the network is ``cut``, and from its input."""
    wanted, calls, inputs = {tensor}, [], []
    for call in reversed(graph.calls):
        for number in call.outputs:
            if number in wanted and number in cut:
                wanted.discard(number)
                inputs.append(number)
        if wanted.intersection(call.outputs):
            calls.append(call)
            wanted.update(call.inputs)
            wanted.difference_update(call.outputs)
    return Piece(tuple(reversed(calls)), (*inputs, *wanted), tensor)


def _run(call: Call, values: dict[int, Tensor]) -> None:
    if is_activation(call) and rises(call):
        values[call.outputs[0]] = values[call.inputs[0]]
        return
    with without_activation(call.op) if isinstance(call.op, CONVOLUTIONS) else nullcontext():
        call(values, _mean_pooling(call))


def _mean_pooling(call: Call) -> AveragePool | None:
    """Return the pooling by the mean that stands for one by the maximum; None for any other operation."""
    op = call.op
    if type(op) not in (keras.layers.MaxPooling2D, MaxPool):
        return None
    return AveragePool(op.pool_size, op.strides, op.padding, "channels_last" if call.channels_first else op.data_format)
