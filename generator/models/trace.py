"""What a subclassed model or layer calls, which keeps no record of it: its ``call`` is run once.

On symbolic tensors each operation leaves a node, and the nodes between inputs and outputs are the record. A ``call``
that uses TensorFlow's functions takes no symbols; it is run in a graph of TensorFlow (``tf_graph``).
The layers and their weights are the model's own; sizes that ``call`` reads from a shape are those of the symbols.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import keras

from generator.errors import ModelError, reason
from generator.models.error_text import quiet
from generator.models.recording import (
    CONVOLUTIONS,
    FIXED_SIDE,
    Recording,
    Shape,
    Sizes,
    Symbol,
    Untraceable,
    is_composite,
    key,
)
from generator.models.tf_graph.trace import tensorflow_traced

_OPERATORS = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "lt", "le", "gt", "ge")


_TENSORFLOW = "its call uses TensorFlow's functions, not keras.ops"


def traced_node(node: Any, sizes: Sizes = Sizes.ANY) -> Recording:
    """Return the record of a composite layer for the call that a node stands for.

    The record's inputs are one for each of ``node.input_tensors``. But for ``Sizes.ANY`` it may hold for their sizes
    alone. Raises Untraceable with a reason.
    """
    fresh: dict[int, Symbol] = {}
    for symbol in node.input_tensors:
        if id(symbol) not in fresh:
            fresh[id(symbol)] = keras.Input(batch_shape=symbol.shape, dtype=symbol.dtype)
    args, kwargs = node.arguments.fill_in(fresh)
    inputs = tuple(fresh[id(symbol)] for symbol in node.input_tensors)
    record = _traced(node.operation, args, kwargs, inputs, sizes)
    if len(record.outputs) != len(node.outputs):
        raise Untraceable("its call returns what is no tensor")
    return record


def traced_model(model: keras.Model, input_shape: Shape | None, sizes: Sizes = Sizes.ANY) -> Recording:
    """Return the record of a subclassed model for an input shape (batch left out), None for the one it was built with.

    But for ``Sizes.ANY`` it may hold for that size alone; heights and widths that are not known are then FIXED_SIDE.

    Raises Untraceable with a reason, or ModelError if no input shape is known.
    """
    shapes = _input_shapes(model, input_shape)
    inputs: list[Symbol] = []

    def symbols(argument: str, structure: Any) -> Any:
        if isinstance(structure, Mapping):
            return {name: symbols(str(name), inner) for name, inner in structure.items()}
        if not all(size is None or isinstance(size, int) for size in structure):
            return [symbols(f"{argument}_{index}", inner) for index, inner in enumerate(structure)]
        sides = structure[1:]
        if sizes is not Sizes.ANY and len(sides) == 3:
            sides = [side or FIXED_SIDE for side in sides]
        inputs.append(keras.Input(batch_shape=(None, *sides), name=argument.replace("/", "_")))
        return inputs[-1]

    if len(shapes) == 1:
        ((argument, structure),) = shapes.items()
        return _traced(model, (symbols(argument, structure),), {}, inputs, sizes)
    named = {argument: symbols(argument, structure) for argument, structure in shapes.items()}
    return _traced(model, (), named, inputs, sizes)


def _input_shapes(model: keras.Model, input_shape: Shape | None) -> dict[str, Any]:
    """Return the shape, batch included, or the structure of shapes, of each argument that the model was built for."""
    first = next(iter(inspect.signature(model.call).parameters), "input")
    config = model.get_build_config() or {}
    known: dict[str, Any] = {
        name.removesuffix("_shape"): shape for name, shape in config.get("shapes_dict", {}).items()
    }
    if not known and config.get("input_shape"):
        known = {first: config["input_shape"]}
    if not known and getattr(model, "input_shape", None):
        known = {first: model.input_shape}
    if input_shape is not None:
        pictures = [name for name, shape in known.items() if not isinstance(shape, Mapping) and len(shape) == 4]
        return {**known, pictures[0]: (None, *input_shape)} if pictures else {first: (None, *input_shape)}
    if not known:
        hint = "Say it with `input_shape: [height, width, channels]`"
        if model.built:
            raise ModelError("the subclassed model does not tell the shape of its input", hint)
        raise ModelError(
            "the subclassed model was never called, so that the shape of its input is not known",
            f"{hint}, or call the model once before it is returned or saved",
        )
    return known


def _traced(layer: Any, args: Any, kwargs: dict[str, Any], inputs: Sequence[Symbol], sizes: Sizes) -> Recording:
    """Run a layer's ``call``, as at inference, and return the nodes that this leaves."""

    def converted(value: Any) -> Any:
        """Convert as ``__call__`` does before ``call``."""
        return layer.dtype_policy.convert_input(value, layer.autocast, layer.input_dtype)

    def call(*given: Any, run: Callable[..., Any] = layer.call, **named: Any) -> Any:
        if layer._convert_input_args:
            given, named = keras.tree.map_structure(converted, (given, named))
        named = {name: value for name, value in named.items() if name != "training"}
        if "training" in inspect.signature(layer.call).parameters:
            named["training"] = False
        with keras.StatelessScope():  # nothing that `call` assigns is kept
            return run(*given, **named)

    def own(values: Sequence[Any]) -> list[Any]:
        by_symbol = {id(symbol): value for symbol, value in zip(inputs, values, strict=True)}
        given, named = keras.tree.map_structure(lambda value: by_symbol.get(id(value), value), (args, kwargs))
        return list(keras.tree.flatten(call(*given, **named)))

    _make_weights(layer, args, kwargs)
    try:
        recording = _symbolic(call, args, kwargs, inputs)
    except Untraceable as reason:
        try:
            recording = tensorflow_traced(call, layer, args, kwargs, inputs, sizes)
        except Exception as error:  # whatever a call does with tensors that have no numbers yet
            if str(reason) != _TENSORFLOW:
                raise reason from error
            raise (error if isinstance(error, Untraceable) else Untraceable(_reason(error))) from error
    return replace(recording, own=own)


