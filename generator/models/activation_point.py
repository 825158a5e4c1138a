"""The activation point: where a filter's response is read, the activation as the network first uses it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
from keras.src.activations.activations import ReLU as ReluOperation

from generator.models.elementwise import CUSTOM
from generator.models.graph import Call, Graph

RELUS = (keras.layers.ReLU, ReluOperation)
"""The layer, and what ``keras.activations.relu`` with arguments becomes between layers."""

_ACTIVATION_LAYERS = (
    keras.layers.Activation,
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.PReLU,
    keras.layers.ELU,
)
_ACTIVATION_OPS = {
    *("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Gelu", "Silu", "HardSilu", "HardSwish", "Celu"),
    *("Sigmoid", "HardSigmoid", "Softplus", "Softsign", "Tanh", "HardTanh", "LogSigmoid", "Glu", "Mish"),
}
_BY_ELEMENT = tuple(
    getattr(keras.activations, name)
    for name in (
        *("linear", "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "swish", "mish"),
        *("sigmoid", "hard_sigmoid", "hard_silu", "hard_swish", "log_sigmoid", "tanh", "hard_tanh", "softplus"),
        *("softsign", "exponential", "squareplus", "tanh_shrink", "soft_shrink", "hard_shrink", "threshold"),
    )
    if hasattr(keras.activations, name)
)


@dataclass(frozen=True)
class ActivationPoint:
    """The chain of calls that ends where the response is read; positions in the graph.

    ``conv`` is the convolution, ``norm`` the batch normalisation that alone follows it, ``act`` the activation that
    alone follows these; None where there is none.
    """

    conv: int
    norm: int | None
    act: int | None

    @property
    def last(self) -> int:
        """Return the position whose output is the response's activation."""
        return next(position for position in (self.act, self.norm, self.conv) if position is not None)


def activation_point(graph: Graph, conv: int) -> ActivationPoint:
    """Follow a convolution to the point where the network first uses its result."""
    if has_own_activation(graph.calls[conv].op):
        return ActivationPoint(conv, None, None)
    norm = _only_consumer(graph, conv)
    if norm is not None and not isinstance(graph.calls[norm].op, keras.layers.BatchNormalization):
        norm = None
    act = _only_consumer(graph, conv if norm is None else norm)
    if act is not None and not is_activation(graph.calls[act]):
        act = None
    return ActivationPoint(conv, norm, act)


def has_own_activation(op: object) -> bool:
    """Tell whether a layer applies an activation itself."""
    return getattr(op, "activation", None) not in (None, keras.activations.linear)


def activation_name(graph: Graph, point: ActivationPoint) -> str:
    """Return the name of the activation through which the response is read, ``linear`` if there is none."""
    if point.act is None:
        op = graph.calls[point.conv].op
        return _name(op.activation) if has_own_activation(op) else "linear"
    op, known = graph.calls[point.act].op, graph.calls[point.act].elementwise
    if known is not None and not isinstance(op, RELUS):
        return known.name
    if type(op).__module__.startswith("keras.src.ops"):
        return type(op).__name__.lower()
    return _name(op)


def _name(activation: Any) -> str:
    """Return the name of an activation function, or of the one that a layer of activations applies."""
    while isinstance(activation, keras.layers.Activation):
        activation = activation.activation
    if isinstance(activation, RELUS):
        return "leaky_relu" if activation.negative_slope else "relu"
    if isinstance(activation, keras.Layer):
        kind = type(activation).__name__
        return "leaky_relu" if kind == "LeakyReLU" else kind.lower()
    return str(getattr(activation, "__name__", "custom"))


def by_element(graph: Graph, point: ActivationPoint) -> bool:
    """Tell whether the activation is known to look at each number alone, whatever its channel and place."""
    call = graph.calls[point.conv if point.act is None else point.act]
    if call.elementwise is not None:
        return call.elementwise.alone
    op = call.op
    if isinstance(op, keras.Layer) and hasattr(op, "activation"):
        return op.activation is None or op.activation in _BY_ELEMENT
    return not isinstance(op, keras.layers.PReLU)


@contextmanager
def without_activation(layer: Any) -> Iterator[None]:
    """Let a layer return its pre-activation while the block runs."""
    if not has_own_activation(layer):
        yield
        return
    own, layer.activation = layer.activation, keras.activations.linear
    try:
        yield
    finally:
        layer.activation = own


def _only_consumer(graph: Graph, position: int) -> int | None:
    tensor = graph.calls[position].outputs[0]
    consumers = graph.consumers(tensor)
    return consumers[0] if len(consumers) == 1 and tensor not in graph.outputs else None


def rises(call: Call) -> bool:
    """Tell whether a call, or what a convolution applies itself, is an activation that is known to rise with its input.

    All of Keras's do, but for a dip below zero, unless their results depend on several numbers.
    """
    op = call.op
    if call.elementwise is not None:
        return call.elementwise.name != CUSTOM
    if isinstance(op, keras.Layer) and hasattr(op, "activation"):
        activation = op.activation
        while isinstance(activation, keras.layers.Activation):
            activation = activation.activation
        return activation is None or activation in _BY_ELEMENT or isinstance(activation, (*_ACTIVATION_LAYERS, *RELUS))
    return is_activation(call) and type(op).__name__ != "Glu"


def is_activation(call: Call) -> bool:
    """Tell whether a call is an activation of whatever kind, other than a softmax."""
    op = call.op
    if call.elementwise is not None:
        return True
    if isinstance(op, _ACTIVATION_LAYERS):
        return getattr(op, "activation", None) not in (keras.activations.softmax, keras.activations.glu)
    if isinstance(op, ReluOperation):
        return True
    return type(op).__module__.startswith("keras.src.ops") and type(op).__name__ in _ACTIVATION_OPS
