"""Small networks for the tests of ``render``: random ones of every kind, and some whose best input is known."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from generator.models.describe import describe
from generator.models.flatten import flatten
from generator.models.heads import with_units
from generator.models.load import LoadedModel
from generator.models.preprocess import named


def assembled(model: keras.Model) -> LoadedModel:
    """Return what ``models.load`` makes of a model whose pictures reach it as 0 to 255, without a file between."""
    graph = with_units(flatten(model))
    preprocess = named("none", int(graph.picture[2] or 0))
    return LoadedModel(model, graph, describe(model, graph, preprocess, digest=model.name, warnings=[]))


def scrambled(model: keras.Model, seed: int = 1) -> keras.Model:
    """Give every weight a value of its own, also those that start at 0 or 1; variances stay positive."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        values = rng.normal(size=tuple(weight.shape))
        if "variance" in weight.path:
            values = 0.5 + np.abs(values)
        elif len(values.shape) == 4:
            values /= np.sqrt(np.prod(values.shape[:3]))
        weight.assign(values)
    return model


def layer_index(model: LoadedModel, name: str, call: int = 1) -> int:
    """Return a layer's index in its model's summary."""
    return next(layer.index for layer in model.summary.layers if (layer.name, layer.call) == (name, call))


def picture(channels: int = 3, side: int | None = None) -> Any:
    """Return an input that takes pictures, of any size unless a side is given."""
    return keras.Input((side, side, channels))


def images_for(model: LoadedModel, seed: int = 0) -> tf.Tensor:
    """Return two random inputs in Keras's own precision."""
    _, height, width, channels = model.keras_model.input_shape
    shape = (2, height or 12, width or 14, channels)
    return tf.constant(np.random.default_rng(seed).normal(size=shape), keras.config.floatx())


def off(actual: Any, expected: Any) -> float:
    """Return the largest difference in parts of the largest value."""
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    assert actual.shape == expected.shape
    assert np.abs(expected).max() > 1e-3, "nothing to compare"
    return float(np.abs(actual - expected).max() / np.abs(expected).max())


def centred(image: Any) -> Any:
    """Return the input, 0 to 255, as values from -1 to 1."""
    return layers.Rescaling(1 / 127.5, offset=-1)(image)


def with_kernels(kernels: np.ndarray, bias: float = 0.0, side: int | None = None, **conv: Any) -> keras.Model:
    """Return one convolution with the given kernels (height, width, channels, filters), on values from -1 to 1."""
    image = keras.Input((side, side, kernels.shape[2]))
    layer = layers.Conv2D(kernels.shape[3], kernels.shape[:2], padding="same", name="target", **conv)
    model = keras.Model(image, layer(centred(image)))
    layer.set_weights([kernels, np.full(kernels.shape[3], bias)])
    return model


def blob(side: int = 7) -> np.ndarray:
    """Return a smooth kernel (side, side) without symmetry: a light bump beside a dark one."""
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    light, dark = np.exp(-4 * ((x + 0.35) ** 2 + (y + 0.2) ** 2)), np.exp(-4 * ((x - 0.4) ** 2 + (y - 0.3) ** 2))
    kernel: np.ndarray = light - dark * light.sum() / dark.sum()
    return kernel


def gratings(count: int, side: int = 7, wavelength: float = 4.0) -> np.ndarray:
    """Return kernels (side, side, 1, count) of stripes that differ in their direction; each sums to zero."""
    at = np.arange(side) - (side - 1) / 2
    y, x = np.meshgrid(at, at, indexing="ij")
    angles = np.pi * np.arange(count) / count
    waves = [np.cos(2 * np.pi / wavelength * (x * np.cos(a) + y * np.sin(a))) for a in angles]
    kernels = np.stack([w * np.exp(-(x**2 + y**2) / side) for w in waves], axis=-1)[:, :, None]
    return kernels - kernels.mean(axis=(0, 1))


@keras.saving.register_keras_serializable("filter-gallery-tests")
class Doubled(layers.Conv2D):
    """A convolution that does more than its weights say."""

    def call(self, inputs: Any) -> Any:
        """Convolve, and double."""
        return super().call(inputs * 2.0)
