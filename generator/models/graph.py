"""A Keras model as one flat list of calls that can be run again up to any of them.

It starts from one picture (n, height, width, channels), whatever the model takes, and runs at any size that the
operations themselves allow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import keras

from generator.models.elementwise import Elementwise
from generator.models.tf_graph.operations import TensorFlowOp, is_tensor, traced_shapes

Tensor = Any
Shape = tuple[int | None, ...]

TO_LAST, TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
"""Orders of axes that turn (n, channels, height, width) into (n, height, width, channels), and back."""


@dataclass(frozen=True, eq=False)
class Call:
    """One call of an operation. ``inputs`` and ``outputs`` number the tensors of the whole graph.

    ``number`` counts the calls of the same operation from 1. ``channels_first`` tells that the operation is a layer of
    pictures that takes and gives (n, channels, height, width); it is computed channels-last, as CPUs do.
    ``elementwise`` is the activation that an operation is which is not Keras's own. A convolution ``stands_for`` the
    call of a dense layer that ends the network, and what is ``hidden`` beside it is no layer of the model: see
    ``heads``.
    """

    op: Any
    arguments: Any
    symbols: tuple[int, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    shape: Shape
    name: str
    number: int
    channels_first: bool = False
    elementwise: Elementwise | None = None
    stands_for: Call | None = None
    hidden: bool = False

    @property
    def values(self) -> tuple[int, ...]:
        """Return those of ``inputs`` whose numbers count, not their shape alone."""
        return self.inputs[: self.op.values] if isinstance(self.op, (Zeros, TensorFlowOp)) else self.inputs

    def __call__(self, values: dict[int, Tensor], op: Callable[..., Tensor] | None = None) -> None:
        """Compute the call's outputs from ``values``, as at inference, and put them there.

        ``op`` is called in place of the operation, for instance its ``compute_output_spec``.
        """
        given = {symbol: values[number] for symbol, number in zip(self.symbols, self.inputs, strict=True)}
        if self.channels_first:
            given = {symbol: _transposed(value, TO_LAST) for symbol, value in given.items()}
        args, kwargs = self.arguments.fill_in(given)
        if op is None and isinstance(self.op, keras.Layer):
            kwargs = {**kwargs, "training": False}
        if self.channels_first:
            with _channels_last(self.op):
                result = (op or self.op)(*args, **kwargs)
            results = [_transposed(result, TO_FIRST) if len(result.shape) == 4 else result]
        else:
            results = list(filter(is_tensor, keras.tree.flatten((op or self.op)(*args, **kwargs))))
        values.update(zip(self.outputs, results, strict=True))


@dataclass(frozen=True, eq=False)
class Graph:
    """All calls in the order of computation; ``input`` and ``outputs`` are numbers of tensors.

    ``picture`` is the (height, width, channels) that the model was built for. ``untraced`` has a reason for each
    position of a layer that holds convolutions but could not be opened. ``notes`` are sentences on what the model's
    further inputs are given.

    The first ``prepared`` calls make ``given``, the tensors that the model takes, from the picture. Without
    ``any_size`` the graph holds for pictures of the size ``picture`` alone. ``numeric`` tells that shapes are found by
    computing in TensorFlow's graph, as operations of TensorFlow ask for. ``hidden`` are sentences on layers that are
    called where they cannot be followed.
    """

    calls: tuple[Call, ...]
    input: int
    outputs: tuple[int, ...]
    picture: Shape = (None, None, None)
    untraced: dict[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    given: tuple[int, ...] = ()
    prepared: int = 0
    any_size: bool = True
    numeric: bool = False
    hidden: tuple[str, ...] = ()

    def consumers(self, tensor: int) -> list[int]:
        """Return the positions of the calls that take the numbers of a tensor."""
        return [position for position, call in enumerate(self.calls) if tensor in call.values]

    def until(self, position: int) -> Graph:
        """Return the graph of the calls up to a position: what follows may take pictures of one size alone."""
        return replace(self, calls=self.calls[: position + 1], outputs=())

    def needed(self, positions: Sequence[int]) -> list[int]:
        """Return the positions of all calls that the given ones depend on, themselves included."""
        tensors = {tensor for position in positions for tensor in self.calls[position].inputs}
        needed = set(positions)
        for position in range(max(positions), -1, -1):
            if position in needed or tensors.intersection(self.calls[position].outputs):
                needed.add(position)
                tensors.update(self.calls[position].inputs)
        return sorted(needed)

    def shapes(self, height: int, width: int, channels: int) -> dict[int, tuple[int, ...]]:
        """Return the shape (batch left out) of every tensor for a picture of the given size.

        Raises whatever the operations raise if they cannot take that size.
        """
        if self.numeric:
            return traced_shapes(self.calls, self.input, (1, height, width, channels))
        values: dict[int, Tensor] = {self.input: keras.KerasTensor((1, height, width, channels), record_history=False)}
        for call in self.calls:
            if isinstance(call.op, keras.Layer):  # a Dense infers a shape even for what it refuses when it is called
                given = [values[number] for number in call.inputs]
                call.op._assert_input_compatibility(given if len(given) > 1 else given[0])
            if isinstance(call.op, keras.layers.PReLU):  # it may have a slope for every place
                slopes, places = tuple(call.op.alpha.shape), tuple(values[call.inputs[0]].shape[1:])
                if any(slope not in (1, place) for slope, place in zip(slopes, places, strict=True)):
                    raise ValueError(f"{call.name} has slopes {slopes}, for other sizes than {places}")
            if isinstance(
                call.op, keras.layers.Concatenate
            ):  # built already, it infers a shape for any that it is given
                _check_joined(call, [tuple(values[number].shape) for number in call.inputs])
            call(values, call.op.compute_output_spec)
        return {number: tuple(value.shape[1:]) for number, value in values.items()}


def _check_joined(call: Call, shapes: list[Shape]) -> None:
    """Raise ValueError if tensors that are joined differ on another axis than that along which they are."""
    axis = call.op.axis % len(shapes[0])
    if len({shape[:axis] + shape[axis + 1 :] for shape in shapes}) > 1:
        raise ValueError(f"{call.name} cannot join {' and '.join(map(str, shapes))}")


class Zeros(keras.Operation):  # type: ignore[misc]
    """Makes zeros of a shape (batch left out), as many as there are pictures: an input that is no picture."""

    values = 0

    def __init__(self, shape: Shape, dtype: str, name: str) -> None:
        super().__init__(name=name)
        self.shape, self.dtype = tuple(size or 1 for size in shape), dtype

    def call(self, picture: Tensor) -> Tensor:
        """Return the zeros for a batch of pictures."""
        return keras.ops.zeros((keras.ops.shape(picture)[0], *self.shape), self.dtype)

    def compute_output_spec(self, picture: Tensor) -> Tensor:
        """Return what ``call`` would, as a symbolic tensor."""
        return keras.KerasTensor((picture.shape[0], *self.shape), self.dtype)


def _transposed(value: Tensor, axes: tuple[int, ...]) -> Tensor:
    if isinstance(value, keras.KerasTensor):  # only its shape is used
        return keras.KerasTensor([value.shape[axis] for axis in axes], value.dtype, record_history=False)
    return keras.ops.transpose(value, axes)


@contextmanager
def _channels_last(layer: Any) -> Iterator[None]:
    """Let a layer take channels-last pictures while the block runs."""
    spec = layer.input_spec  # it names the axis of the channels
    layer.data_format, layer.input_spec = "channels_last", None
    try:
        yield
    finally:
        layer.data_format, layer.input_spec = "channels_first", spec
