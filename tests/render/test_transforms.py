"""Affine maps at known angles, factors and shifts, as the network's input is drawn through them."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from generator.render.transforms import Affine, affine

SIDE = 9


def shown(angle: float = 0.0, factor: float = 1.0, down: float = 0.0, right: float = 0.0) -> np.ndarray:
    picture = np.random.default_rng(0).random((1, SIDE, SIDE, 1)).astype(np.float32)
    maps = affine(*(np.array([value]) for value in (angle, factor, down, right)), SIDE, SIDE).astype(np.float32)
    drawn = keras.ops.image.affine_transform(picture, maps, fill_mode="wrap", data_format="channels_last")
    return np.stack([picture[0, ..., 0], np.asarray(drawn)[0, ..., 0]])


def test_nothing_drawn_is_the_identity() -> None:
    picture, drawn = shown()
    np.testing.assert_allclose(drawn, picture, atol=1e-5)


def test_a_quarter_turn_goes_anticlockwise() -> None:
    picture, drawn = shown(angle=np.pi / 2)
    np.testing.assert_allclose(drawn[1:-1, 1:-1], np.rot90(picture)[1:-1, 1:-1], atol=1e-4)


def test_a_shift_moves_down_and_right() -> None:
    picture, drawn = shown(down=2, right=1)
    np.testing.assert_allclose(drawn[3:-1, 2:-1], picture[1:-3, 1:-2], atol=1e-4)


def test_twice_the_size_shows_the_middle() -> None:
    picture, drawn = shown(factor=2.0)
    np.testing.assert_allclose(drawn[::2, ::2], picture[2:7, 2:7], atol=1e-4)


def test_draws_keep_within_their_limits_and_use_them() -> None:
    limits = Affine(shift=1 / 8, scale=1.2, rotate=15)
    maps = limits.draw(np.random.default_rng(0), 4000, 32, 32)
    angle = np.rad2deg(np.arctan2(maps[:, 3], maps[:, 0]))
    factor = 1 / np.hypot(maps[:, 0], maps[:, 3])
    assert maps.shape == (4000, 8)
    assert (angle.min(), angle.max()) == pytest.approx((-15, 15), abs=0.1)
    assert (factor.min(), factor.max()) == pytest.approx((1 / 1.2, 1.2), abs=0.01)
    centre = 15.5
    # The place that the middle of the result shows: the middle of the picture, moved by the shift.
    seen = maps[:, :2] @ [centre, centre] + maps[:, 2] - centre
    assert np.abs(seen).max() == pytest.approx(32 / 8 * 1.2 * (np.cos(0.26) + np.sin(0.26)), rel=0.1)
