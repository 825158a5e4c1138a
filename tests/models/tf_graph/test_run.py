"""A ``call`` is run once in TensorFlow's graph: what decides its course, and what is left as it was."""

from __future__ import annotations

import threading
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from tensorflow.python.ops import custom_gradient

from generator.models.describe import conv_positions
from generator.models.flatten import flatten
from tests.models.tf_graph.nets import Doing, called, picture
from tests.models.tf_graph.test_trace import expect_own


def if_sizes_differ(model: Any, x: Any) -> Any:
    y = x[:, ::2, ::2]
    if tf.shape(x)[1] != tf.shape(y)[1]:
        y = tf.image.resize(y, [tf.shape(x)[1], tf.shape(x)[2]])
    return x + y


def loop_over_size(model: Any, x: Any) -> Any:
    for _ in range(x.get_shape().as_list()[-1] // 2):
        x = x * 1.1
    for step in tf.range(tf.shape(x)[-1]):
        x = x + tf.cast(step, x.dtype)
    return x


def static_sizes(model: Any, x: Any) -> Any:
    _, height, width, channels = x.shape
    y = tf.reshape(x, [-1, height * width, channels])
    y = tf.matmul(tf.nn.softmax(tf.matmul(y, y, transpose_b=True)), y)
    return tf.reshape(y, [-1, height, width, channels])


def branch_by_size(model: Any, x: Any) -> Any:
    return tf.nn.relu(x) if x.shape[1] is None or x.shape[1] < 40 else tf.nn.elu(x)


def number_of_pictures(model: Any, x: Any) -> Any:
    batch, height, width, channels = x.shape
    y = tf.reshape(x, (batch, height * width, channels))
    noise = tf.ones((batch, height, width, 2))
    return tf.concat([tf.reshape(y, (batch, height, width, channels))[..., :2] * 2.0, noise], -1)


@pytest.mark.parametrize("does", [if_sizes_differ, loop_over_size])
def test_sizes_may_decide_what_is_done(does: Any) -> None:
    model = called(Doing(does))
    graph = flatten(model, (32, 32, 3))
    assert graph.any_size
    expect_own(model, graph, picture())


@pytest.mark.parametrize("does", [static_sizes, branch_by_size, number_of_pictures])
def test_what_needs_to_know_the_size_is_shown_at_that_size(does: Any) -> None:
    model = called(Doing(does))
    graph = flatten(model)
    assert not graph.any_size
    note = "What the network's code does depends on the picture's size: it is shown for 32 x 32 alone."
    assert graph.notes == (note,)
    expect_own(model, graph, picture())
    expect_own(model, graph, picture(pictures=3))


def test_a_model_of_any_size_whose_call_needs_one_gets_one() -> None:
    graph = flatten(Doing(lambda model, x: tf.reshape(x, [-1, x.shape[1] * x.shape[2], 1, 4])), (None, None, 3))
    assert graph.picture == (128, 128, 3)
    assert not graph.any_size


class Branching(keras.Model):
    """Convolves by one of two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.dark, self.light, self.last = (
            layers.Conv2D(3, 3, padding="same", name=name) for name in ("first", "dark", "light", "last")
        )

    def call(self, image: Any) -> Any:
        """Choose by the numbers of the picture."""
        x = self.first(image)
        x = self.light(x) if tf.reduce_mean(x) > 0 else self.dark(x)
        return self.last(tf.nn.relu(x))


def test_a_branch_by_numbers_is_kept_and_the_layers_in_it_are_named() -> None:
    model = Branching()
    model(picture())
    graph = flatten(model, (32, 32, 3))
    assert [graph.calls[p].name for p in conv_positions(graph)] == ["first", "last"]
    assert graph.hidden == (
        "light (Conv2D) is left out: it is called in a branch or a loop of TensorFlow",
        "dark (Conv2D) is left out: it is called in a branch or a loop of TensorFlow",
    )
    for image in (picture(), -picture()):
        values = {graph.input: image}
        for call in graph.calls:
            call(values)
        np.testing.assert_allclose(np.asarray(values[graph.outputs[0]]), np.asarray(model(image)), rtol=1e-4, atol=1e-5)


class Decorated(keras.Model):
    """Its ``call`` is a function of TensorFlow, and trains unless it is told not to."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = layers.Conv2D(3, 3, name="conv"), layers.BatchNormalization(name="norm")
        self.steps = self.add_weight(shape=(), initializer="zeros", name="steps")

    @tf.function  # type: ignore[untyped-decorator]
    def call(self, image: Any, training: bool = True) -> Any:
        """Convolve, count and print."""
        self.steps.assign_add(1.0)
        x = tf.nn.relu(self.norm(self.conv(image), training=True))
        tf.debugging.assert_all_finite(x, "no number")
        return layers.UpSampling2D()(layers.Activation("tanh")(x))


def test_a_call_that_is_a_function_of_tensorflow_is_run_as_at_inference_and_counts_nothing() -> None:
    model = Decorated()
    model(picture(), training=False)
    before = float(model.steps)
    graph = flatten(model)
    assert float(model.steps) == before
    assert [type(call.op).__name__ for call in graph.calls] == [
        *("Conv2D", "BatchNormalization", "Relu", "Activation", "UpSampling2D")
    ]
    values = {graph.input: picture()}
    for call in graph.calls:
        call(values)
    expected = tf.nn.relu(model.norm(model.conv(picture()), training=False))
    np.testing.assert_allclose(
        np.asarray(values[graph.calls[2].outputs[0]]), np.asarray(expected), rtol=1e-5, atol=1e-6
    )


def test_keras_and_tensorflow_are_left_as_they_were() -> None:
    def state() -> list[Any]:
        names = ("__bool__", "__iter__", "__index__", "__int__", "__array__", "numpy")
        places = [vars(tf.Tensor).get(name) for name in names]
        return [*places, keras.Layer.__call__, custom_gradient._graph_mode_decorator, tf.config.functions_run_eagerly()]

    before = state()
    flatten(called(Doing(lambda model, x: tf.nn.silu(x))))
    with pytest.raises(Exception, match="no such thing"):
        flatten(called(Doing(fails_in_graphs)), (32, 32, 3))
    assert state() == before


def fails_in_graphs(model: Any, x: Any) -> Any:
    if tf.nn.relu(x) is not None and not tf.executing_eagerly():
        raise RuntimeError("no such thing")
    return tf.nn.relu(x)


def test_other_threads_call_layers_as_ever() -> None:
    other = layers.Conv2D(3, 3, name="other")
    results: list[Any] = []

    def does(model: Any, x: Any) -> Any:
        thread = threading.Thread(target=lambda: results.append(other(picture())))
        thread.start()
        thread.join()
        return tf.nn.relu(x)

    graph = flatten(called(Doing(does)))
    assert len(results) > 0
    assert [call.name for call in graph.calls] == ["first", "Relu", "second"]
    assert graph.hidden == ()
