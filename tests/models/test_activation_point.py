"""Where responses are read, and through which activation."""

from __future__ import annotations

import keras
import pytest

from generator.models.activation_point import activation_name, activation_point
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
