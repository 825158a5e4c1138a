"""Where responses are read, and through which activation."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from keras import layers

from generator.models.activation_point import activation_name, activation_point, rises
from generator.models.flatten import flatten
from tests.models import nets

READ_AT = {
    # convolution: (call at which its response is read, activation through which)
    "separate": ("separate_relu", "relu"),  # conv -> BN -> ReLU
    "fused": ("fused", "elu"),  # its own activation comes before the BN
    "added": ("added_bn", "linear"),  # conv -> BN -> Add
    "twice": ("twice", "linear"),  # used by two others
    "pre": ("pre", "linear"),  # BN and ReLU stand before it
    "op": (None, "silu"),  # an activation that is an operation, not a layer
    "bare_act": ("leaky", "leaky_relu"),  # no BN between
    "end": ("end", "linear"),  # a softmax mixes filters: it is not read through
}


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return nets.residual()


@pytest.mark.parametrize("conv", READ_AT)
def test_where_the_network_first_uses_a_filter(network: keras.Model, conv: str) -> None:
    graph = flatten(network)
    at, activation = READ_AT[conv]
    position = next(p for p, call in enumerate(graph.calls) if call.name == conv)
    point = activation_point(graph, position)
    last = graph.calls[point.last]
    if at is None:
        assert type(last.op).__name__ == "Silu"
        assert position + 1 == point.last
    else:
        assert last.name == at
    assert activation_name(graph, point) == activation


@pytest.mark.parametrize(
    ("activation", "name"),
    [
        (layers.ReLU(), "relu"),
        (layers.ReLU(max_value=6), "relu"),
        (layers.ReLU(negative_slope=0.1), "leaky_relu"),  # it can be negative
        (layers.LeakyReLU(), "leaky_relu"),
        (layers.PReLU(shared_axes=[1, 2]), "prelu"),
        (layers.Activation("elu"), "elu"),
        (layers.Activation(lambda x: x), "<lambda>"),
    ],
)
@pytest.mark.parametrize("inside", [True, False])
def test_the_name_of_an_activation(activation: Any, name: str, inside: bool) -> None:
    conv = layers.Conv2D(2, 1, activation=activation if inside else None)
    graph = flatten(keras.Sequential([keras.Input((4, 4, 3)), conv, *([] if inside else [activation])]))
    assert activation_name(graph, activation_point(graph, 0)) == name


@pytest.mark.parametrize(
    ("activation", "does"),
    [
        *((name, True) for name in ("relu", "leaky_relu", "swish", "gelu", "tanh", "sigmoid", "relu6", "linear")),
        *((layer, True) for layer in (layers.ReLU(), layers.PReLU(), layers.ELU(), layers.LeakyReLU())),
        (layers.Activation(layers.Activation("elu")), True),
        *((name, False) for name in ("softmax", "glu")),
        *((function, False) for function in (keras.ops.square, lambda x: -x)),
    ],
)
def test_which_activations_rise(activation: Any, does: bool) -> None:
    inside = flatten(keras.Sequential([keras.Input((4, 4, 3)), layers.Conv2D(2, 1, activation=activation)]))
    assert rises(inside.calls[0]) is does
    after = activation if isinstance(activation, keras.Layer) else layers.Activation(activation)
    outside = flatten(keras.Sequential([keras.Input((4, 4, 3)), layers.Conv2D(2, 1), after]))
    assert rises(outside.calls[1]) is does
