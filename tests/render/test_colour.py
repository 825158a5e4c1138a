"""Decorrelated colour against the numbers of its source."""

from __future__ import annotations

import numpy as np

from generator.render.colour import to_display


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
