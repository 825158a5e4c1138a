"""TensorFlow's own operations as operations of Keras: taken from a graph, and run again on other tensors.

What a ``call`` does between its layers, ``tf.concat`` or ``x[:, 1:]``, leaves one or a few of these in TensorFlow's
graph. Each is run again by ``tf.raw_ops``, so that gradients pass, eagerly and while a function is compiled.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from generator.models.elementwise import Elementwise
from generator.models.recording import Untraceable

Tensor = Any
Key = tuple[str, int]
"""A tensor of a graph: the name of the operation that it comes from, and which of its results it is."""

SIZES = frozenset({"Shape", "ShapeN", "Rank", "Size", "ZerosLike", "OnesLike"})
"""Operations that look at the shape of what they take, not at its numbers."""


def tensor_key(tensor: Tensor) -> Key:
    """Return the key of a tensor in a graph."""
    return tensor.op.name, tensor.value_index


def is_tensor(value: object) -> bool:
    """Tell whether a value is a tensor, of numbers or a symbolic one: a layer may return other things beside them."""
    return isinstance(value, (tf.Tensor, tf.Variable, keras.KerasTensor))


@dataclass(frozen=True, eq=False)
class Step:
    """One operation of a graph: it takes the tensors ``inputs`` and gives ``outputs``."""

    run: Callable[[Sequence[Tensor]], Sequence[Tensor]]
    inputs: tuple[Hashable, ...]
    outputs: tuple[Hashable, ...]
    graph: Any = None  # it keeps what the operation calls in Python


class TensorFlowOp(keras.Operation):  # type: ignore[misc]
    """An operation of TensorFlow, with what computes its constants and sizes anew for each picture.

    Of the tensors that it takes, the first ``values`` are those whose numbers count; of the others only the shapes do.
    ``by_place`` tells that what it gives at one place depends on what it takes at that place alone; ``elementwise`` is
    the activation that it is, if it is one; ``interpolation`` that of a picture which it resizes. ``single`` has the
    type of each result for one picture, where the operation is of pictures one by one: its ``call`` asked how many
    there are.
    """

    elementwise: Elementwise | None = None
    interpolation: str = ""

    def __init__(
        self,
        name: str,
        steps: Sequence[Step],
        feeds: Sequence[tuple[Hashable, Any]],
        fetches: Sequence[Hashable],
        values: int,
        by_place: bool = False,
        single: Sequence[Any] = (),
    ) -> None:
        super().__init__(name="operation")
        self.name = name  # it may hold a slash
        self._steps, self._feeds, self._fetches = tuple(steps), tuple(feeds), tuple(fetches)
        self.values, self.by_place, self._single = values, by_place, tuple(single)

    def call(self, *tensors: Tensor) -> Tensor:
        """Return what the operation gives: a tensor, or a list of them."""
        results = self._each(tensors) if self._single and tensors[0].shape[0] != 1 else self._results(tensors)
        return results[0] if len(results) == 1 else results

    def _each(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """Return the results picture by picture."""

        def one(parts: Sequence[Tensor]) -> list[Tensor]:
            return [result[0] for result in self._results([part[None] for part in parts])]

        return list(tf.map_fn(one, list(tensors), fn_output_signature=list(self._single)))

    def _results(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        table: dict[Hashable, Tensor] = {}
        for (key, dtype), tensor in zip(self._feeds, tensors, strict=True):
            table[key] = tf.cast(tensor, dtype) if tensor.dtype != dtype else tensor
        for step in self._steps:
            table.update(zip(step.outputs, step.run([table[key] for key in step.inputs]), strict=True))
        return [table[key] for key in self._fetches]


def named_type(kind: str) -> type[TensorFlowOp]:
    """Return a class for one kind of operation, which pages show as the type of the row."""
    return type(kind, (TensorFlowOp,), {"__doc__": TensorFlowOp.__doc__})


def step_of(op: Any, captures: Mapping[Key, Any], pruned: Callable[[Any], Callable[..., Any]]) -> Step:
    """Return the step that does what an operation of a graph does.

    ``captures`` are the tensors and variables of the outside that the graph uses; ``pruned`` makes a function of an
    operation that calls functions itself, such as a ``tf.while_loop``.

    Raises Untraceable for one that cannot be run again.
    """
    inputs, outputs = tuple(map(tensor_key, op.inputs)), tuple(map(tensor_key, op.outputs))
    if outputs and outputs[0] in captures:
        outside = captures[outputs[0]]
        return Step(lambda given: [outside], (), outputs)
    if op.type == "Const":
        constant = tf.constant(tf.make_ndarray(op.get_attr("value")), op.outputs[0].dtype)
        return Step(lambda given: [constant], (), outputs)
    if any(kind.type == "func" or kind.type == "list(func)" for kind in op.op_def.attr):
        function = pruned(op)
        return Step(lambda given: tf.nest.flatten(function(*given)), inputs, outputs)
    raw = getattr(tf.raw_ops, op.type, None)
    if raw is None or op.type == "Placeholder":
        raise Untraceable(f"its call uses {op.type}, which cannot be run again")
    inferred = {name for a in op.op_def.input_arg for name in (a.type_attr, a.number_attr, a.type_list_attr) if name}
    kinds = [kind.name for kind in op.op_def.attr if kind.name not in inferred]
    renamed = _python_names(raw, [*(argument.name for argument in op.op_def.input_arg), *kinds])
    arguments = []
    for argument in op.op_def.input_arg:
        count = None
        if argument.number_attr:
            count = op.get_attr(argument.number_attr)
        elif argument.type_list_attr:
            count = len(op.get_attr(argument.type_list_attr))
        arguments.append((renamed[argument.name], count))
    settings = {renamed[name]: op.get_attr(name) for name in kinds}

    def run(given: Sequence[Tensor]) -> Sequence[Tensor]:
        rest, named = list(given), {}
        for name, count in arguments:
            named[name] = rest.pop(0) if count is None else [rest.pop(0) for _ in range(count)]
        return _flat(raw(**named, **settings))

    return Step(run, inputs, outputs, op.graph)


def _python_names(raw: Callable[..., Any], names: Sequence[str]) -> dict[str, str]:
    """Return the name in Python of each argument of an operation: a few are others (``split_dim`` is ``axis``)."""
    known = [name for name in inspect.signature(raw).parameters if name != "name"]
    other = iter([name for name in known if name not in names])
    return {name: name if name in known else next(other) for name in names}


def traced_shapes(
    calls: Iterable[Callable[[dict[int, Tensor]], None]], start: int, shape: tuple[int, ...]
) -> dict[int, tuple[int, ...]]:
    """Return the shape (batch left out) of every tensor that calls make of a picture (1, height, width, channels).

    They run in a graph, where TensorFlow computes sizes but no picture. Raises whatever an operation raises.
    """
    shapes: dict[int, Any] = {}

    def run(picture: Tensor) -> Tensor:
        values = {start: picture}
        for call in calls:
            call(values)
        shapes.update((number, value.shape) for number, value in values.items())
        return picture

    tf.function(run, autograph=False).get_concrete_function(tf.TensorSpec(shape, keras.config.floatx()))
    if any(size is None for known in shapes.values() for size in known.as_list()[1:]):
        run(tf.zeros(shape, keras.config.floatx()))
    return {number: tuple(known[1:]) for number, known in shapes.items()}


def _flat(results: Any) -> list[Tensor]:
    return [results] if not isinstance(results, (list, tuple)) else [t for part in results for t in _flat(part)]
