"""The method ``pixel``: the notebooks' loop to the last digit."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from generator.config.values import complete_settings
from generator.models.load import LoadedModel
from generator.render.optimize import Optimizer
from generator.render.pixel import Pixel
from tests.render.nets import assembled, layer_index


def network(filters: int, **conv: Any) -> LoadedModel:
    keras.utils.set_random_seed(3)
    x = inputs = keras.Input((20, 20, 3))
    x = layers.Conv2D(4, 3, activation="relu", padding="same", name="a")(x)
    x = layers.Conv2D(filters, 3, padding="same", name="b", **conv)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    return assembled(keras.Model(inputs, layers.Conv2D(2, 3, name="c")(x), name="reference"))


@pytest.mark.usefixtures("in_float64")
@pytest.mark.parametrize(
    ("filters", "chosen", "conv"),
    [(6, (5, 0, 2), {"activation": "relu"}), (40, (39, 7), {"activation": "relu"}), (40, (33, 0, 1), {})],
    ids=["all channels", "single channels", "an activation that is not the layer's"],
)
def test_it_is_the_reference_loop(filters: int, chosen: tuple[int, ...], conv: dict[str, str]) -> None:
    """Written out once more, plainly: one filter at a time, eager, a submodel, the normalised gradient."""
    model = network(filters, **conv)
    settings = complete_settings({"method": "pixel", "size": 20, "steps": 20, "learning_rate": 0.1})
    optimizer = Optimizer(model, layer_index(model, "b"), settings)
    optimization = optimizer.run(chosen)

    submodel = keras.Model(model.keras_model.input, model.keras_model.get_layer("b").output)
    for place, index in enumerate(chosen):
        image = tf.constant(optimizer.method.start(np.random.default_rng([0, index]))[0][None])
        assert 0 <= float(tf.reduce_min(image)) < 0.01 < 0.99 < float(tf.reduce_max(image)) <= 1
        losses = []
        for step in range(20):
            for kept, pictures in optimization.snapshots:
                if kept == step:
                    np.testing.assert_allclose(pictures[place], stretched(image.numpy()[0]), rtol=0, atol=1e-6)
            with tf.GradientTape() as tape:
                tape.watch(image)
                loss = tf.reduce_mean(submodel(image)[:, :, :, index])
            losses.append(float(loss))
            gradient = tape.gradient(loss, image)
            image = image + 0.1 * gradient / tf.norm(gradient)
        np.testing.assert_allclose(optimization.trace[:, place], losses, rtol=0, atol=1e-6)
        np.testing.assert_allclose(optimization.pictures[place], stretched(image.numpy()[0]), rtol=0, atol=1e-6)


def stretched(image: np.ndarray) -> np.ndarray:
    stretched: np.ndarray = (image - image.min()) / (image.max() - image.min())
    return stretched


def test_a_step_has_the_length_of_the_learning_rate_whatever_the_gradient() -> None:
    method, rng = Pixel((4, 5), 3, 0.7), np.random.default_rng(0)
    at = rng.random((3, 4, 5, 3)).astype(np.float32)
    gradient = (rng.normal(size=at.shape) * np.array([1e-4, 1.0, 1e4]).reshape(3, 1, 1, 1)).astype(np.float32)
    (after,), moments = method.update((at,), (tf.constant(gradient),), (), tf.constant(1.0))
    np.testing.assert_allclose(np.linalg.norm((np.asarray(after) - at).reshape(3, -1), axis=1), 0.7, rtol=1e-4)
    assert moments == ()


def test_where_there_is_no_gradient_nothing_happens() -> None:
    at = np.random.default_rng(0).random((1, 4, 5, 3)).astype(np.float32)
    (after,), _ = Pixel((4, 5), 3, 4.0).update((at,), (tf.zeros_like(at),), (), tf.constant(1.0))
    np.testing.assert_array_equal(np.asarray(after), at)


def test_a_flat_image_is_shown_black() -> None:
    assert (Pixel((2, 2), 1, 1.0).pictures((np.full((1, 2, 2, 1), 0.3, np.float32),)) == 0).all()
