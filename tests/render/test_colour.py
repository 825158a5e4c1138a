"""Decorrelated colour against the numbers of its source."""

from __future__ import annotations

import numpy as np

from generator.render.colour import EDGE, correlated, from_display, soft, to_display


def test_zero_is_mid_gray() -> None:
    np.testing.assert_allclose(np.asarray(to_display(np.zeros((1, 2, 2, 3)))), 0.5)


def test_each_axis_moves_the_colours_of_its_column() -> None:
    # The longest column of Lucid's matrix is the first: sqrt(.26^2 + .27^2 + .27^2).
    longest = (0.26**2 + 0.27**2 + 0.27**2) ** 0.5
    for axis, column in enumerate([(0.26, 0.27, 0.27), (0.09, 0.0, -0.09), (0.02, -0.05, 0.03)]):
        values = np.zeros((1, 1, 1, 3))
        values[..., axis] = 1.5
        expected = 1 / (1 + np.exp(-1.5 * np.array(column) / longest))
        np.testing.assert_allclose(np.asarray(to_display(values))[0, 0, 0], expected, rtol=1e-6)


def test_gray_pictures_have_no_colours_to_decorrelate() -> None:
    np.testing.assert_allclose(np.asarray(to_display(np.full((1, 1, 1, 1), 2.0))), 1 / (1 + np.exp(-2.0)))


def test_soft_is_as_steep_as_the_sigmoid_and_reaches_no_end() -> None:
    values = np.array([-1e4, -1e-3, 0.0, 1e-3, 1e4])
    actual = np.asarray(soft(values))
    np.testing.assert_allclose(actual[[0, 2, 4]], [EDGE, 0.5, 1 - EDGE], atol=1e-6)
    np.testing.assert_allclose((actual[3] - actual[1]) / 2e-3, 0.25, rtol=1e-4)
    assert 1 - EDGE - float(np.asarray(soft(np.array([4.0])))[0]) > 1 - 1 / (1 + np.exp(-4.0))


def test_amplitudes_get_the_colours_that_pixels_would() -> None:
    values = np.random.default_rng(0).normal(size=(2, 5, 6, 3))
    actual = np.asarray(correlated(np.moveaxis(values, 3, 2)))
    expected = np.asarray(to_display(values))
    np.testing.assert_allclose(1 / (1 + np.exp(-np.moveaxis(actual, 2, 3))), expected, rtol=1e-6)
    gray = np.ones((2, 5, 1, 6))
    np.testing.assert_array_equal(np.asarray(correlated(gray)), gray)


def test_values_are_found_of_the_picture_that_they_make() -> None:
    values = np.random.default_rng(0).normal(size=(2, 3, 3, 4))
    pictures = np.asarray(soft(np.moveaxis(np.asarray(correlated(values)), 2, 3)))
    np.testing.assert_allclose(np.moveaxis(from_display(pictures), 3, 2), values, rtol=1e-5, atol=1e-6)
