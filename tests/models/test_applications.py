"""Every network of keras.applications is walked whole, and some of each kind are rendered."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from pathlib import Path

import keras
import numpy as np
import pytest

from generator.assets.catalogue import APPLICATIONS
from generator.config.entries import entry_for_source
from generator.config.values import complete_settings
from generator.models.load import LoadedModel, load
from generator.render.optimize import Optimizer

KINDS = ("Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Conv2DTranspose")


def random(name: str) -> LoadedModel:
    """Load a network as ``weights: random`` does."""
    entry = entry_for_source(name, Path())
    assert entry is not None
    return load(replace(entry, weights="random"))


def told_by_keras(layer: keras.Layer) -> tuple[str, int]:
    """Return a layer's name and the number of its filters, as its own configuration has them."""
    config = layer.get_config()
    filters = config.get("filters")
    return layer.name, filters or layer.input.shape[-1] * config["depth_multiplier"]


@pytest.mark.slow
@pytest.mark.parametrize("name", APPLICATIONS)
def test_its_convolutions_are_those_that_keras_lists(name: str) -> None:
    model = random(name)
    flat = model.keras_model._flatten_layers(include_self=False)
    # None of these networks shares a layer or nests another twice, so layers are calls.
    expected = [told_by_keras(layer) for layer in flat if type(layer).__name__ in KINDS]
    layers = [(layer.name.rsplit("/", 1)[-1], layer.filters) for layer in model.summary.layers]
    assert sorted(layers) == sorted(expected)
    assert model.summary.left_out == ()
    assert model.summary.parameters == sum(prod(w.shape) for w in model.keras_model.weights)
    assert model.summary.preprocess.label == f"that of {name}"


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["VGG16", "ResNet50V2", "EfficientNetB0", "DenseNet121", "NASNetMobile", "MobileNetV3Small"]
)
def test_a_filter_of_the_first_the_middle_and_the_last_layer_is_rendered(name: str) -> None:
    model = random(name)
    layers = model.summary.layers
    settings = complete_settings({"size": 64, "steps": 16})
    for layer in (layers[0], layers[len(layers) // 2], layers[-1]):
        optimization = Optimizer(model, layer.index, settings).run((layer.filters // 2,))
        side = -(-64 // model.summary.multiple) * model.summary.multiple
        assert optimization.pictures.shape == (1, side, side, 3), layer.name
        assert np.isfinite(optimization.trace).all(), layer.name
        assert optimization.pictures.std(axis=(1, 2)).max() >= 0.05, layer.name
