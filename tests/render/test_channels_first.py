"""A network with channels first, on a CPU that has no such convolutions, against its twin with channels last."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from generator.config.values import complete_settings
from generator.models.load import LoadedModel
from generator.render.feature_maps import feature_maps
from generator.render.kernels import filter_kernels
from generator.render.network import Network
from generator.render.optimize import Optimizer, scores
from tests.render.nets import assembled, off, scrambled


def built(first: bool) -> keras.Model:
    """Return a network with every kind of reading, its channels first or last."""
    axis, order = (1, "channels_first") if first else (-1, "channels_last")
    shared = [2, 3] if first else [1, 2]
    kind: dict[str, Any] = {"padding": "same", "data_format": order}
    image = keras.Input((3, 24, 24) if first else (24, 24, 3))
    x = layers.Conv2D(40, 3, activation="relu", name="fused", **kind)(image)
    x = layers.MaxPooling2D(2, data_format=order)(x)
    x = layers.Conv2D(36, 3, use_bias=False, name="normalised", **kind)(x)
    x = layers.ReLU()(layers.BatchNormalization(axis=axis)(x))
    y = layers.DepthwiseConv2D(3, name="depthwise", **kind)(x)
    y = layers.PReLU(shared_axes=shared)(y)
    x = layers.Add()([x, y])
    x = layers.Conv2D(4, 1, name="linear", **kind)(x)
    return keras.Model(image, layers.GlobalAveragePooling2D(data_format=order)(x))


@pytest.fixture(scope="module")
def twins() -> tuple[LoadedModel, LoadedModel]:
    first, last = built(True), scrambled(built(False))
    for own, other in zip(first.layers, last.layers, strict=True):
        values = other.get_weights()
        if isinstance(own, layers.PReLU):
            values = [np.transpose(value, (2, 0, 1)) for value in values]
        own.set_weights(values)
    return assembled(first), assembled(last)


def images() -> Any:
    return tf.constant(np.random.default_rng(0).normal(size=(2, 24, 24, 3)).astype(np.float32))


LAYERS = [1, 2, 3, 4]


def test_the_summaries_are_the_same(twins: tuple[LoadedModel, LoadedModel]) -> None:
    first, last = (loaded.summary for loaded in twins)
    assert (first.input_shape, first.channels) == ((24, 24, 3), 3)
    for own, other in zip(first.layers, last.layers, strict=True):
        assert (own.name, own.filters, own.output_shape) == (other.name, other.filters, other.output_shape)
        assert (own.receptive_field, own.macs) == (other.receptive_field, other.macs)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("layer", LAYERS)
def test_the_networks_compute_the_same(twins: tuple[LoadedModel, LoadedModel], layer: int, precision: str) -> None:
    first, last = (Network(loaded, precision) for loaded in twins)
    limit = 1e-4 if precision == "float32" else 0.05
    before = first.pre_activation(layer, images())
    assert off(before, last.pre_activation(layer, images())) < limit
    assert off(first.output(layer, images()), last.output(layer, images())) < limit
    exact = last.pre_activation(layer, images())
    assert off(first.activation(layer)(exact), last.activation(layer)(exact)) < limit


def test_the_maps_and_kernels_are_the_same(twins: tuple[LoadedModel, LoadedModel]) -> None:
    photo = np.random.default_rng(1).integers(0, 255, (24, 24, 3))
    first, last = ({maps.layer: maps.activation for maps in feature_maps(loaded, LAYERS, photo)} for loaded in twins)
    for layer in LAYERS:
        assert off(first[layer], last[layer]) < 1e-4
        for own, other in zip(*(filter_kernels(loaded, layer, (0, 3)) for loaded in twins), strict=True):
            np.testing.assert_array_equal(own.slices, other.slices)


@pytest.mark.parametrize("layer", LAYERS)
def test_the_climbs_reach_the_same(twins: tuple[LoadedModel, LoadedModel], layer: int) -> None:
    settings = complete_settings({"size": 24, "steps": 12})
    found = []
    for loaded in twins:
        pictures = Optimizer(loaded, layer, settings).run((0, 1, 2)).pictures * 255.0
        found.append(scores(loaded, layer, (0, 1, 2), pictures))
    np.testing.assert_allclose(found[0], found[1], rtol=0.1, atol=0.05 * np.abs(found[1]).max())
