"""Random maps at known angles, factors and shifts, in their order, as the network's input is drawn through them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from generator.config.values import USUAL_TRANSFORMS
from generator.render.transforms import RandomTransforms, affine, as_matrix

SIDE = 9


def drawn_through(maps: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """Return one picture (height, width) through one map (8,)."""
    actual = keras.ops.image.affine_transform(
        picture[None, :, :, None].astype(np.float32),
        maps[None].astype(np.float32),
        fill_mode="wrap",
        data_format="channels_last",
    )
    return np.asarray(actual)[0, :, :, 0]


def shown(angle: float = 0.0, factor: float = 1.0, down: float = 0.0, right: float = 0.0) -> np.ndarray:
    picture = np.random.default_rng(0).random((SIDE, SIDE))
    turned, enlarged, downwards, aside = (np.array([value]) for value in (angle, factor, down, right))
    (maps,) = affine(turned, enlarged, downwards, aside, SIDE, SIDE)
    return np.stack([picture, drawn_through(maps, picture)])


def test_nothing_drawn_is_the_identity() -> None:
    picture, drawn = shown()
    np.testing.assert_allclose(drawn, picture, atol=1e-5)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_quarter_turns_go_anticlockwise(quarters: int) -> None:
    picture, drawn = shown(angle=quarters * np.pi / 2)
    np.testing.assert_allclose(drawn[1:-1, 1:-1], np.rot90(picture, quarters)[1:-1, 1:-1], atol=1e-4)


def test_a_shift_moves_down_and_right() -> None:
    picture, drawn = shown(down=2, right=1)
    np.testing.assert_allclose(drawn[3:-1, 2:-1], picture[1:-3, 1:-2], atol=1e-4)


def test_what_leaves_on_one_side_comes_in_on_the_other() -> None:
    picture, drawn = shown(down=2, right=-3)
    np.testing.assert_allclose(drawn, np.roll(picture, (2, -3), axis=(0, 1)), atol=1e-4)


def test_twice_the_size_shows_the_middle() -> None:
    picture, drawn = shown(factor=2.0)
    np.testing.assert_allclose(drawn[::2, ::2], picture[2:7, 2:7], atol=1e-4)


class Fixed:
    """Stands in for a generator: hands out the same numbers for every transform."""

    def __init__(self, first: float, second: float) -> None:
        self.numbers = np.array([[first], [second]])

    def uniform(self, low: float, high: float, shape: tuple[int, int]) -> np.ndarray:
        assert (low, high, shape[0]) == (-1, 1, 2)
        return np.repeat(self.numbers, shape[1], axis=1)


def drawn(
    transforms: Any, first: float = 1.0, second: float = 1.0, height: int = SIDE, width: int = SIDE
) -> np.ndarray:
    return RandomTransforms(transforms).draw(Fixed(first, second), 1, height, width)  # type: ignore[arg-type]


SHIFT, TURN, GROW = ("shift", 1 / 4), ("rotate", 30.0), ("scale", 1.5)


def by_hand(transforms: Any, first: float, second: float, height: int, width: int) -> np.ndarray:
    """Return the matrix, from a place (x, y, 1) of the result to that of the picture, of transforms one by one."""
    centre = np.array([[1, 0, (width - 1) / 2], [0, 1, (height - 1) / 2], [0, 0, 1.0]])
    forward = np.eye(3)
    for kind, limit in transforms:
        if kind == "shift":
            step = np.eye(3)
            step[:2, 2] = limit * min(height, width) * second, limit * min(height, width) * first
        elif kind == "scale":
            step = np.diag([limit**first, limit**first, 1.0])
        else:
            turn = np.deg2rad(limit) * first  # rows count downwards, so that this turns anticlockwise
            step = np.array([[np.cos(turn), np.sin(turn), 0], [-np.sin(turn), np.cos(turn), 0], [0, 0, 1.0]])
        forward = centre @ step @ np.linalg.inv(centre) @ forward
    return np.linalg.inv(forward)


@pytest.mark.parametrize(
    "transforms",
    [
        (),
        (SHIFT,),
        (TURN,),
        (GROW,),
        (SHIFT, TURN),
        (TURN, SHIFT),
        (GROW, SHIFT),
        (SHIFT, GROW),
        (SHIFT, TURN, GROW, SHIFT),
        (GROW, TURN, SHIFT, ("scale", 1.2)),
    ],
)
@pytest.mark.parametrize(("height", "width"), [(9, 9), (8, 20)])
def test_maps_are_applied_in_their_order(transforms: Any, height: int, width: int) -> None:
    actual = as_matrix(drawn(transforms, 0.5, -0.7, height, width))[0]
    np.testing.assert_allclose(actual, by_hand(transforms, 0.5, -0.7, height, width), atol=1e-12)


def test_in_another_order_it_is_another_picture() -> None:
    picture = np.random.default_rng(0).random((SIDE, SIDE))
    turn, shift = ("rotate", 90.0), ("shift", 2 / SIDE)
    first = drawn_through(drawn((turn, shift), 1.0, 0.0)[0], picture)
    np.testing.assert_allclose(first[3:-1, 1:-1], np.roll(np.rot90(picture), 2, axis=0)[3:-1, 1:-1], atol=1e-4)
    second = drawn_through(drawn((shift, turn), 1.0, 0.0)[0], picture)
    np.testing.assert_allclose(second[1:-1, 3:-1], np.rot90(np.roll(picture, 2, axis=0))[1:-1, 3:-1], atol=1e-4)


def test_draws_keep_within_their_limits_and_use_them() -> None:
    rng, size = np.random.default_rng(0), (32, 48)
    shift = RandomTransforms((("shift", 1 / 8),)).draw(rng, 4000, *size)
    np.testing.assert_allclose(shift[:, [0, 1, 3, 4, 6, 7]], [[1, 0, 0, 1, 0, 0]] * 4000)
    for place in (2, 5):  # an eighth of the shorter side, whichever way
        assert (shift[:, place].min(), shift[:, place].max()) == pytest.approx((-4, 4), abs=0.02)
        assert shift[:, place].mean() == pytest.approx(0, abs=0.1)
    turn = RandomTransforms((("rotate", 15.0),)).draw(rng, 4000, *size)
    angle = np.rad2deg(np.arctan2(turn[:, 3], turn[:, 0]))
    assert (angle.min(), angle.max()) == pytest.approx((-15, 15), abs=0.1)
    factor = 1 / np.hypot(*RandomTransforms((("scale", 1.2),)).draw(rng, 4000, *size)[:, [0, 3]].T)
    assert (factor.min(), factor.max()) == pytest.approx((1 / 1.2, 1.2), abs=0.01)
    assert np.log(factor).mean() == pytest.approx(0, abs=0.01), "as often smaller as larger"


def test_every_step_has_its_own_maps() -> None:
    maps = RandomTransforms(USUAL_TRANSFORMS).draw(np.random.default_rng(0), 50, 24, 24)
    assert maps.shape == (50, 8)
    assert len(np.unique(maps.round(6), axis=0)) == 50


@pytest.mark.parametrize(
    ("transforms", "moves", "noise"),
    [
        ((), False, 0.0),
        ((("noise", 0.1),), False, 0.1),
        ((("noise", 0.3), SHIFT, ("noise", 0.4)), True, 0.5),
        (USUAL_TRANSFORMS, True, 0.0),
    ],
)
def test_what_there_is_to_do(transforms: Any, moves: bool, noise: float) -> None:
    assert RandomTransforms(transforms).moves is moves
    assert RandomTransforms(transforms).noise == pytest.approx(noise)


def test_noise_moves_nothing() -> None:
    np.testing.assert_array_equal(drawn((("noise", 0.2),)), [[1, 0, 0, 0, 1, 0, 0, 0]])
