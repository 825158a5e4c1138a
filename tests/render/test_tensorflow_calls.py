"""Networks whose ``call`` uses TensorFlow's functions, prepared for optimisation: values, activations and gradients."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from generator.config.values import RenderSettings
from generator.render.backend import compiled, value_and_gradient
from generator.render.feature_maps import feature_maps
from generator.render.network import Network
from generator.render.optimize import Optimizer
from tests.models.tf_graph.nets import Attention, Doing, Spaced, Splitting, Unet, called, picture, watched
from tests.render.nets import assembled, layer_index, off


@pytest.mark.parametrize(
    ("network", "name", "activation"),
    [
        (Unet, "up2", tf.nn.gelu),
        (Unet, "up1", lambda z: z * tf.sigmoid(z)),
        (Unet, "down3", tf.nn.silu),
        (Splitting, "second", lambda z: tf.nn.leaky_relu(z, alpha=0.3)),
        (Splitting, "third", lambda z: tf.nn.relu6(z + 3.0) / 6.0),
        (Attention, "gate2/weigh", tf.sigmoid),
        (Spaced, "conv2", tf.nn.elu),
    ],
)
def test_a_response_is_that_of_the_model_s_own_call(network: Any, name: str, activation: Any) -> None:
    model = called(network())
    loaded = assembled(model)
    layer = layer_index(loaded, name)
    conv = next(call.op for call in loaded.graph.calls if call.name == name)
    with watched([conv]) as seen:
        model(picture(), training=False)
    expected = np.asarray(activation(seen[id(conv), 1]))
    prepared = Network(loaded)
    assert off(prepared.activation(layer)(prepared.pre_activation(layer, picture())), expected) < 1e-5
    photo = np.random.default_rng(0).uniform(0, 255, (40, 40, 3))
    with watched([conv]) as seen:
        model(tf.constant(photo[None].astype(np.float32)), training=False)
    (maps,) = (each.activation for each in feature_maps(loaded, [layer], photo))
    assert off(maps, np.asarray(activation(seen[id(conv), 1]))[0]) < 1e-5


def through_a_branch(model: Any, x: Any) -> Any:
    x = tf.cond(tf.reduce_mean(x) > -1000.0, lambda: tf.tanh(x), lambda: x)
    return tf.while_loop(lambda i, y: i < 2, lambda i, y: (i + 1, y * 1.5), [0, x])[1]


def picture_by_picture(model: Any, x: Any) -> Any:
    return tf.tanh(tf.reshape(x, (x.shape[0], x.shape[1], x.shape[2], x.shape[3])))


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (Unet, "out"),
        (Attention, "last"),
        (Spaced, "shared"),
        (lambda: Doing(through_a_branch), "second"),
        (lambda: Doing(picture_by_picture), "second"),
    ],
)
def test_gradients_of_a_compiled_step_are_finite_differences(make: Any, name: str) -> None:
    loaded = assembled(called(make()))
    layer, network = layer_index(loaded, name), Network(loaded)
    image = picture()
    direction = picture(seed=5)

    def value(images: Any) -> Any:
        return tf.reduce_mean(tf.tanh(network.pre_activation(layer, images)), axis=(1, 2, 3))

    _, gradient = compiled(lambda images: value_and_gradient(value, images), free=[1])(image)
    slope = np.asarray(tf.reduce_sum(gradient * direction, axis=(1, 2, 3)))
    step = 1e-3
    differences = np.asarray(value(image + step * direction) - value(image - step * direction)) / (2 * step)
    np.testing.assert_allclose(slope, differences, rtol=0.03, atol=0.03 * np.abs(differences).max())


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_pictures_are_optimised(precision: str) -> None:
    loaded = assembled(called(Unet()))
    settings = RenderSettings(size=24, margin=4, steps=6, precision=precision)
    done = Optimizer(loaded, layer_index(loaded, "up1"), settings).run((0, 3))
    assert done.pictures.shape == (2, 24, 24, 3)
    assert np.isfinite(done.trace).all()
    assert (done.trace[-1] > done.trace[0]).all()


class Swish(layers.Layer):
    """An activation of one's own."""

    def call(self, x: Any) -> Any:
        """Return what TensorFlow does."""
        return tf.nn.silu(x)


@pytest.mark.case("own-activation")
def test_a_layer_of_one_s_own_that_is_an_activation_is_where_responses_are_read() -> None:
    image = keras.Input((None, None, 3))
    x = Swish(name="act1")(layers.BatchNormalization(name="norm")(layers.Conv2D(40, 3, name="first")(image)))
    x = layers.Lambda(lambda value: tf.nn.relu(value), name="act2")(layers.Conv2D(4, 3, name="second")(x))
    model = called(keras.Model(image, layers.Conv2D(2, 1, name="third")(x)))
    loaded = assembled(model)
    assert [(layer.name, layer.read_at, layer.activation) for layer in loaded.summary.layers] == [
        ("first", "act1", "silu"),
        ("second", "act2", "relu"),
        ("third", "third", "linear"),
    ]
    assert [layer.receptive_field for layer in loaded.summary.layers] == [(3, 3), (5, 5), (5, 5)]
    network = Network(loaded)
    assert network.narrows(1)
    few = network.activation(1)(network.pre_activation(1, picture(), tf.constant([3, 7])))
    norm = model.get_layer("norm")(model.get_layer("first")(picture()), training=False)
    assert off(few, np.asarray(tf.nn.silu(norm))[..., [3, 7]]) < 1e-4


class OnlyThere(layers.Layer):
    """A layer that runs on another machine alone."""

    def call(self, x: Any) -> Any:
        """Do what cannot be done here."""
        if isinstance(x, keras.KerasTensor) or not tf.executing_eagerly():
            return tf.nn.relu(x)
        raise RuntimeError("no such device")


@pytest.mark.case("own-activation")
def test_the_page_says_where_it_is_not_known_what_follows_a_convolution() -> None:
    image = keras.Input((16, 16, 3))
    x = OnlyThere(name="there")(layers.Conv2D(4, 3, name="first")(image))
    summary = assembled(keras.Model(image, layers.Conv2D(2, 1, name="second")(x))).summary
    assert summary.layers[0].read_at == "first"
    assert (
        "What there (OnlyThere) does behind a convolution is not known: its responses are read before it."
        in summary.notes
    )
