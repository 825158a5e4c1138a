"""A target layer whose activation is bounded: optimised and scored without its ceiling, and it alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from generator.config.values import ObjectiveSpec, complete_settings
from generator.models.load import LoadedModel
from generator.render.feature_maps import feature_maps
from generator.render.network import Network
from generator.render.optimize import Optimizer, scores
from generator.render.target import TargetLayer
from tests.render.nets import assembled, centred, gratings, layer_index, off, scrambled

pytestmark = pytest.mark.case("relu6-ceiling")

Apply = Callable[[Any], Any]
UNCAPPED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "relu6": lambda z: np.maximum(z, 0),
    "hard_sigmoid": lambda z: np.maximum(z / 6 + 0.5, 0),
    "sigmoid": lambda z: np.where(z > 0, 0.5 + z / 4, 1 / (1 + np.exp(-z))),
    "tanh": lambda z: np.where(z > 0, z, np.tanh(z)),
    "hard_tanh": lambda z: np.maximum(z, -1),
    "softsign": lambda z: np.where(z > 0, z, z / (1 + np.abs(z))),
    "log_sigmoid": lambda z: z,
}
PLACES = ("fused", "layer", "operation", "after batch normalisation")


def activated(name: str, place: str, conv: dict[str, Any], image: Any) -> Any:
    """Return a convolution of an image with an activation at a place."""
    if place == "fused":
        return layers.Conv2D(**conv, activation=name)(image)
    z = layers.Conv2D(**conv)(image)
    if place == "after batch normalisation":
        z = layers.BatchNormalization(epsilon=0.0)(z)
    function = getattr(keras.activations, name)
    return function(z) if place == "operation" else layers.Activation(name)(z)


def two_strengths(name: str, place: str, strength: float = 8) -> LoadedModel:
    """Return two filters for stripes across each other, one with twice the weights of the other."""
    kernels = strength * gratings(2) * np.array([1, 2])
    image = keras.Input((None, None, 1))
    conv = {"filters": 2, "kernel_size": 7, "padding": "same", "name": "target"}
    model = keras.Model(image, activated(name, place, conv, centred(image)))
    model.get_layer("target").set_weights([kernels, np.zeros(2)])
    return assembled(model)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", UNCAPPED)
def test_two_filters_of_unlike_strength_do_not_tie(name: str, place: str) -> None:
    """The picture of each is scored by its strength, though either is at the ceiling in the network."""
    model = two_strengths(name, place)
    y, x = np.mgrid[:16, :16]
    across = np.stack([np.cos(np.pi / 2 * x), np.cos(np.pi / 2 * y)])[..., None]
    settings = complete_settings({"size": 16, "objective": (ObjectiveSpec("neuron"),)})
    weak, strong = scores(model, 1, (0, 1), 127.5 + 127.5 * across, settings)
    activation = getattr(keras.activations, name)
    largest = float(activation(keras.ops.convert_to_tensor([1e4]))[0])
    assert weak > 1.5 * largest + 1
    at_zero = UNCAPPED[name](np.zeros(1))[0]
    assert strong - at_zero == pytest.approx(2 * (weak - at_zero), rel=1e-3)


@pytest.mark.parametrize("method", ["fourier", "pixel", "maco"])
@pytest.mark.parametrize(("name", "place"), [("relu6", "fused"), ("relu6", "layer"), ("sigmoid", "fused")])
def test_the_optimisation_goes_on_above_the_ceiling(name: str, place: str, method: str) -> None:
    model = two_strengths(name, place, 40)
    settings = complete_settings({"method": method, "size": 24, "steps": 24})
    pictures = Optimizer(model, 1, settings).run((0, 1)).pictures
    weak, strong = scores(model, 1, (0, 1), pictures * 255, settings)
    capped = {"relu6": 6.0, "sigmoid": 1.0}[name]
    assert capped < strong
    assert strong > 1.4 * weak


@pytest.mark.parametrize("name", UNCAPPED)
def test_scores_are_those_of_an_independent_calculation(name: str) -> None:
    """A convolution of 1 x 1, which numpy can do, on pixels; below it another of the same kind, which keeps its end."""
    rng = np.random.default_rng(0)
    first, second = 0.1 * rng.normal(size=(3, 4)), 8 * rng.normal(size=(4, 5))
    image = keras.Input((None, None, 3))
    below = layers.Conv2D(4, 1, use_bias=False, activation=name, name="below")(image)
    model = keras.Model(image, layers.Conv2D(5, 1, use_bias=False, activation=name, name="target")(below))
    model.set_weights([first[None, None], second[None, None]])
    pixels = rng.uniform(0, 255, (5, 6, 7, 3)).astype(np.float32)

    z = pixels.astype(np.float64) @ first
    capped = {
        "relu6": np.clip(z, 0, 6),
        "hard_sigmoid": np.clip(z / 6 + 0.5, 0, 1),
        "sigmoid": 1 / (1 + np.exp(-z)),
        "tanh": np.tanh(z),
        "hard_tanh": np.clip(z, -1, 1),
        "softsign": z / (1 + np.abs(z)),
        "log_sigmoid": -np.logaddexp(0, -z),
    }[name]
    expected = UNCAPPED[name](capped @ second)
    loaded = assembled(model)
    actual = scores(loaded, 2, (0, 1, 2, 3, 4), pixels)
    np.testing.assert_allclose(actual, [expected[i, ..., i].mean() for i in range(5)], rtol=1e-4, atol=1e-4)

    maps = {each.layer: each for each in feature_maps(loaded, [1, 2], pixels[0])}
    np.testing.assert_allclose(maps[1].activation, capped[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(maps[2].activation, model.predict(pixels[:1], verbose=0)[0], rtol=1e-6, atol=1e-6)
    assert maps[2].uncapped is not None
    np.testing.assert_allclose(maps[2].uncapped, expected[0], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", UNCAPPED)
def test_feature_maps_are_capped_and_photos_are_compared_uncapped(name: str, place: str) -> None:
    """Of the same image: the map is what Keras predicts, the uncapped one what a picture would score."""
    image = keras.Input((None, None, 3))
    below = layers.ReLU(6.0)(layers.Conv2D(4, 3, padding="same")(image))
    conv = {"filters": 6, "kernel_size": 3, "name": "target"}
    model = scrambled(keras.Model(image, activated(name, place, conv, below)))
    loaded = assembled(model)
    photo = np.random.default_rng(1).uniform(0, 255, (12, 14, 3)).astype(np.float32)
    (maps,) = feature_maps(loaded, [2], photo)
    np.testing.assert_array_equal(maps.activation, np.asarray(model(photo[None], training=False))[0])
    assert maps.uncapped is not None
    actual = scores(loaded, 2, tuple(range(6)), np.repeat(photo[None], 6, axis=0))
    assert off(actual, maps.uncapped.mean(axis=(0, 1))) < 1e-4


def test_without_a_ceiling_there_is_nothing_uncapped() -> None:
    image = keras.Input((None, None, 3))
    loaded = assembled(keras.Model(image, layers.Conv2D(2, 3, activation="relu")(image)))
    (maps,) = feature_maps(loaded, [1], np.zeros((8, 8, 3), np.float32))
    assert maps.uncapped is None
    assert maps.compared is maps.activation


def test_the_layers_below_keep_their_ceiling() -> None:
    """Also when they are targets of the same prepared network, as in a build."""
    image = keras.Input((None, None, 3))
    x = layers.Conv2D(4, 3, activation="relu6", name="one")(image)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(4, 3, name="two")(x)))
    model = scrambled(keras.Model(image, layers.Conv2D(3, 3, name="three")(x)))
    loaded, network = assembled(model), Network(assembled(model))
    images = np.random.default_rng(0).uniform(-255, 255, (2, 12, 14, 3)).astype(np.float32)
    for name in ("one", "two", "three"):
        layer = layer_index(loaded, name)
        before = network.pre_activation(layer, images)
        network.uncapped(layer)(before)
        capped = np.asarray(network.activation(layer)(before))
        assert name == "three" or capped.max() == 6
    assert off(network.pre_activation(3, images), model(images)) < 1e-5


@pytest.mark.parametrize("activation", ["softmax", "log_softmax"])
def test_a_fused_softmax_goes_on_by_its_log_odds(activation: str) -> None:
    image = keras.Input((None, None, 3))
    model = scrambled(keras.Model(image, layers.Conv2D(5, 1, activation=activation)(image)))
    kernel, bias = model.get_weights()
    pixels = np.random.default_rng(0).uniform(0, 255, (5, 4, 4, 3)).astype(np.float32)
    z = pixels.astype(np.float64) @ kernel[0, 0].astype(np.float64) + bias
    odds = z - np.logaddexp.reduce(np.where(np.eye(5, dtype=bool), -np.inf, z[..., None, :]), axis=-1)
    expected = UNCAPPED["sigmoid"](odds) if activation == "softmax" else odds
    actual = scores(assembled(model), 1, (0, 1, 2, 3, 4), pixels)
    np.testing.assert_allclose(actual, [expected[i, ..., i].mean() for i in range(5)], rtol=1e-3)


def test_channels_first() -> None:
    image = keras.Input((3, 10, 10))
    z = layers.Conv2D(4, 3, data_format="channels_first", name="target")(image)
    model = keras.Model(image, layers.ReLU(6.0)(z))
    kernel = np.random.default_rng(0).normal(size=(3, 3, 3, 4))
    model.get_layer("target").set_weights([kernel, np.zeros(4)])
    loaded = assembled(model)
    photo = np.random.default_rng(1).uniform(0, 255, (10, 10, 3)).astype(np.float32)
    (maps,) = feature_maps(loaded, [1], photo)
    assert maps.activation.max() == 6
    actual = scores(loaded, 1, (0, 1, 2, 3), np.repeat(photo[None], 4, axis=0))
    assert maps.uncapped is not None
    assert off(actual, maps.uncapped.mean(axis=(0, 1))) < 1e-4


def test_the_own_output_that_pixel_maximises_has_no_ceiling() -> None:
    model = two_strengths("relu6", "fused")
    images = np.random.default_rng(0).uniform(0, 255, (2, 12, 12, 1)).astype(np.float32)
    target = TargetLayer(Network(model), 1, complete_settings({"method": "pixel"}))
    output = np.asarray(target.output(images, None, np.eye(2, dtype=np.float32)))
    expected = np.asarray(Network(model).uncapped(1)(Network(model).pre_activation(1, images))).mean(axis=(1, 2))
    np.testing.assert_allclose(output, np.diag(expected), rtol=1e-5)
