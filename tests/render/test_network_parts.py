"""A network in half precision, single channels of it, and that its layers are left as they were."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from generator.models.preprocess import named
from generator.render.network import Network, as_input
from tests.render.nets import Doubled, assembled, images_for, off, picture, scrambled


def half_precision(policy: str) -> tuple[keras.Model, keras.Model]:
    """Return a network in half precision, and the same in float32."""

    def build() -> keras.Model:
        image = picture()
        x = layers.Rescaling(1 / 255)(image)
        x = layers.Conv2D(6, 3)(x)
        x = layers.BatchNormalization()(layers.AveragePooling2D(2)(layers.PReLU(shared_axes=[1, 2])(x)))
        x = layers.SeparableConv2D(6, 3, activation="gelu")(x)
        x = layers.Conv2D(5, 3, padding="same", name="target")(x)
        return keras.Model(image, layers.Activation("swish", dtype="float32")(layers.BatchNormalization()(x)))

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        half = scrambled(build())
    finally:
        keras.config.set_dtype_policy(before)
    full = build()
    full.set_weights([np.asarray(w, np.float32) for w in half.get_weights()])
    return half, full


@pytest.mark.parametrize("policy", ["mixed_float16", "float16", "mixed_bfloat16", "bfloat16"])
def test_a_network_in_half_precision_is_computed_in_float32(policy: str) -> None:
    half, full = half_precision(policy)
    model = assembled(half)
    images = images_for(model) * 255
    norm = full.layers[-2]
    network = Network(model)
    before = network.pre_activation(3, images)
    assert off(before, keras.Model(full.input, norm.output)(images)) < 1e-5
    assert off(network.activation(3)(before), full(images)) < 1e-5
    assert (
        off(Network(model).output(3, images), keras.Model(full.input, full.get_layer("target").output)(images)) < 1e-5
    )
    assert off(half(images), full(images)) > 1e-4, "the test would not see half precision"


def wide(**conv: Any) -> keras.Model:
    image = picture()
    z = layers.Conv2D(40, 3, padding="same", name="target", **conv)(layers.Conv2D(4, 3)(image))
    return scrambled(keras.Model(image, layers.ReLU()(layers.BatchNormalization()(z))))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("conv", [{}, {"use_bias": False, "strides": 2}, {"activation": "gelu", "dilation_rate": 2}])
def test_single_channels_are_those_of_all(conv: dict[str, Any], precision: str) -> None:
    model = assembled(wide(**conv))
    network, images, computed_channels = Network(model, precision), images_for(model), np.array([3, 39, 0], np.int32)
    assert network.narrows(2)
    for read in (network.pre_activation, network.output):
        full, some = np.asarray(read(2, images)), read(2, images, computed_channels)
        assert off(some, full[..., computed_channels]) < 1e-6


@pytest.mark.parametrize(
    ("expected", "layer", "follows"),
    [
        (True, layers.Conv2D(40, 3), []),
        (True, layers.Conv2D(40, 3, activation="relu"), [layers.BatchNormalization()]),
        (True, layers.Conv2D(40, 3), [layers.BatchNormalization(), layers.LeakyReLU()]),
        (False, layers.Conv2D(32, 3), []),
        (False, layers.Conv2D(40, 3, groups=2), []),
        (False, layers.Conv2D(40, 3, activation="softmax"), []),
        (False, layers.Conv2D(40, 3), [layers.PReLU(shared_axes=[1, 2])]),
        (False, layers.Conv2D(40, 3), [layers.BatchNormalization(axis=1)]),
        (False, layers.DepthwiseConv2D(3, depth_multiplier=10), []),
        (False, layers.SeparableConv2D(40, 3), []),
        (False, layers.Conv2DTranspose(40, 3), []),
        (False, Doubled(40, 3), []),
    ],
)
def test_which_layers_can_be_computed_by_channel(expected: bool, layer: Any, follows: list[Any]) -> None:
    x = image = picture(side=12)
    for each in (layers.Conv2D(4, 3, padding="same"), layer, *follows):
        x = each(x)
    model = keras.Model(image, x)
    assert Network(assembled(model)).narrows(2) is expected


class Brittle(layers.Layer):
    """A layer that knows float32 alone."""

    def call(self, x: Any) -> Any:
        """Return what came, if it is in float32."""
        if keras.backend.standardize_dtype(x.dtype) != "float32":
            raise TypeError("only float32 is known here")
        return x


def with_brittle() -> keras.Model:
    image = picture()
    x = layers.Conv2D(4, 3, activation="relu")(image)
    x = layers.SeparableConv2D(4, 3, activation="relu")(x)
    return keras.Model(image, layers.Conv2DTranspose(4, 3, activation="gelu", name="target")(Brittle()(x)))


def state(model: keras.Model) -> list[tuple[Any, Any, Any]]:
    layers_inside = model._flatten_layers()
    return [(layer.name, layer.dtype_policy, getattr(layer, "activation", None)) for layer in layers_inside]


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_layers_are_as_they_were_afterwards(policy: str, precision: str) -> None:
    model = half_precision(policy)[0]
    summary = assembled(model)
    own, network = state(model), Network(summary, precision)
    for layer in (1, 2, 3):
        images = images_for(summary)
        network.activation(layer)(network.pre_activation(layer, images))
        network.output(layer, images)
    assert state(model) == own


def test_the_layers_are_as_they_were_after_an_exception() -> None:
    model = with_brittle()
    summary = assembled(model)
    own, images = state(model), images_for(summary)
    expected = np.asarray(model(images))
    with pytest.raises(Exception, match="only float32"):
        Network(summary, "bfloat16").pre_activation(3, images)

    def refuse(*arguments: Any, **keywords: Any) -> Any:
        raise ValueError("no")

    model.get_layer("target").call = refuse
    for precision in ("float32", "bfloat16"):
        with pytest.raises((ValueError, TypeError)):
            Network(summary, precision).pre_activation(3, images)
    del model.get_layer("target").call
    assert state(model) == own
    np.testing.assert_array_equal(model(images), expected)


@pytest.mark.parametrize(
    ("style", "pixel", "expected"),
    [
        ("none", (10, 20, 30), (10, 20, 30)),
        ("tf", (0, 127.5, 255), (-1, 0, 1)),
        ("caffe", (0, 100, 200), (200 - 103.939, 100 - 116.779, -123.68)),
        ("torch", (255, 0, 255), ((1 - 0.485) / 0.229, -0.456 / 0.224, (1 - 0.406) / 0.225)),
    ],
)
def test_pictures_become_inputs(style: str, pixel: tuple[float, ...], expected: tuple[float, ...]) -> None:
    image = picture()
    model = assembled(keras.Model(image, layers.Conv2D(2, 3)(image)))
    model = replace(model, summary=replace(model.summary, preprocess=named(style, 3)))
    actual = as_input(model, keras.ops.convert_to_tensor(np.array(pixel, np.float32).reshape(1, 1, 1, 3)))
    np.testing.assert_allclose(np.asarray(actual).ravel(), expected, rtol=1e-5, atol=1e-6)
