"""The record of what a model or a composite layer calls: Keras's nodes between its inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import keras

CONVOLUTIONS = (
    keras.layers.Conv2D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv2D,
    keras.layers.Conv2DTranspose,
)
"""The layers that convolve over pictures."""

FIXED_SIDE = 128
"""The height and width that a model of any size gets whose ``call`` has to know them."""


class Sizes(Enum):
    """What a ``call`` is given to run in TensorFlow's graph: the less it is told, the more its record holds for."""

    ANY = "any"  # heights, widths and the number of pictures are open
    OWN = "own"  # heights and widths are the model's own
    ONE = "one"  # a single picture of that size


Symbol = Any
Shape = tuple[int | None, ...]


class Untraceable(Exception):  # noqa: N818  (a result within this room, not an error that a user sees)
    """A ``call`` that could not be recorded; the message is a short reason."""


@dataclass(frozen=True, eq=False)
class Recording:
    """Keras's nodes, every one after those it depends on, that lead from some symbolic tensors to others.

    ``of_tensorflow`` tells that it was made by running ``call`` in TensorFlow's graph. ``own`` computes what was
    recorded, from tensors for the inputs to a flat list; ``kept`` are the places in it of the outputs, None for all.
    ``hidden`` are sentences on layers with convolutions that are called where they cannot be followed.
    """

    inputs: tuple[Symbol, ...]
    nodes: tuple[Any, ...]
    outputs: tuple[Symbol, ...]
    of_tensorflow: bool = False
    hidden: tuple[str, ...] = ()
    own: Callable[[Sequence[Any]], list[Any]] | None = None
    kept: tuple[int, ...] | None = None


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

    def own(values: Sequence[Any]) -> list[Any]:
        given = keras.tree.pack_sequence_as(functional._inputs_struct, list(values))
        return list(keras.tree.flatten(model(given, training=False)))

    return Recording(tuple(functional.inputs), tuple(nodes), tuple(functional.outputs), own=own)


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


def _functional(model: Any) -> Any:
    """Return the functional model: a Sequential one has it inside."""
    return getattr(model, "_functional", None) or model
