"""A network that was prepared for optimisation against the same network as Keras runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import pytest
import tensorflow as tf
from keras import layers

from generator.render.network import Network
from tests.render.nets import Doubled, assembled, images_for, layer_index, off, picture, scrambled

Run = Callable[[Any], Any]


@dataclass(frozen=True)
class Case:
    """A model with a convolution ``target``; plain Keras runs up to where it is read before and after activation.

    ``fused`` is the layer whose own activation must be away for ``before``.
    """

    model: keras.Model
    before: Run
    after: Run
    fused: Any = None
    name: str = "target"
    call: int = 1


def cut(image: Any, before: Any, after: Any, end: Any = None, **fields: Any) -> Case:
    """Return a case of a flat functional model, given symbolic tensors."""
    operation = before._keras_history.operation
    model = scrambled(keras.Model(image, after if end is None else end))
    return Case(model, keras.Model(image, before), keras.Model(image, after), operation, **fields)


@contextmanager
def linear(layer: Any) -> Iterator[None]:
    """Take a layer's own activation away for a while."""
    own = getattr(layer, "activation", None)
    if own is None:
        yield
        return
    layer.activation = keras.activations.linear
    yield
    layer.activation = own


def fused(activation: str, **conv: Any) -> Case:
    image = picture()
    z = layers.Conv2D(4, 3, activation=activation, name="target", **conv)(image)
    return cut(image, z, z)


def separate(activation: Any, side: int | None = None) -> Case:
    image = picture(side=side)
    z = layers.Conv2D(4, 3, name="target", padding="same")(layers.Conv2D(5, 3, activation="tanh")(image))
    return cut(image, z, activation(z))


def normalised(**norm: Any) -> Case:
    image = picture()
    z = layers.Conv2D(4, 3, name="target", use_bias=bool(norm.get("center", True)))(image)
    z = layers.BatchNormalization(**norm)(z)
    return cut(image, z, layers.ReLU()(z))


def normalised_below() -> Case:
    """The folded batch normalisation is on the way, not at the end."""
    image = picture()
    z = layers.Conv2D(6, 3)(image)
    z = layers.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False)(layers.ReLU()(layers.BatchNormalization()(z)))
    z = layers.Conv2D(4, 1, name="target")(layers.ReLU()(layers.BatchNormalization(center=False)(z)))
    return cut(image, z, z)


def conv_with_two_consumers() -> Case:
    image = picture()
    z = layers.Conv2D(4, 3, name="target")(image)
    return cut(image, z, z, end=layers.Add()([z, layers.BatchNormalization()(z)]))


def behind_two_consumers() -> Case:
    image = picture()
    z = layers.Conv2D(4, 3)(image)
    z = layers.Add()([z, layers.BatchNormalization()(z)])
    z = layers.Conv2D(3, 3, name="target")(z)
    return cut(image, z, z)


def norm_after_activation() -> Case:
    image = picture()
    z = layers.Conv2D(4, 3, activation="relu")(image)
    z = layers.Conv2D(3, 3, name="target")(layers.BatchNormalization()(z))
    return cut(image, z, z)


def norm_after_pool() -> Case:
    image = picture()
    z = layers.Conv2D(4, 3)(image)
    z = layers.BatchNormalization()(layers.MaxPooling2D()(z))
    z = layers.Conv2D(3, 3, name="target")(z)
    return cut(image, z, z)


def norm_first() -> Case:
    image = picture()
    z = layers.Conv2D(3, 3, name="target")(layers.BatchNormalization()(image))
    return cut(image, z, z)


def norm_over_rows() -> Case:
    """A batch normalisation of another axis cannot be folded."""
    image = picture(side=12)
    z = layers.Conv2D(4, 3, name="target")(image)
    z = layers.BatchNormalization(axis=1)(z)
    return cut(image, z, layers.ReLU()(z))


def kind(layer: type, *arguments: Any, channels: int = 4, **fields: Any) -> Case:
    image = picture()
    z = layers.Conv2D(channels, 3, activation="relu")(image)
    z = layer(*arguments, name="target", **fields)(z)
    z = layers.BatchNormalization()(z)
    return cut(image, z, layers.ReLU()(z))


def residual() -> Case:
    image = picture()
    stem = layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    z = layers.Conv2D(4, 3, padding="same")(stem)
    stem = layers.ReLU()(layers.Add()([stem, layers.BatchNormalization()(z)]))
    z = layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same", name="target")(stem))
    return cut(image, z, z, end=layers.ReLU()(layers.Add()([stem, z])))


def nested() -> Case:
    y = picture(4)
    z = layers.BatchNormalization()(layers.Conv2D(5, 3, padding="same", name="target")(y))
    inner = keras.Model(y, layers.Activation("swish")(z), name="inner")
    image = picture()
    stem = layers.Conv2D(4, 3, activation="relu")(image)
    model = scrambled(keras.Model(image, layers.Conv2D(2, 1)(inner(stem))))
    below, before = keras.Model(image, stem), keras.Model(y, z)
    return Case(model, lambda x: before(below(x)), lambda x: inner(below(x)), name="inner/target")


