"""What makes a silent filter fire: the search in plain pixels, compared with the formulas written out."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from generator.models.summary import WHOLE_INPUT
from generator.render import restart
from generator.render.restart import BETAS, RATE, block_of, blocks, largest_to_centre, start, update


@pytest.mark.parametrize(
    ("field", "canvas", "units", "expected"),
    [
        ((3, 3), (24, 24), (24, 24), (3, 3)),
        ((10, 14), (80, 80), (40, 20), (5, 4)),
        ((1, 1), (24, 24), (6, 6), (1, 1)),
        ((99, 30), (24, 60), (6, 15), (6, 8)),
        ((WHOLE_INPUT, 4), (24, 24), (6, 12), (6, 2)),
        (None, (24, 24), (6, 5), (6, 5)),
    ],
)
def test_a_block_is_as_wide_as_a_receptive_field(
    field: tuple[int, int] | None, canvas: tuple[int, int], units: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert block_of(field, canvas, units) == expected


def test_the_largest_of_every_block_counts() -> None:
    values = np.random.default_rng(0).normal(size=(2, 7, 9)).astype(np.float32)
    expected = [np.mean([picture[y : y + 3, x : x + 4].max() for y in (0, 3) for x in (0, 4)]) for picture in values]
    np.testing.assert_allclose(np.asarray(blocks(tf.constant(values), (3, 4))), expected, rtol=1e-6)


def test_the_place_of_the_largest_response_comes_to_the_middle() -> None:
    pictures = np.zeros((2, 12, 8, 1))
    pictures[0, 2:4, 6:8], pictures[1, 10:, :2] = 1, 1  # below the units (1, 3) and (5, 0) of 6 x 4
    responses = pictures[:, ::2, ::2, 0]
    centred = largest_to_centre(pictures, responses)
    for picture in centred:
        np.testing.assert_array_equal(picture[6:8, 4:6], 1)
        assert picture.sum() == 4


def test_the_start_is_gray_with_noise_of_its_own() -> None:
    first, again, other = (start(np.random.default_rng(seed), (40, 40, 3)) for seed in (0, 0, 1))
    assert first.tobytes() == again.tobytes()
    assert abs(first.mean() - 0.5) < 0.01
    assert first.std() == pytest.approx(20 / 255, rel=0.05)
    assert np.abs(first - other).max() > 0.1


def test_the_update_is_adams_on_a_gradient_of_unit_size() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.uniform(0.2, 0.8, (2, 4, 5, 3)).astype(np.float32)
    expected = keras.Variable(pixels)
    adam = keras.optimizers.Adam(RATE, *BETAS, epsilon=1e-8)
    moments = (np.zeros_like(pixels), np.zeros_like(pixels))
    at = tf.constant(pixels)
    for step in range(1, 5):
        gradient = rng.normal(size=pixels.shape).astype(np.float32) * np.array([1e-6, 1e4])[:, None, None, None]
        gradient = gradient.astype(np.float32)
        at, moments = update(at, tf.constant(gradient), moments, tf.constant(float(step)))
        unit = gradient / np.sqrt(np.square(gradient).mean(axis=(1, 2, 3), keepdims=True))
        adam.apply([-unit], [expected])  # it goes downhill
        np.testing.assert_allclose(np.asarray(at), np.asarray(expected), rtol=1e-5, atol=1e-6)


def test_pixels_stay_in_their_range_also_without_any_gradient() -> None:
    pixels = tf.constant(np.array([0.0, 1.0, 0.5], np.float32).reshape(1, 1, 3, 1))
    zero = tf.zeros_like(pixels)
    still, _ = update(pixels, zero, (zero, zero), tf.constant(1.0))
    np.testing.assert_array_equal(np.asarray(still), np.asarray(pixels))
    moved, _ = update(pixels, pixels - 0.4, (zero, zero), tf.constant(1.0))
    np.testing.assert_allclose(np.asarray(moved).ravel(), [0.0, 1.0, 0.5 + restart.RATE], atol=1e-6)
