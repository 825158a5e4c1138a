"""Where responses are read, and that the two halves of a reading make the network's own activation."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from generator.models.graph import flatten
from generator.models.reading import activation_name, read, read_point
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
    """A network with trained-looking statistics, so that a BN left out shows."""
    model = nets.residual()
    rng = np.random.default_rng(5)
    for layer in model.layers:
        layer.set_weights(
            [
                rng.uniform(0.2, 1.5, w.shape) * rng.choice([1, (w.ndim > 3 and -1) or 1], w.shape)
                for w in layer.get_weights()
            ]
        )
    return model


@pytest.mark.parametrize("conv", READ_AT)
def test_where_the_network_first_uses_a_filter(network: keras.Model, conv: str) -> None:
    graph = flatten(network)
    at, activation = READ_AT[conv]
    position = next(p for p, call in enumerate(graph.calls) if call.name == conv)
    point = read_point(graph, position)
    last = graph.calls[point.last]
    if at is None:
        assert type(last.op).__name__ == "Silu"
        assert position + 1 == point.last
    else:
        assert last.name == at
    assert activation_name(graph, point) == activation


@pytest.mark.parametrize("conv", READ_AT)
def test_pre_activation_and_activation_together_are_the_layers_output(network: keras.Model, conv: str) -> None:
    graph = flatten(network)
    point = read_point(graph, next(p for p, call in enumerate(graph.calls) if call.name == conv))
    image = keras.ops.convert_to_tensor(np.random.default_rng(2).normal(size=(2, 16, 16, 3)).astype(np.float32))
    expected = keras.Model(network.inputs, graph.calls[point.last].op.output)(image)
    before, activate = read(graph, point, image)
    np.testing.assert_allclose(np.asarray(activate(before)), np.asarray(expected), rtol=1e-5, atol=1e-5)
    # The reading leaves the network as it was.
    np.testing.assert_allclose(np.asarray(network(image)), np.asarray(untouched(network)(image)), rtol=1e-6)


def untouched(network: keras.Model) -> keras.Model:
    """Return a copy that no reading ever touched."""
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    return copy


def test_the_pre_activation_is_below_zero_where_a_fused_relu_is_silent() -> None:
    model = nets.plain()
    graph = flatten(model)
    image = keras.ops.convert_to_tensor(np.random.default_rng(2).normal(size=(1, 24, 24, 3)).astype(np.float32))
    before, _ = read(graph, read_point(graph, 0), image)
    assert float(np.asarray(before).min()) < -0.01
    assert float(np.asarray(model.get_layer("first")(image)).min()) == 0