def _make_weights(layer: Any, args: Any, kwargs: dict[str, Any]) -> None:
    """Build a layer that was never called."""
    if layer.built:
        return
    try:
        with quiet():
            layer(*args, **kwargs)
    except Exception as error:  # whatever a call does with what it cannot take
        raise Untraceable(_reason(error)) from error


def _symbolic(call: Callable[..., Any], args: Any, kwargs: dict[str, Any], inputs: Sequence[Symbol]) -> Recording:
    """Run a ``call`` on symbols, and collect the nodes that this leaves."""
    try:
        with _symbols_first():
            outputs = call(*args, **kwargs)
    except Exception as error:  # whatever a call does with what is no number
        raise Untraceable(_reason(error)) from error
    tensors = [output for output in keras.tree.flatten(outputs) if output is not None]
    if not tensors or not all(isinstance(tensor, keras.KerasTensor) for tensor in tensors):
        raise Untraceable("its call returns what is no tensor, or does not depend on its inputs")
    nodes = tuple(_between(inputs, tensors))
    if not any(isinstance(node.operation, CONVOLUTIONS) or is_composite(node.operation) for node in nodes):
        raise Untraceable("its call does not call its convolutions as layers")
    return Recording(tuple(inputs), nodes, tuple(tensors))


def _between(inputs: Iterable[Symbol], outputs: Sequence[Symbol]) -> Iterator[Any]:
    """Yield the nodes that lead from inputs to outputs, every one after those that it depends on."""
    known = {key(symbol) for symbol in inputs}
    waiting = [(symbol, False) for symbol in reversed(outputs)]
    while waiting:
        symbol, ready = waiting.pop()
        if key(symbol) in known:
            continue
        history = symbol._keras_history
        node = history.operation._inbound_nodes[history.node_index]
        if ready:
            known.update(map(key, node.outputs))
            yield node
        elif node.is_input:
            raise Untraceable("it uses a tensor that does not come from its inputs")
        else:
            waiting.append((symbol, True))
            waiting.extend((source, False) for source in reversed(node.input_tensors))


@contextmanager
def _symbols_first() -> Iterator[None]:
    """Let ``weight * symbol`` be recorded as ``symbol * weight`` is; the weight would ask for the symbol's numbers."""

    def yielding(own: Any) -> Any:
        return lambda self, other: NotImplemented if isinstance(other, keras.KerasTensor) else own(self, other)

    names = [name for operator in _OPERATORS if hasattr(keras.Variable, name := f"__{operator}__")]
    own = {name: vars(keras.Variable).get(name) for name in names}
    try:
        for name in names:
            setattr(keras.Variable, name, yielding(getattr(keras.Variable, name)))
        yield
    finally:
        for name, before in own.items():
            if before is None:
                delattr(keras.Variable, name)
            else:
                setattr(keras.Variable, name, before)


def _reason(error: Exception) -> str:
    """Return the first sentence of an error."""
    if "used as input to a TensorFlow function" in str(error):
        return _TENSORFLOW
    sentence = re.split(r"(?<=[^.])\. ", reason(error))[0].rstrip(".")
    short = sentence if len(sentence) <= 120 else sentence[:117].rsplit(" ", 1)[0] + " ..."
    return f"its call cannot be followed: {short}"
