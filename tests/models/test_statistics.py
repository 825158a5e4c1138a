"""Wrong preprocessing is caught by what a batch normalisation remembers; right preprocessing is never accused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from numpy.typing import NDArray
from PIL import Image, ImageOps

from generator import assets
from generator.config.load import load_config
from generator.config.values import PreprocessChoice
from generator.models.flatten import flatten
from generator.models.preprocess import Preprocess, custom, named
from generator.models.statistics import Distances, check, distances

Array = NDArray[Any]
RESIDUAL = Path(__file__).parents[1] / "data" / "residual.keras"


def photos(side: int, channels: int = 3) -> Array:
    """Return the four bundled photos."""
    opened = [Image.open(assets.photo_path(name)).convert("RGB" if channels == 3 else "L") for name in assets.PHOTOS]
    return np.stack([np.asarray(ImageOps.fit(p, (side, side))).reshape(side, side, channels) for p in opened])


def training_set(channels: int) -> Array:
    """Return small pictures: parts of the photos, at the scale of 32 pixels for a third of a photo."""
    whole = photos(96, channels)
    return np.concatenate([whole[:, y : y + 32, x : x + 32] for y in (0, 32, 64) for x in (0, 32, 64)])


def scheme(name: str, channels: int = 3) -> Preprocess:
    """Return a preprocessing by the label that verdicts have."""
    if name == "0..1":
        return custom(PreprocessChoice("custom", scale=1 / 255), channels)
    return named(name, channels)


def before_relu(x: Any) -> Any:
    return layers.BatchNormalization(name="bn")(layers.Conv2D(16, 3, padding="same", use_bias=False)(x))


def after_relu(x: Any) -> Any:
    return layers.BatchNormalization(name="bn")(layers.Conv2D(16, 5, padding="same", activation="relu")(x))


def strided(x: Any) -> Any:
    return layers.BatchNormalization(name="bn")(layers.Conv2D(16, 3, strides=2)(x))


def depthwise(x: Any) -> Any:
    return layers.BatchNormalization(name="bn")(layers.DepthwiseConv2D(3, depth_multiplier=4, padding="same")(x))


def at_once(x: Any) -> Any:
    return layers.Conv2D(8, 3)(layers.BatchNormalization(name="bn")(x))


def late(x: Any) -> Any:
    for width in (8, 12):
        x = layers.MaxPooling2D()(layers.Conv2D(width, 3, padding="same", activation="relu")(x))
    return layers.BatchNormalization(name="bn")(x)


def channels_first(x: Any) -> Any:
    x = layers.Permute((3, 1, 2))(layers.Conv2D(16, 3)(x))
    return layers.Permute((2, 3, 1))(layers.BatchNormalization(axis=1, name="bn")(x))


def rescaled(x: Any) -> Any:
    return before_relu(layers.Rescaling(1 / 255)(x))


def inside(x: Any) -> Any:
    y = keras.Input((None, None, 3))
    return keras.Model(y, before_relu(y), name="block")(x)


def remembering(build: Callable[[Any], Any], trained: Preprocess, left: float = 0.0) -> keras.Model:
    """Return a network of random weights whose batch normalisation has seen the training set; it is not trained.

    ``left`` is the part of its first statistics, zeros and ones, that was not forgotten yet.
    """
    channels = len(trained.offset)
    image = keras.Input((None, None, channels))
    model = keras.Model(image, build(image))
    norm = next(op for op in model._flatten_layers() if isinstance(op, layers.BatchNormalization))
    norm.momentum = 0.0
    model(trained(training_set(channels)).astype("float32"), training=True)
    mean, variance = (np.asarray(v) for v in (norm.moving_mean, norm.moving_variance))
    norm.moving_mean.assign((1 - left) * mean)
    norm.moving_variance.assign((1 - left) * variance + left)
    return model


NETWORKS = (before_relu, after_relu, strided, depthwise, at_once, late, channels_first, inside)
SCHEMES = ("none", "0..1", "tf", "torch", "caffe")
LARGE = {"none", "caffe"}


@pytest.mark.parametrize("trained", SCHEMES)
@pytest.mark.parametrize("build", NETWORKS)
def test_values_of_another_magnitude_are_caught_and_the_right_ones_are_not(build: Any, trained: str) -> None:
    graph = flatten(remembering(build, scheme(trained)))
    for tried in SCHEMES:
        verdict = check(graph, scheme(tried), photos(64))
        assert verdict.checked
        if tried == trained:
            assert (verdict.better, "fits" in verdict.sentence) == ("", True), verdict
        elif (tried in LARGE) != (trained in LARGE):
            # Which of two that are alike is named is left to the photos.
            assert verdict.better in (LARGE if trained in LARGE else set(SCHEMES) - LARGE), (tried, verdict)


@pytest.mark.parametrize("trained", ["none", "0..1", "tf"])
def test_gray_networks_are_checked(trained: str) -> None:
    graph = flatten(remembering(after_relu, scheme(trained, 1)))
    for tried in ("none", "0..1", "tf"):
        verdict = check(graph, scheme(tried, 1), photos(32, 1))
        assert verdict.checked
        if tried == trained:
            assert verdict.better == "", verdict
        elif "none" in (tried, trained):
            assert bool(verdict.better), (tried, verdict)


@pytest.mark.parametrize("trained", ["0..1", "tf", "torch", "none"])
@pytest.mark.parametrize("left", [0.1, 0.5, 0.74])
def test_hardly_trained_statistics_do_not_accuse_the_right_preprocessing(trained: str, left: float) -> None:
    graph = flatten(remembering(before_relu, scheme(trained), left))
    assert check(graph, scheme(trained), photos(64)).better == ""


@pytest.mark.parametrize("tried", ["0..1", "tf", "torch"])
def test_pictures_that_are_scaled_twice_are_caught(tried: str) -> None:
    graph = flatten(remembering(rescaled, named("none", 3)))
    assert check(graph, scheme(tried), photos(64)).better == "none"
    assert check(graph, named("none", 3), photos(64)).better == ""


def test_a_network_trained_on_other_pictures() -> None:
    graph = flatten(keras.models.load_model(RESIDUAL))
    assert "fits" in check(graph, named("none", 3), photos(224)).sentence
    for tried in ("0..1", "tf", "torch"):
        assert check(graph, scheme(tried), photos(224)).better == "none"


def overlap(mean: float, variance: float, other_mean: float, other_variance: float) -> float:
    """Return the integral of the root of the product of two normal densities, by the trapezoidal rule."""
    reach = 12 * max(variance, other_variance) ** 0.5
    x = np.linspace(min(mean, other_mean) - reach, max(mean, other_mean) + reach, 400_001)
    p, q = (
        np.exp(-((x - m) ** 2) / 2 / v) / np.sqrt(2 * np.pi * v)
        for m, v in ((mean, variance), (other_mean, other_variance))
    )
    return float(np.trapezoid(np.sqrt(p * q), x))


def test_the_distance_is_that_of_hellinger() -> None:
    image = keras.Input((40, 40, 3))
    norm = layers.BatchNormalization()
    graph = flatten(keras.Model(image, layers.Conv2D(2, 3)(norm(image))))
    mean, variance = np.array([0.3, 0.6, -0.4]), np.array([0.02, 0.03, 1e-9])
    norm.moving_mean.assign(mean)
    norm.moving_variance.assign(variance)
    pictures = np.random.default_rng(0).integers(0, 256, (3, 40, 40, 3), np.uint8)
    pictures[..., 1] //= 2
    middle = pictures[:, 5:35, 5:35].reshape(-1, 3) / 255  # borders are left out
    expected = []
    for i in range(3):
        floor = 0.03e-4
        expected.append(1 - overlap(middle[:, i].mean(), middle[:, i].var(), mean[i], max(variance[i], floor)))
    measured = distances(graph, scheme("0..1"), pictures)
    assert isinstance(measured, Distances)
    assert measured.own == pytest.approx(np.mean(expected), abs=1e-4)


def coloured() -> Array:
    """Return pictures that are red above all."""
    rng = np.random.default_rng(1)
    pictures = rng.integers(0, 40, (4, 32, 32, 3), np.uint8)
    pictures[..., 0] += 200
    return pictures


@pytest.mark.parametrize("style", ["none", "0..1", "tf", "torch", "caffe"])
def test_red_and_blue_in_the_wrong_order_are_caught(style: str) -> None:
    image = keras.Input((32, 32, 3))
    norm = layers.BatchNormalization()
    graph = flatten(keras.Model(image, layers.Conv2D(2, 3)(norm(image))))
    seen = scheme(style)(coloured()).reshape(-1, 3)
    norm.moving_mean.assign(seen.mean(axis=0))
    norm.moving_variance.assign(seen.var(axis=0))
    swapped = coloured()[..., ::-1]
    verdict = check(graph, scheme(style), swapped)
    assert verdict.better.startswith("red and blue swapped")
    assert check(graph, scheme(style), coloured()).better == ""


@pytest.mark.parametrize(
    ("tried", "trained"),
    [("none", "0..1"), ("none", "tf"), ("none", "torch"), ("tf", "none"), ("tf", "caffe")],
)
def test_the_line_for_the_configuration_is_the_better_preprocessing(tried: str, trained: str, tmp_path: Path) -> None:
    verdict = check(flatten(remembering(at_once, scheme(trained))), scheme(tried), photos(64))
    assert verdict.better == trained
    assert_same_map(read_back(verdict.sentence, tmp_path), scheme(trained))


@pytest.mark.parametrize("style", ["none", "0..1", "tf", "torch", "caffe"])
def test_the_line_for_swapped_colours_is_the_same_map_of_swapped_pictures(style: str, tmp_path: Path) -> None:
    measured = distances(flatten(remembering(at_once, scheme(style))), scheme(style), photos(64))
    assert isinstance(measured, Distances)
    (line,) = (line for label, line, _ in measured.others if label.startswith("red and blue"))
    pixel = np.array([10, 60, 200])
    np.testing.assert_allclose(
        read_back(f"`preprocess: {line}`", tmp_path)(pixel), scheme(style)(pixel[::-1]), rtol=1e-4, atol=1e-4
    )


def read_back(sentence: str, folder: Path) -> Preprocess:
    """Return the map that the line in a sentence means, through config.yaml."""
    (line,) = re.findall("`(preprocess: .*?)`", sentence)
    (folder / "config.yaml").write_text(f"models:\n  - source: demo\n    {line}\n", encoding="utf-8")
    choice = load_config(folder / "config.yaml").models[0].preprocess
    return custom(choice, 3) if choice.style == "custom" else named(choice.style, 3)


def assert_same_map(first: Preprocess, second: Preprocess) -> None:
    pixels = np.array([[0, 0, 0], [255, 10, 130]])
    np.testing.assert_allclose(first(pixels), second(pixels), rtol=1e-4, atol=1e-4)


def plain(x: Any) -> Any:
    return layers.Conv2D(4, 3)(x)


def untrained(x: Any) -> Any:
    return layers.BatchNormalization(name="early")(layers.Conv2D(4, 3)(x))


def after_pooling(x: Any) -> Any:
    x = layers.GlobalAveragePooling2D(keepdims=True)(layers.Conv2D(4, 3)(x))
    return layers.BatchNormalization(name="behind", moving_mean_initializer="ones")(x)


def by_itself(x: Any) -> Any:
    x = layers.GroupNormalization(4, epsilon=1e-12)(layers.Conv2D(4, 1)(x))
    return layers.BatchNormalization(moving_mean_initializer="ones")(x)


@pytest.mark.parametrize(
    ("build", "channels", "why"),
    [
        (plain, 3, "no batch normalisation"),
        (untrained, 3, "early, was never trained"),
        (after_pooling, 3, "too little reaches the first batch normalisation, behind"),
        (by_itself, 1, "normalises every picture by itself"),
        (before_relu, 4, "takes 4 channels"),
    ],
)
def test_what_cannot_be_checked_is_reported(build: Any, channels: int, why: str) -> None:
    image = keras.Input((32, 32, channels))
    graph = flatten(keras.Model(image, build(image)))
    verdict = check(graph, named("none", channels), np.repeat(photos(32, 1), channels, axis=3))
    assert (verdict.checked, verdict.better) == (False, "")
    assert "was not checked" in verdict.sentence
    assert why in verdict.sentence


def test_of_several_the_first_that_the_picture_reaches_counts() -> None:
    image = keras.Input((32, 32, 3))
    x = layers.BatchNormalization(name="first", moving_mean_initializer="ones")(layers.Conv2D(4, 3)(image))
    x = layers.BatchNormalization(name="second", moving_mean_initializer="ones")(layers.Conv2D(4, 3)(x))
    y = layers.BatchNormalization(name="later", moving_mean_initializer="ones")(layers.Conv2D(4, 5)(image))
    measured = distances(flatten(keras.Model(image, layers.Add()([y, x]))), named("none", 3), photos(32))
    assert isinstance(measured, Distances)
    assert measured.layer == "first"


def test_one_that_only_a_further_input_reaches_does_not_count() -> None:
    image, other = keras.Input((32, 32, 3)), keras.Input((32, 32, 1))
    x = layers.Conv2D(4, 3)(layers.Conv2D(4, 3)(image))
    x = layers.BatchNormalization(name="behind", moving_mean_initializer="ones")(x)
    y = layers.BatchNormalization(name="beside", moving_mean_initializer="ones")(other)
    graph = flatten(keras.Model([image, other], layers.Add()([x, layers.Conv2D(4, 5)(y)])))
    measured = distances(graph, named("none", 3), photos(32))
    assert isinstance(measured, Distances)
    assert measured.layer == "behind"


def test_numbers_too_large_for_half_precision_are_as_far_as_can_be() -> None:
    model = remembering(before_relu, scheme("tf"))
    halved = keras.models.clone_model(
        model, clone_function=lambda layer: type(layer).from_config({**layer.get_config(), "dtype": "float16"})
    )
    halved.set_weights([weights * 1500 if weights.ndim == 4 else weights for weights in model.get_weights()])
    measured = distances(flatten(halved), named("none", 3), photos(32))
    assert isinstance(measured, Distances)
    assert measured.own == 1.0


def test_a_size_that_only_the_given_pictures_have() -> None:
    image = keras.Input((64, 64, 3))
    x = layers.Reshape((64, 64, 3))(layers.Flatten()(image))
    x = layers.BatchNormalization(moving_mean_initializer="ones")(layers.Conv2D(4, 3)(x))
    assert check(flatten(keras.Model(image, x)), scheme("tf"), photos(64)).checked
