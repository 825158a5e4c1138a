"""Activation maximisation: the reference loop to the last digit, and what the default method promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from generator.config.values import complete_settings
from generator.models.load import LoadedModel
from generator.render.ascent import Ascender, growth_steps, responses


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return Pearson's correlation of two arrays."""
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


SMALL = complete_settings({"size": 24, "steps": 24})


@pytest.mark.usefixtures("in_float64")
def test_pixel_is_the_reference_loop(loaded: Callable[[keras.Model], LoadedModel]) -> None:
    """Written out once more, plainly: one filter at a time, eager, a submodel, the normalised gradient."""
    keras.utils.set_random_seed(3)
    x = inputs = keras.Input((20, 20, 3))
    x = keras.layers.Conv2D(4, 3, activation="relu", padding="same", name="a")(x)
    x = keras.layers.Conv2D(6, 3, activation="relu", padding="same", name="b")(x)
    model = loaded(keras.Model(inputs, keras.layers.Conv2D(2, 3, name="c")(x), name="reference"))
    settings = complete_settings({"method": "pixel", "size": 20, "steps": 20, "learning_rate": 0.1})
    ascender = Ascender(model, 2, settings)
    filters = (5, 0, 2)
    found = ascender.run(filters)

    submodel = keras.Model(model.keras_model.input, model.keras_model.get_layer("b").output)
    for place, index in enumerate(filters):
        image = tf.constant(ascender.method.start(np.random.default_rng([0, index]))[None])
        assert 0 <= float(tf.reduce_min(image)) < 0.01 < 0.99 < float(tf.reduce_max(image)) <= 1
        losses = []
        for _ in range(20):
            with tf.GradientTape() as tape:
                tape.watch(image)
                loss = tf.reduce_mean(submodel(image)[:, :, :, index])
            losses.append(float(loss))
            gradient = tape.gradient(loss, image)
            image = image + 0.1 * gradient / tf.norm(gradient)
        expected = image.numpy()[0]
        shown = (expected - expected.min()) / (expected.max() - expected.min())
        np.testing.assert_allclose(found.trace[:, place], losses, rtol=0, atol=1e-6)
        np.testing.assert_allclose(found.pictures[place], shown, rtol=0, atol=1e-6)


@pytest.mark.parametrize("method", ["fourier", "pixel"])
def test_same_seed_same_bytes_and_another_seed_another_picture(two_layers: LoadedModel, method: str) -> None:
    settings = complete_settings({"method": method, "size": 24, "steps": 8})
    first, again = (Ascender(two_layers, 2, settings).run((0, 3)) for _ in range(2))
    other = Ascender(two_layers, 2, replace(settings, seed=1)).run((0, 3))
    assert first.pictures.tobytes() == again.pictures.tobytes()
    assert first.trace.tobytes() == again.trace.tobytes()
    assert np.abs(first.pictures - other.pictures).max() > 0.01


def test_a_picture_does_not_depend_on_its_batch(two_layers: LoadedModel) -> None:
    settings = complete_settings({"size": 24, "steps": 6})
    together = Ascender(two_layers, 2, settings).run((0, 1, 2, 3, 4))
    alone = Ascender(two_layers, 2, settings).run((3,))
    np.testing.assert_allclose(together.pictures[3], alone.pictures[0], atol=0.02)


def test_how_often_the_loop_comes_back_changes_nothing(
    two_layers: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_one_go = Ascender(two_layers, 2, SMALL).run((0,))
    monkeypatch.setattr("generator.render.ascent.SECONDS_BETWEEN_REPORTS", 0.0)
    heard: list[int] = []
    step_by_step = Ascender(two_layers, 2, SMALL).run((0,), heard.append)
    assert heard == list(range(1, 25))
    assert in_one_go.pictures.tobytes() == step_by_step.pictures.tobytes()


def test_shapes_growth_and_climb(two_layers: LoadedModel) -> None:
    found = Ascender(two_layers, 2, SMALL).run((0, 1, 2))
    assert found.pictures.shape == (3, 24, 24, 3)
    assert found.trace.shape == (24, 3)
    assert [step for step, _ in found.growth] == [0, 3, 12]
    assert (found.trace[-4:].mean(0) > found.trace[:4].mean(0)).all()
    assert found.pictures.min() >= 0
    assert found.pictures.max() <= 1


@pytest.mark.parametrize(("steps", "kept"), [(128, (0, 16, 64)), (100, (0, 12, 50)), (4, (0, 2)), (1, (0,))])
def test_growth_steps(steps: int, kept: tuple[int, ...]) -> None:
    assert growth_steps(steps) == kept


def silent_network(activation: str) -> keras.Model:
    """A filter whose bias keeps it silent on noise, though a vertical edge would excite it."""
    x = inputs = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(x)
    conv = keras.layers.Conv2D(1, 5, padding="same", activation=activation)
    model = keras.Model(inputs, conv(x), name=f"silent_{activation}")
    kernel = np.zeros((5, 5, 3, 1))
    kernel[:, :2], kernel[:, 3:] = 0.1, -0.1
    conv.set_weights([kernel, np.array([-1.0])])
    return model


@pytest.mark.parametrize("activation", ["relu", "silu", "gelu", "relu6", "hard_silu"])
def test_a_filter_that_starts_silent_is_woken(loaded: Callable[[keras.Model], LoadedModel], activation: str) -> None:
    model = loaded(silent_network(activation))
    settings = complete_settings({"size": 32, "steps": 64})
    found = Ascender(model, 1, settings).run((0,))
    start = responses(model, 1, (0,), found.growth[0][1] * 255)
    end = responses(model, 1, (0,), found.pictures * 255)
    assert start[0] <= 0
    assert end[0] > 0.05


def test_the_picture_of_one_kernel_correlates_with_the_kernel(
    loaded: Callable[[keras.Model], LoadedModel],
) -> None:
    """The best input of one linear unit is its kernel; read as a neuron, the picture must show it."""
    rng = np.random.default_rng(0)
    yy, xx = np.mgrid[-1:1:16j, -1:1:16j]
    kernel = np.cos(5 * (xx + yy))[..., None] * np.array([1.0, 0.8, 0.6]) * np.exp(-2 * (xx**2 + yy**2))[..., None]
    x = inputs = keras.Input((None, None, 3))
    conv = keras.layers.Conv2D(1, 16, strides=16, use_bias=False)
    model = keras.Model(inputs, conv(keras.layers.Rescaling(1 / 127.5, offset=-1)(x)), name="one_kernel")
    conv.set_weights([kernel[..., None] + 0 * rng.normal(size=(16, 16, 3, 1))])
    settings = complete_settings({"size": 16, "margin": 0, "steps": 128})
    found = Ascender(loaded(model), 1, settings).run((0,))
    assert correlation(found.pictures[0].mean(-1), kernel.mean(-1)) > 0.6


def test_a_network_of_fixed_size_keeps_its_size(loaded: Callable[[keras.Model], LoadedModel]) -> None:
    x = inputs = keras.Input((20, 20, 1))
    x = keras.layers.Conv2D(2, 3, activation="relu")(x)
    x = keras.layers.Reshape((18, 18, 2))(x)
    x = keras.layers.Conv2D(2, 3)(x)
    model = loaded(keras.Model(inputs, x, name="fixed"))
    assert not model.card.any_size
    assert Ascender(model, 2, SMALL).run((1,)).pictures.shape == (1, 20, 20, 1)
