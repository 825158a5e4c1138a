"""The flat graph computes what Keras computes, call by call, whatever nests what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generator.models.describe import conv_positions
from generator.models.flatten import flatten
from generator.models.graph import Graph
from generator.models.receptive_field import receptive_fields
from tests.models import nets
from tests.models.nets import image_for, run

ops = keras.ops
NETWORKS = [nets.plain, nets.nested_twice, nets.shared, nets.branches, nets.residual, nets.kinds, nets.with_top]


@pytest.mark.parametrize("network", NETWORKS)
def test_the_whole_graph_gives_what_the_model_gives(network: Callable[[], keras.Model]) -> None:
    model = network()
    graph, image = flatten(model), image_for(model)
    np.testing.assert_array_equal(run(graph, image, len(graph.calls) - 1), np.asarray(model(image)))


@pytest.mark.parametrize("network", [nets.plain, nets.branches, nets.residual, nets.kinds])
def test_every_call_gives_what_a_keras_submodel_gives(network: Callable[[], keras.Model]) -> None:
    model = network()
    graph, image = flatten(model), image_for(model)
    for position, call in enumerate(graph.calls):
        expected = keras.Model(model.inputs, call.op.output)(image)
        np.testing.assert_allclose(run(graph, image, position), np.asarray(expected), rtol=1e-6, err_msg=call.name)


def test_a_nested_call_gives_what_its_models_give_one_after_the_other() -> None:
    model = nets.nested_twice()
    graph, image = flatten(model), image_for(model)
    middle = model.get_layer("middle")
    scaled = model.get_layer("scale")(image)
    mid = middle.get_layer("mid")(scaled)
    expected = {"middle/mid": mid, "middle/inner/deep": middle.get_layer("inner")(mid)}
    for position, call in enumerate(graph.calls):
        if call.name in expected:
            np.testing.assert_allclose(run(graph, image, position), np.asarray(expected.pop(call.name)), rtol=1e-6)
    assert not expected


@pytest.mark.parametrize("side", [17, 40])
@pytest.mark.parametrize("network", [nets.plain, nets.nested_twice, nets.branches, nets.with_top])
def test_it_runs_at_sizes_that_the_model_was_not_built_for(network: Callable[[], keras.Model], side: int) -> None:
    model = network()
    graph, image = flatten(model), image_for(model, side)
    last = conv_positions(graph)[-1]
    shapes = Graph(graph.calls[: last + 1], graph.input, ()).shapes(side, side, image.shape[-1])
    assert run(graph, image, last).shape[1:] == shapes[graph.calls[last].outputs[0]]


def test_only_what_is_needed_is_run() -> None:
    graph = flatten(nets.branches())
    at = {call.name: position for position, call in enumerate(graph.calls)}
    assert graph.needed([at["left"]]) == sorted([at["stem"], at["left"]])
    assert graph.needed([at["left"], at["right"]]) == sorted([at["stem"], at["left"], at["right"]])
    assert graph.needed([at["head"]]) == list(range(len(graph.calls)))
    assert sorted(graph.consumers(graph.calls[at["stem"]].outputs[0])) == sorted([at["left"], at["right"], at["added"]])


def gradient(function: Callable[[object], object], image: object) -> np.ndarray:
    """Return the gradient of the sum of squares of what a function returns."""
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = sum(ops.sum(ops.square(output)) for output in keras.tree.flatten(function(image)))
    return np.asarray(tape.gradient(loss, image))


def test_a_channels_first_network_computes_what_its_channels_last_twin_does() -> None:
    last, first = nets.either_format("channels_last"), nets.either_format("channels_first")
    first.set_weights(last.get_weights())
    graph = flatten(first)
    image = ops.convert_to_tensor(np.random.default_rng(5).normal(size=(2, 16, 20, 3)).astype(np.float32))

    def outputs(picture: object) -> list[Any]:
        values = {graph.input: picture}
        for call in graph.calls:
            call(values)
        return [values[number] for number in graph.outputs]

    for actual, expected in zip(outputs(image), last(image), strict=True):
        turned = ops.transpose(actual, (0, 2, 3, 1)) if len(actual.shape) == 4 else actual
        np.testing.assert_allclose(np.asarray(turned), np.asarray(expected), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gradient(outputs, image), gradient(last, image), rtol=1e-4, atol=1e-6)
    assert graph.picture == (16, 20, 3)
    twin = flatten(last)
    here, there = graph.shapes(16, 20, 3), twin.shapes(16, 20, 3)
    for actual, expected in zip(graph.outputs, twin.outputs, strict=True):
        assert here[actual] == (
            there[expected][-1:] + there[expected][:-1] if len(there[expected]) == 3 else there[expected]
        )
    fields = [dict(zip((c.name for c in g.calls), receptive_fields(g), strict=True)) for g in (graph, twin)]
    named = ["conv", "depthwise", "separable", "transposed", "gate"]
    assert [fields[0][name] for name in named] == [fields[1][name] for name in named]


def test_a_channels_first_layer_is_as_it_was_afterwards() -> None:
    graph = flatten(nets.either_format("channels_first"))
    call = next(call for call in graph.calls if call.name == "conv")
    spec = call.op.input_spec
    assert call.channels_first
    with pytest.raises(Exception, match="Depth of input"):
        call({call.inputs[0]: ops.zeros((1, 7, 16, 20))})
    call({call.inputs[0]: ops.zeros((1, 3, 16, 20))})
    assert call.op.data_format == "channels_first"
    assert call.op.input_spec is spec


def test_training_is_off_whatever_was_recorded() -> None:
    image = keras.Input((8, 8, 3))
    model = keras.Model(image, keras.layers.Dropout(0.5)(keras.layers.Conv2D(2, 3)(image), training=True))
    graph, picture = flatten(model), image_for(model)
    np.testing.assert_array_equal(run(graph, picture, 1), np.asarray(model(picture, training=False)))
