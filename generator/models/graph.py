"""A Keras model as one flat list of calls, whatever it nests, that can be run again up to any of them.

Keras keeps nested models as single operations and offers a submodel only between tensors of one level, at the size
the model was built for. The list that is made here has the convolutions of every level in the order in which they
are computed, and runs at any size that the operations themselves allow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from generator.errors import ModelError

Tensor = Any


@dataclass(frozen=True, eq=False)
class Call:
    """One call of an operation. ``inputs`` and ``outputs`` number the tensors of the whole graph.

    ``number`` counts the calls of the same operation from 1.
    """

    op: Any
    arguments: Any
    symbols: tuple[int, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    shape: tuple[int | None, ...]
    name: str
    number: int

    def __call__(self, values: dict[int, Tensor], op: Callable[..., Tensor] | None = None) -> None:
        """Compute the call's outputs from ``values`` and put them there."""
        given = {symbol: values[number] for symbol, number in zip(self.symbols, self.inputs, strict=True)}
        args, kwargs = self.arguments.fill_in(given)
        results = keras.tree.flatten((op or self.op)(*args, **kwargs))
        values.update(zip(self.outputs, results, strict=True))


@dataclass(frozen=True, eq=False)
class Graph:
    """All calls in the order of computation; ``input`` and ``outputs`` are numbers of tensors."""

    calls: tuple[Call, ...]
    input: int
    outputs: tuple[int, ...]

    def consumers(self, tensor: int) -> list[int]:
        """Return the positions of the calls that take a tensor."""
        return [position for position, call in enumerate(self.calls) if tensor in call.inputs]

    def needed(self, positions: Sequence[int]) -> list[int]:
        """Return the positions of all calls that the given ones depend on, themselves included."""
        wanted = {tensor for position in positions for tensor in self.calls[position].inputs}
        needed = set(positions)
        for position in range(max(positions), -1, -1):
            if position in needed or wanted.intersection(self.calls[position].outputs):
                needed.add(position)
                wanted.update(self.calls[position].inputs)
        return sorted(needed)

    def shapes(self, height: int, width: int, channels: int) -> dict[int, tuple[int, ...]]:
        """Return the shape (batch left out) of every tensor for an input of the given size.

        Raises whatever the operations raise if they cannot take that size.
        """
        values: dict[int, Tensor] = {self.input: keras.KerasTensor((1, height, width, channels), record_history=False)}
        for call in self.calls:
            if isinstance(call.op, keras.Layer):  # a Dense infers a shape even for what it refuses when it is called
                given = [values[number] for number in call.inputs]
                call.op._assert_input_compatibility(given if len(given) > 1 else given[0])
            if isinstance(call.op, keras.layers.PReLU):  # it may have a slope for every place
                slopes, places = tuple(call.op.alpha.shape), tuple(values[call.inputs[0]].shape[1:])
                if any(slope not in (1, place) for slope, place in zip(slopes, places, strict=True)):
                    raise ValueError(f"{call.name} has slopes {slopes}, for other sizes than {places}")
            call(values, call.op.compute_output_spec)
        return {number: tuple(value.shape[1:]) for number, value in values.items()}


def flatten(model: keras.Model) -> Graph:
    """Return the graph of a Sequential or functional model, its nested models opened.

    Raises ModelError for a model whose calls are not recorded (a subclassed one) or with several inputs.
    """
    if isinstance(model, keras.Sequential) and not model.built:
        raise ModelError("the Sequential model was saved without an input shape", "Say it with `input_shape:`")
    if not _is_transparent(model):
        raise ModelError(
            "a subclassed model keeps no record of its layers' calls",
            "Rebuild it as a functional model: keras.Model(x, model.call(x))",
        )
    if len(model.inputs) != 1:
        raise ModelError(f"the model has {len(model.inputs)} inputs; one picture is all it can be shown")
    return _Flattening().run(model)


def _is_transparent(op: object) -> bool:
    return isinstance(op, keras.Model) and hasattr(_functional(op), "_nodes_by_depth")


def _functional(model: Any) -> Any:
    """A Sequential model holds the functional one that does its work."""
    return getattr(model, "_functional", None) or model


class _Flattening:
    """Numbers tensors while it walks; a nested model that is called twice gets other numbers the second time."""

    def __init__(self) -> None:
        self._tensors = 0
        self._calls: list[Call] = []
        self._times: dict[int, int] = {}

    def run(self, model: keras.Model) -> Graph:
        start = self._number()
        outputs = self._walk(_functional(model), [start], "")
        return Graph(tuple(self._calls), start, tuple(outputs))

    def _number(self) -> int:
        self._tensors += 1
        return self._tensors - 1

    def _walk(self, model: Any, inputs: list[int], prefix: str) -> list[int]:
        numbers = {id(symbol): number for symbol, number in zip(model.inputs, inputs, strict=True)}
        for node in _nodes(model):
            symbols = node.input_tensors
            given = [numbers[id(symbol)] for symbol in symbols]
            name = f"{prefix}{node.operation.name}"
            if _is_transparent(node.operation):
                inner = _functional(node.operation)
                results = self._walk(inner, given, f"{name}/")
            else:
                results = [self._number() for _ in node.outputs]
                times = self._times[id(node.operation)] = self._times.get(id(node.operation), 0) + 1
                shape = tuple(node.outputs[0].shape[1:])
                call = Call(
                    node.operation,
                    node.arguments,
                    tuple(map(id, symbols)),
                    tuple(given),
                    tuple(results),
                    shape,
                    name,
                    times,
                )
                self._calls.append(call)
            numbers.update({id(symbol): number for symbol, number in zip(node.outputs, results, strict=True)})
        return [numbers[id(symbol)] for symbol in model.outputs]


def _nodes(model: Any) -> Iterator[Any]:
    """Yield the model's calls, every one after those that it depends on."""
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            if not node.is_input:
                yield node
