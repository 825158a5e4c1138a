"""The graph of a model: its calls and their names, and what its inputs are given."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest

from generator.errors import ModelError
from generator.models.flatten import flatten
from tests.models import nets
from tests.models.nets import image_for, run

ops = keras.ops


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


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (nets.conv1d_only, "the model takes (32, 2) of float32, not pictures"),
        (nets.text, "the model takes (None,) of int32, not pictures"),
        (nets.volumes, "the model takes (8, 8, 8, 1) of float32, not pictures"),
        (lambda: keras.Sequential([keras.layers.Conv2D(2, 3)]), "saved without an input shape"),
    ],
)
def test_models_that_take_no_picture_are_refused(network: Callable[[], keras.Model], message: str) -> None:
    with pytest.raises(ModelError) as refused:
        flatten(network())
    assert message in str(refused.value)


def test_two_pictures_of_one_size_are_the_same_picture() -> None:
    model = nets.two_inputs()
    graph, image = flatten(model), image_for(model)
    np.testing.assert_array_equal(run(graph, image, len(graph.calls) - 1), np.asarray(model([image, image])))
    first, second = (tensor._keras_history.operation.name for tensor in model.inputs)
    assert graph.notes == (f"The input {second} gets the same picture as {first}.",)


def test_what_is_no_picture_of_that_size_gets_zeros() -> None:
    model = nets.many_inputs()
    graph = flatten(model)
    images = ops.convert_to_tensor(np.random.default_rng(4).normal(size=(3, 12, 12, 3)).astype(np.float32))
    values = {graph.input: images}
    for call in graph.calls:
        call(values)
    given = {
        "a_tokens": ops.zeros((3, 5), "int32"),
        "z_mask": ops.zeros((3, 1, 1, 2)),
        "c_image": images,
        "d_again": images,
        "e_size": ops.zeros((3, 2)),
    }
    expected = model(given)
    assert len(graph.outputs) == 2
    for number, tensor in zip(graph.outputs, keras.tree.flatten(expected), strict=True):
        np.testing.assert_array_equal(np.asarray(values[number]), np.asarray(tensor))
    shapes = graph.shapes(12, 12, 3)
    assert [shapes[number] for number in graph.outputs] == [tuple(t.shape[1:]) for t in keras.tree.flatten(expected)]
    assert graph.notes == (
        "The input a_tokens (5,) is no picture of that size: it gets zeros.",
        "The input d_again gets the same picture as c_image.",
        "The input e_size (2,) is no picture of that size: it gets zeros.",
        "The input z_mask (None, None, 2) is no picture of that size: it gets zeros.",
    )


@pytest.mark.parametrize(("dims", "shape"), [((2, 3, 1), (3, 8, 10)), ((3, 1, 2), (8, 10, 3))])
def test_the_picture_s_axes_are_those_of_the_first_image_layer(dims: tuple[int, ...], shape: tuple[int, ...]) -> None:
    """A Permute before it is counted in."""
    image = keras.Input(shape)
    form = "channels_last" if dims == (2, 3, 1) else "channels_first"
    turned = keras.layers.Permute(dims)(keras.layers.Rescaling(2.0)(image))
    graph = flatten(keras.Model(image, keras.layers.Conv2D(2, 3, data_format=form)(turned)))
    assert graph.picture == (8, 10, 3)
    assert run(graph, ops.zeros((1, 8, 10, 3)), len(graph.calls) - 1).shape == (
        (1, 6, 8, 2) if form == "channels_last" else (1, 2, 6, 8)
    )
