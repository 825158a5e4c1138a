"""Objectives against numpy, and on layers that start silent."""

from __future__ import annotations

import keras
import numpy as np

from generator.models.load import LoadedModel
from generator.render import objective
from generator.render.backend import value_and_gradient


def test_channel_is_each_pictures_own_mean() -> None:
    activation = np.random.default_rng(0).random((2, 4, 5, 3)).astype(np.float32)
    found = objective.channel(activation, objective.one_hot((2, 0), 3))
    np.testing.assert_allclose(
        np.asarray(found), [activation[0, ..., 2].mean(), activation[1, ..., 0].mean()], rtol=1e-5
    )


def test_what_fires_counts_and_what_is_silent_rises_towards_firing() -> None:
    before = keras.ops.convert_to_tensor(np.array([[[-3.0, -1.0, 0.0, 2.0]]], np.float32))
    values, gradient = value_and_gradient(
        lambda z: keras.ops.sum(objective.awake(z, keras.ops.relu(z)), axis=(1, 2)), before
    )
    size = (3 + 1 + 0 + 2) / 4
    silent = [objective.SLOPE * size * (np.exp(z / size) - 1) for z in (-3.0, -1.0)]
    np.testing.assert_allclose(np.asarray(values), [sum(silent) + 2], rtol=1e-5)
    slopes = [objective.SLOPE * np.exp(z / size) for z in (-3.0, -1.0, 0.0)]
    np.testing.assert_allclose(np.asarray(gradient)[0, 0], [*slopes, 1.0], rtol=1e-5)


def test_the_response_is_read_after_what_alone_follows(two_layers: LoadedModel) -> None:
    images = np.random.default_rng(0).random((2, 16, 16, 3)).astype(np.float32) * 255
    wanted = objective.one_hot((1, 4), 5)
    expected = np.asarray(two_layers.keras_model(images))
    found = np.asarray(objective.response(two_layers, 2, images, wanted))
    np.testing.assert_allclose(found, [expected[0, ..., 1].mean(), expected[1, ..., 4].mean()], rtol=1e-4)


def test_the_reference_reads_the_layers_own_output(two_layers: LoadedModel) -> None:
    images = np.random.default_rng(0).random((1, 16, 16, 3)).astype(np.float32)
    model = two_layers.keras_model
    expected = np.asarray(keras.Model(model.input, model.get_layer("second").output)(images))
    found = np.asarray(objective.layer_output(two_layers, 2, images, objective.one_hot((3,), 5)))
    np.testing.assert_allclose(found, [expected[0, ..., 3].mean()], rtol=1e-4)


def test_the_layer_has_its_activation_back_afterwards(two_layers: LoadedModel) -> None:
    images = np.zeros((1, 16, 16, 3), np.float32)
    objective.ascent_objective(two_layers, 1, images, objective.one_hot((0,), 3))
    assert two_layers.keras_model.get_layer("first").activation is keras.activations.relu