def shared(call: int) -> Case:
    image = picture()
    layer, norm = layers.Conv2D(3, 3, padding="same", name="target"), layers.BatchNormalization()
    first = layer(image)
    second = norm(layer(layers.ReLU()(first)))
    z = first if call == 1 else second
    return cut(image, z, layers.ReLU()(z), end=layers.ReLU()(second), call=call)


def derived(activation: str | None = None) -> Case:
    image = picture()
    z = Doubled(4, 3, activation=activation)(image)
    z = Doubled(4, 3, activation=activation, name="target")(z)
    if activation:
        return cut(image, z, z)
    z = layers.BatchNormalization()(z)
    return cut(image, z, layers.ReLU()(z))


CASES: dict[str, Callable[[], Case]] = {
    "fused relu": lambda: fused("relu"),
    "fused gelu, no bias, strided": lambda: fused("gelu", use_bias=False, strides=(2, 3), padding="same"),
    "dilated": lambda: fused("relu", dilation_rate=(2, 3)),
    "grouped": lambda: kind(layers.Conv2D, 6, 3, groups=2),
    "separate relu": lambda: separate(layers.ReLU()),
    "separate relu6": lambda: separate(layers.ReLU(max_value=6)),
    "separate swish": lambda: separate(layers.Activation("swish")),
    "separate gelu as an operation": lambda: separate(keras.ops.gelu),
    "separate prelu": lambda: separate(layers.PReLU(shared_axes=[1, 2])),
    "separate prelu with a slope of each place": lambda: separate(layers.PReLU(), side=12),
    "separate leaky relu": lambda: separate(layers.LeakyReLU(0.3)),
    "batch normalisation": lambda: normalised(),
    "batch normalisation without scale": lambda: normalised(scale=False),
    "batch normalisation without centre": lambda: normalised(center=False, epsilon=0.1),
    "batch normalisations below": normalised_below,
    "batch normalisation over rows": norm_over_rows,
    "a convolution with two consumers": conv_with_two_consumers,
    "behind a convolution with two consumers": behind_two_consumers,
    "batch normalisation after an activation": norm_after_activation,
    "batch normalisation after a pool": norm_after_pool,
    "batch normalisation of the picture": norm_first,
    "depthwise": lambda: kind(layers.DepthwiseConv2D, 3, depth_multiplier=2, strides=2),
    "separable": lambda: kind(layers.SeparableConv2D, 5, 3, depth_multiplier=2),
    "transposed": lambda: kind(layers.Conv2DTranspose, 5, 3, strides=2, padding="same"),
    "residual": residual,
    "nested": nested,
    "shared, first call": lambda: shared(1),
    "shared, second call": lambda: shared(2),
    "a class of its own": lambda: derived(),
    "a class of its own, fused": lambda: derived("relu"),
}


@pytest.mark.usefixtures("in_float64")
@pytest.mark.parametrize("name", CASES)
def test_it_computes_what_keras_computes(name: str) -> None:
    case = CASES[name]()
    model = assembled(case.model)
    layer, images = layer_index(model, case.name, case.call), images_for(model)
    network = Network(model)
    # What the network computes must have the gradient that Keras has, too: in random directions of the result.
    with tf.GradientTape() as tape:
        tape.watch(images)
        before = network.pre_activation(layer, images)
        push = tf.random.stateless_normal(tf.shape(before), [0, 0], dtype=before.dtype)
        total = tf.reduce_sum(before * push)
    slope = tape.gradient(total, images)
    with linear(case.fused), tf.GradientTape() as tape:
        tape.watch(images)
        expected = case.before(images)
        total = tf.reduce_sum(expected * push)
    assert off(before, expected) < 1e-12
    assert off(slope, tape.gradient(total, images)) < 1e-12
    assert off(network.activation(layer)(before), case.after(images)) < 1e-12


@pytest.mark.parametrize("name", CASES)
def test_the_output_is_the_layers_own(name: str) -> None:
    """Whatever follows the layer; in a model that is cut right behind it."""
    case = CASES[name]()
    if case.name != "target":
        pytest.skip("a nested layer has no output in the outer model")
    model = assembled(case.model)
    own = case.model.get_layer("target")
    expected = keras.Model(case.model.input, own._inbound_nodes[case.call - 1].output_tensors[0])
    images = images_for(model)
    actual = Network(model).output(layer_index(model, "target", case.call), images)
    assert off(actual, expected(images)) < 1e-5


@pytest.mark.parametrize("name", CASES)
def test_in_bfloat16_it_is_near(name: str) -> None:
    case = CASES[name]()
    model = assembled(case.model)
    images = images_for(model)
    network = Network(model, "bfloat16")
    layer = layer_index(model, case.name, case.call)
    actual = network.pre_activation(layer, images)
    assert actual.dtype == tf.float32
    with linear(case.fused):
        # bfloat16 has 8 bits: each number is off by up to 1/256, sums of random signs by little more.
        assert 0 < off(actual, case.before(images)) < 0.03
    assert off(network.activation(layer)(actual), case.after(images)) < 0.03
    assert network.output(layer, images).dtype == tf.float32
