"""What a model or a composite layer calls: Keras's own record, or one made by running its ``call`` on symbols.

A functional or Sequential model keeps a node for each call. A subclassed model or layer keeps none: its ``call`` is
run once on symbolic tensors, each operation leaves a node, and the nodes between its inputs and outputs are the record.
The layers and their weights are the model's own; sizes that ``call`` reads from a shape are those of the symbols.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras

from generator.errors import ModelError, reason

CONVOLUTIONS = (
    keras.layers.Conv2D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv2D,
    keras.layers.Conv2DTranspose,
)
"""The layers that convolve over pictures."""

_OPERATORS = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "lt", "le", "gt", "ge")

Symbol = Any
Shape = tuple[int | None, ...]


class Untraceable(Exception):  # noqa: N818  (a result within this room, not an error that a user sees)
    """A ``call`` that could not be recorded; the message is a short reason."""


@dataclass(frozen=True, eq=False)
class Recording:
    """Keras's nodes, every one after those it depends on, that lead from some symbolic tensors to others."""

    inputs: tuple[Symbol, ...]
    nodes: tuple[Any, ...]
    outputs: tuple[Symbol, ...]


def key(symbol: Symbol) -> Hashable:
    """Return the key of a symbolic tensor: the call that it comes from. Keras copies the tensor itself at times."""
    history = getattr(symbol, "_keras_history", None)
    if history is None or history.operation is None:
        raise Untraceable("it uses a tensor that does not come from its inputs")
    return id(history.operation), history.node_index, history.tensor_index


def is_recorded(op: object) -> bool:
    """Tell whether an operation is a model whose own nodes record all that its ``call`` does."""
    if not isinstance(op, keras.Model) or not hasattr(_functional(op), "_nodes_by_depth"):
        return False
    return str(type(op).call.__module__).startswith("keras.src.models.")


def recorded(model: Any) -> Recording:
    """Return the record of a functional model, or of a Sequential one that is built."""
    functional = _functional(model)
    nodes = (
        node
        for depth in sorted(functional._nodes_by_depth, reverse=True)
        for node in functional._nodes_by_depth[depth]
        if not node.is_input
    )
    return Recording(tuple(functional.inputs), tuple(nodes), tuple(functional.outputs))


def called_with(model: Any, node: Any) -> tuple[Symbol, ...]:
    """Return the tensors that a node gives to a recorded model, in the order of the model's inputs.

    Raises Untraceable if the model was built for others.
    """
    functional = _functional(model)
    given = node.arguments.args[0] if node.arguments.args else next(iter(node.arguments.kwargs.values()))
    if isinstance(given, dict) and not isinstance(functional._inputs_struct, dict):
        given = [given.get(symbol.name) for symbol in functional.inputs]
    symbols = tuple(keras.tree.flatten(given))
    ranks = [len(symbol.shape) if isinstance(symbol, keras.KerasTensor) else None for symbol in symbols]
    if ranks != [len(symbol.shape) for symbol in functional.inputs]:
        raise Untraceable("it is called with other inputs than it was built with")
    return symbols


def is_composite(op: object) -> bool:
    """Tell whether an operation is a layer, itself no convolution, that holds convolutions over pictures."""
    if not isinstance(op, keras.Layer) or isinstance(op, CONVOLUTIONS):
        return False
    return any(isinstance(layer, CONVOLUTIONS) for layer in op._flatten_layers(include_self=False))


def traced_node(node: Any) -> Recording:
    """Return the record of a composite layer for the call that a node stands for.

    The record's inputs are one for each of ``node.input_tensors``. Raises Untraceable with a reason.
    """
    fresh: dict[int, Symbol] = {}
    for symbol in node.input_tensors:
        if id(symbol) not in fresh:
            fresh[id(symbol)] = keras.Input(batch_shape=symbol.shape, dtype=symbol.dtype)
    args, kwargs = node.arguments.fill_in(fresh)
    record = _traced(node.operation, args, kwargs, tuple(fresh[id(symbol)] for symbol in node.input_tensors))
    if len(record.outputs) != len(node.outputs):
        raise Untraceable("its call returns what is no tensor")
    return record


def traced_model(model: keras.Model, input_shape: Shape | None) -> Recording:
    """Return the record of a subclassed model for an input shape (batch left out), None for the one it was built with.

    Raises Untraceable with a reason, or ModelError if no input shape is known.
    """
    shapes = _input_shapes(model, input_shape)
    inputs: list[Symbol] = []

    def symbols(argument: str, structure: Any) -> Any:
        if isinstance(structure, Mapping):
            return {name: symbols(str(name), inner) for name, inner in structure.items()}
        if not all(size is None or isinstance(size, int) for size in structure):
            return [symbols(f"{argument}_{index}", inner) for index, inner in enumerate(structure)]
        inputs.append(keras.Input(batch_shape=(None, *structure[1:]), name=argument.replace("/", "_")))
        return inputs[-1]

    if len(shapes) == 1:
        ((argument, structure),) = shapes.items()
        return _traced(model, (symbols(argument, structure),), {}, inputs)
    return _traced(
        model, (), {argument: symbols(argument, structure) for argument, structure in shapes.items()}, inputs
    )


def _functional(model: Any) -> Any:
    """Return the functional model: a Sequential one has it inside."""
    return getattr(model, "_functional", None) or model


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
        raise ModelError("the subclassed model was saved without an input shape", "Say it with `input_shape:`")
    return known


def _traced(layer: Any, args: Any, kwargs: dict[str, Any], inputs: Sequence[Symbol]) -> Recording:
    """Run a layer's ``call`` on symbols, as at inference, and collect the nodes that this leaves."""

    def converted(value: Any) -> Any:
        """Convert as ``__call__`` does before ``call``."""
        return layer.dtype_policy.convert_input(value, layer.autocast, layer.input_dtype)

    try:
        if not layer.built:
            layer(*args, **kwargs)
        if layer._convert_input_args:
            args, kwargs = keras.tree.map_structure(converted, (args, kwargs))
        kwargs = {name: value for name, value in kwargs.items() if name != "training"}
        if "training" in inspect.signature(layer.call).parameters:
            kwargs["training"] = False
        with keras.StatelessScope(), _symbols_first():  # nothing that `call` assigns is kept
            outputs = layer.call(*args, **kwargs)
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
        return "its call uses TensorFlow's functions, not keras.ops"
    sentence = re.split(r"(?<=[^.])\. ", reason(error))[0].rstrip(".")
    short = sentence if len(sentence) <= 120 else sentence[:117].rsplit(" ", 1)[0] + " ..."
    return f"its call cannot be followed: {short}"
