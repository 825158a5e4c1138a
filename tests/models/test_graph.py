"""The flat graph computes what Keras computes, call by call, whatever nests what."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest

from generator.errors import ModelError
from generator.models.graph import Graph, flatten
from generator.models.walk import conv_positions
from tests.models import nets

NETWORKS = [nets.plain, nets.nested_twice, nets.shared, nets.branches, nets.residual, nets.kinds, nets.with_top]


def run(graph: Graph, image: object, position: int) -> np.ndarray:
    """Run the graph up to a call and return that call's result."""
    values = {graph.input: image}
    for needed in graph.needed([position]):
        graph.calls[needed](values)
    return np.asarray(values[graph.calls[position].outputs[0]])


def image_for(model: keras.Model, side: int | None = None) -> object:
    """Return one random input of a model."""
    height, width, channels = model.inputs[0].shape[1:]
    shape = (1, side or height, side or width, channels)
    return keras.ops.convert_to_tensor(np.random.default_rng(1).normal(size=shape).astype(np.float32))


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


def test_the_second_call_of_a_shared_layer_sees_what_the_first_gave() -> None:
    model = nets.shared()
    graph, image = flatten(model), image_for(model)
    layer = model.get_layer("again")
    first, second = (p for p, call in enumerate(graph.calls) if call.op is layer)
    np.testing.assert_array_equal(run(graph, image, first), np.asarray(layer(image)))
    np.testing.assert_array_equal(run(graph, image, second), np.asarray(layer(layer(image))))
    assert [(call.name, call.number) for call in graph.calls] == [
        ("again", 1),
        ("again", 2),
        ("block/inside", 1),
        ("block/inside", 2),
    ]


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


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (nets.subclassed, "a subclassed model keeps no record of its layers' calls. Rebuild it as a functional model"),
        (nets.two_inputs, "the model has 2 inputs"),
        (lambda: keras.Sequential([keras.layers.Conv2D(2, 3)]), "saved without an input shape"),
    ],
)
def test_models_without_a_graph_are_refused(network: Callable[[], keras.Model], message: str) -> None:
    with pytest.raises(ModelError) as refused:
        flatten(network())
    assert message in str(refused.value)
