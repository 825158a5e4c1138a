"""Responses to images against Keras's own submodels: every kind of layer, ceilings, ties, and both orders of axes."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from generator.models.load import LoadedModel
from generator.render.backend import first_peaks
from generator.render.image_responses import ImageResponses
from tests.models.architectures import ARCHITECTURES
from tests.render.nets import assembled, picture, scrambled


def images(model: LoadedModel, size: tuple[int, int], count: int = 5) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *size, model.summary.channels), np.uint8)


def test_mean_peak_place_and_trough_are_those_of_the_submodels_outputs(two_layers: LoadedModel) -> None:
    pixels = images(two_layers, (24, 30))
    actual = ImageResponses(two_layers, [1, 2], (24, 30))(pixels)
    model = two_layers.keras_model
    for index, name in [(1, "first"), (2, "second_relu")]:
        values = np.asarray(keras.Model(model.input, model.get_layer(name).output)(pixels.astype(np.float32)))
        flat = values.reshape(5, -1, values.shape[-1])
        np.testing.assert_allclose(actual[index].response, flat.mean(1), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(actual[index].peak, flat.max(1), rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(actual[index].place, flat.argmax(1))
        if two_layers.summary.layers[index - 1].signed:
            trough, place = actual[index].trough, actual[index].trough_place
            assert trough is not None
            np.testing.assert_allclose(trough, flat.min(1), rtol=1e-4, atol=1e-5)
            np.testing.assert_array_equal(place, flat.argmin(1))
        else:
            assert actual[index].trough is None


def test_of_equal_values_the_first_place_counts() -> None:
    """Two peaks, the first further right: neither its row with the other's column nor the other is meant."""
    model = assembled(keras.Sequential([picture(1), layers.Conv2D(1, 1, kernel_initializer="ones", name="same")]))
    pixels = np.zeros((3, 6, 7, 1), np.uint8)
    pixels[0, 2, 5] = pixels[0, 4, 1] = 9
    pixels[1] = 7
    responses = ImageResponses(model, [1], (6, 7))(pixels)[1]
    assert responses.place[:, 0].tolist() == [2 * 7 + 5, 0, 0]
    assert responses.peak[:, 0].tolist() == [9, 7, 0]


@pytest.mark.parametrize("activation", ["relu6", "sigmoid"])
def test_an_activation_with_a_ceiling_is_read_without_it(activation: str) -> None:
    """At the ceiling all images would be the same."""
    model = assembled(
        keras.Sequential([picture(1), layers.Conv2D(2, 1, kernel_initializer="ones", activation=activation)])
    )
    pixels = np.stack([np.full((5, 5, 1), value, np.uint8) for value in (50, 100, 200)])
    peaks = ImageResponses(model, [1], (5, 5))(pixels)[1].peak
    assert (np.diff(peaks, axis=0) > 1).all()


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_is_measured_in_one_pass(name: str) -> None:
    """All layers together are what each is alone, and what its units see lies where it should."""
    model = assembled(scrambled(ARCHITECTURES[name]()))
    size = model.summary.photo_size()
    size = size if max(size) < 64 else model.summary.picture_size(32)
    every = [layer.index for layer in model.summary.layers]
    together = ImageResponses(model, every, size)
    pixels = images(model, size, 2)
    responses = together(pixels)
    for layer in every:
        alone = ImageResponses(model, [layer], size)(pixels)[layer]
        np.testing.assert_allclose(responses[layer].peak, alone.peak, rtol=1e-4, atol=1e-4)
        windows, field = together.windows[layer], model.summary.layers[layer - 1].receptive_field
        if windows is not None and field is not None and field[0] > 0:
            rows, columns = windows
            assert (len(rows), len(columns)) == together.maps[layer]
            assert max(high - low + 1 for low, high in filter(None, rows)) <= field[0]
            assert max(high - low + 1 for low, high in filter(None, columns)) <= field[1]


@pytest.mark.parametrize("floor", [None, 0.0])
def test_the_first_of_equal_peaks_is_numpys(floor: float | None) -> None:
    """Maps of few different numbers: most have several peaks, in rows and columns that do not belong together."""
    maps = np.random.default_rng(1).integers(0, 4, (40, 5, 6, 7)).astype(np.float32)
    maps[:3] = 0
    peak, row, column = (np.asarray(values) for values in first_peaks(tf.constant(maps), floor))
    flat = maps.reshape(40, 30, 7)
    np.testing.assert_array_equal(peak, flat.max(1))
    np.testing.assert_array_equal(row * 6 + column, flat.argmax(1))


def test_a_head_for_one_size_does_not_keep_images_of_another_out() -> None:
    """A classifier with Flatten and Dense at its end: its convolutions take any size."""
    image = keras.Input((16, 16, 3))
    features = layers.Conv2D(4, 3, activation="relu", name="conv")(image)
    model = assembled(keras.Model(image, layers.Dense(2)(layers.Flatten()(features))))
    pixels = images(model, (24, 20), 2)
    responses = ImageResponses(model, [1], (24, 20))
    expected = np.asarray(model.keras_model.get_layer("conv")(pixels.astype(np.float32))).max((1, 2))
    np.testing.assert_allclose(responses(pixels)[1].peak, expected, rtol=1e-4)
    assert responses.maps[1] == (22, 18)
