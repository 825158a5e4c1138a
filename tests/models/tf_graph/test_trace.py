"""Models whose ``call`` uses TensorFlow's functions are opened, and compute what they compute by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from generator.models.activation_point import activation_name, activation_point, by_element
from generator.models.describe import conv_positions
from generator.models.flatten import flatten
from generator.models.graph import Graph
from generator.models.receptive_field import receptive_fields
from tests.models.tf_graph.nets import (
    SIDE,
    Attention,
    Doing,
    Gate,
    Spaced,
    Splitting,
    Unet,
    called,
    picture,
    watched,
)


def values_of(graph: Graph, image: Any) -> dict[int, Any]:
    """Return every tensor of a graph."""
    values = {graph.input: image}
    for call in graph.calls:
        call(values)
    return values


def expect_own(model: Any, graph: Graph, image: Any) -> None:
    """Compare each convolution of a graph, and its outputs, with what the model computes when it is called."""
    convolutions = [graph.calls[position] for position in conv_positions(graph)]
    with watched(list({id(call.op): call.op for call in convolutions}.values())) as seen:
        results = model(image, training=False)
    values = values_of(graph, image)
    assert len(convolutions) == len(seen)
    for call in convolutions:
        np.testing.assert_allclose(
            np.asarray(values[call.outputs[0]]), seen[id(call.op), call.number], rtol=1e-5, atol=1e-5
        )
    tensors = [result for result in keras.tree.flatten(results) if isinstance(result, tf.Tensor)]
    for number, result in zip(graph.outputs, tensors, strict=True):
        np.testing.assert_allclose(np.asarray(values[number]), np.asarray(result), rtol=1e-5, atol=1e-5)


def read_at(graph: Graph) -> dict[str, tuple[str, str]]:
    """Return for each convolution where it is read, and the activation there."""
    points = [activation_point(graph, position) for position in conv_positions(graph)]
    return {graph.calls[p.conv].name: (graph.calls[p.last].name, activation_name(graph, p)) for p in points}


@pytest.mark.case("tf-call")
@pytest.mark.parametrize("network", [Unet, Splitting, Attention, Spaced])
def test_a_call_with_functions_of_tensorflow_is_followed_at_any_size(network: type[keras.Model]) -> None:
    model = called(network())
    graph = flatten(model)
    assert graph.picture == (SIDE, SIDE, 3)
    assert graph.any_size
    assert graph.untraced == {}
    assert graph.hidden == ()
    for side in (SIDE, 24):
        expect_own(model, graph, picture(side))


def test_every_convolution_has_its_name_and_its_receptive_field() -> None:
    graph = flatten(called(Unet()))
    fields = receptive_fields(graph, graph.shapes(SIDE, SIDE, 3))
    assert {graph.calls[p].name: fields[p] for p in conv_positions(graph)} == {
        "down1": (3, 3),
        "down2": (5, 5),
        "down3": (9, 9),
        "up2": (17, 17),
        "up1": (21, 21),
        "out": (21, 21),
    }
    graph = flatten(called(Attention()))
    assert [graph.calls[p].name for p in conv_positions(graph)] == [
        *("stem/conv2d", "body/deep", "gate1/query", "gate1/key", "gate1/weigh"),
        *("gate2/query", "gate2/key", "gate2/weigh", "last"),
    ]
    graph = flatten(called(Spaced()))
    calls = [graph.calls[p] for p in conv_positions(graph)]
    assert [(call.name, call.number) for call in calls[-2:]] == [("shared", 1), ("shared", 2)]


def test_a_receptive_field_is_where_the_gradient_is() -> None:
    model = called(Unet())
    graph = flatten(model)
    image = picture(SIDE, 1)
    position = next(p for p in conv_positions(graph) if graph.calls[p].name == "up2")
    reached = np.zeros((SIDE, SIDE), bool)
    for seed in range(3):
        image = picture(SIDE, 1, seed)
        with tf.GradientTape() as tape:
            tape.watch(image)
            unit = values_of(graph, image)[graph.calls[position].outputs[0]][0, 8, 8, 0]
        reached |= np.abs(np.asarray(tape.gradient(unit, image))[0]).max(axis=-1) > 0
    rows = np.flatnonzero(reached.any(axis=1))
    assert rows[-1] - rows[0] + 1 <= receptive_fields(graph, graph.shapes(SIDE, SIDE, 3))[position][0]  # type: ignore[index]


@pytest.mark.case("own-activation")
def test_functions_and_written_out_activations_are_where_responses_are_read() -> None:
    assert read_at(flatten(called(Unet()))) == {
        "down1": ("Relu", "relu"),
        "down2": ("down2", "relu"),
        "down3": ("swish_impl", "silu"),
        "up2": ("Gelu/mul_2", "gelu"),
        "up1": ("mul_2", "silu"),
        "out": ("Sigmoid_2", "sigmoid"),
    }
    assert read_at(flatten(called(Splitting()))) == {
        "first": ("Relu6", "relu6"),
        "second": ("LeakyRelu", "leakyrelu"),
        "third": ("truediv_1", "hard_sigmoid"),
    }


ACTIVATIONS = [
    (lambda model, x: tf.nn.swish(x), "silu", True),
    (lambda model, x: x * tf.nn.tanh(tf.nn.softplus(x)), "mish", True),
    (lambda model, x: tf.maximum(x, 0.2 * x), "leaky_relu", True),
    (lambda model, x: tf.clip_by_value(x, 0.0, 6.0), "relu6", True),
    (lambda model, x: tf.where(x > 0, x, tf.zeros_like(x)), "relu", True),
    (lambda model, x: tf.sin(x) + x, "custom", True),
    (lambda model, x: tf.nn.relu(x + tf.constant([0.1, 0.2, 0.3, 0.4])), "custom", False),
    (lambda model, x: 0.5 * x - 1.0, "linear", True),
    (lambda model, x: tf.nn.relu(x) + x[:, ::-1], "linear", True),
    (lambda model, x: x / (1.0 + tf.reduce_max(tf.abs(x))), "linear", True),
    (lambda model, x: tf.nn.softmax(x), "linear", True),
    (lambda model, x: tf.nn.relu(tf.image.resize(x, [8, 8])), "linear", True),
]


@pytest.mark.parametrize(("does", "name", "alone"), ACTIVATIONS)
def test_what_follows_a_convolution_is_its_activation_only_if_it_takes_each_number(
    does: Any, name: str, alone: bool
) -> None:
    model = called(Doing(does))
    graph = flatten(model)
    point = activation_point(graph, conv_positions(graph)[0])
    assert (activation_name(graph, point), by_element(graph, point)) == (name, alone)
    values = values_of(graph, picture())
    expected = model.first(picture())
    np.testing.assert_allclose(
        np.asarray(values[graph.calls[point.last].outputs[0]]),
        np.asarray(expected if point.act is None else does(model, expected)),
        rtol=1e-5,
        atol=1e-5,
    )


def test_a_look_at_the_size_of_a_result_is_no_use_of_it() -> None:
    model = called(Doing(lambda model, x: tf.image.resize(tf.nn.relu(x), tf.shape(x)[1:3] * 2)))
    assert read_at(flatten(model))["first"] == ("Relu", "relu")


def test_a_composite_layer_in_a_functional_model_is_opened() -> None:
    image = keras.Input((SIDE, SIDE, 3))
    first = layers.Conv2D(4, 3, activation="relu", name="first")(image)
    gated, _ = Gate(3, name="gate")(first, gate=layers.MaxPooling2D()(first))
    model = keras.Model(image, layers.Conv2D(2, 1, name="last")(gated))
    graph = flatten(model)
    assert graph.untraced == {}
    assert [graph.calls[p].name for p in conv_positions(graph)] == [
        *("first", "gate/query", "gate/key", "gate/weigh", "last")
    ]
    expect_own(model, graph, picture())


class Two(keras.Model):
    """Takes a picture and a number in a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = layers.Conv2D(4, 3, padding="same", name="conv")
        self.embedding = layers.Embedding(10, 4, name="embedding")
        self.last = layers.Conv2D(2, 3, name="last")

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Add what stands for the number."""
        number = tf.cast(inputs["number"], tf.int32)
        return self.last(inputs=tf.nn.elu(self.conv(inputs["image"])) + self.embedding(number)[:, None, :])


def test_several_inputs_are_told_apart() -> None:
    model = Two()
    model({"image": picture(), "number": tf.zeros((2, 1))})
    graph = flatten(model)
    assert graph.notes == ("The input number (1,) is no picture of that size: it gets zeros.",)
    values = values_of(graph, picture())
    expected = model({"image": picture(), "number": tf.zeros((2, 1))})
    np.testing.assert_allclose(np.asarray(values[graph.outputs[0]]), np.asarray(expected), rtol=1e-5, atol=1e-5)


@keras.saving.register_keras_serializable("filter-gallery-tensorflow-trace-tests")
class Saved(Splitting):
    """A model that can be saved."""


def test_a_saved_model_is_opened_at_the_shape_it_was_built_for(tmp_path: Path) -> None:
    model = called(Saved())
    model.save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(tmp_path / "net.keras")
    graph = flatten(loaded)
    assert graph.picture == (SIDE, SIDE, 3)
    expect_own(loaded, graph, picture())


def test_the_weights_are_the_model_s_own() -> None:
    model = called(Attention())
    graph = flatten(model)
    model.scale.assign(model.scale * 2.0)
    expect_own(model, graph, picture())


def test_half_precision_is_kept() -> None:
    model = Doing(lambda model, x: tf.cast(tf.nn.relu(tf.cast(x, tf.float32)), tf.float16) * 2.0, dtype="mixed_float16")
    called(model)
    graph = flatten(model)
    values = values_of(graph, picture())
    expected = np.asarray(model(picture()))
    np.testing.assert_allclose(np.asarray(values[graph.outputs[0]]), expected, rtol=1e-2, atol=1e-2)
