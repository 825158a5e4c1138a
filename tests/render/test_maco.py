"""Magnitude-constrained pictures: every part against the paper's formulas, written out in numpy."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generator.config.values import complete_settings
from generator.render import maco
from generator.render.backend import value_and_gradient
from generator.render.maco import Maco, magnitude
from generator.render.optimize import Optimizer
from tests.render.nets import assembled, blob, with_kernels

LUCID = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
COLOURS = LUCID / np.linalg.norm(LUCID, axis=0).max()
PICTURE, SHOWN, CROPS = (16, 21), (6, 9), 3


def method(channels: int = 3, **fields: Any) -> Maco:
    return Maco(
        **{"picture": PICTURE, "shown": SHOWN, "learning_rate": 1.0, "crops": CROPS, **fields}, channels=channels
    )


def starts(count: int, channels: int = 3) -> tuple[np.ndarray, ...]:
    starts = [method(channels).start(np.random.default_rng(i)) for i in range(count)]
    return tuple(np.stack(parts) for parts in zip(*starts, strict=True))


def natural(height: int, width: int) -> np.ndarray:
    """The fit to ImageNet: f^-1.27 exp(-(f / 0.28)^2), nothing for the constant."""
    frequency = np.sqrt(np.fft.fftfreq(height)[:, None] ** 2 + np.fft.rfftfreq(width) ** 2)
    with np.errstate(divide="ignore"):
        magnitudes = frequency**-1.27 * np.exp(-((frequency / 0.28) ** 2))
    magnitudes[0, 0] = 0
    return magnitudes


def by_hand(phases: np.ndarray) -> np.ndarray:
    """One picture (height, width, channels) of phases (channels, terms, height)."""
    phase = (phases - phases.mean()) / (phases.std() + 1e-5)
    half = natural(*PICTURE) * np.exp(1j * np.swapaxes(phase, -1, -2).astype(np.float64))
    pixels = np.moveaxis(np.fft.irfft2(half, s=PICTURE), 0, -1)
    pixels = (pixels - pixels.mean()) / pixels.std()
    return 1 / (1 + np.exp(-(pixels @ COLOURS.T if len(phases) == 3 else pixels)))


def sampled(picture: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Return a box of a picture at SHOWN places, the outermost on the box's edges, interpolated between four pixels."""
    height, width = picture.shape[:2]
    rows = np.linspace(box[0], box[2], SHOWN[0]) * (height - 1)
    columns = np.linspace(box[1], box[3], SHOWN[1]) * (width - 1)
    top, left = np.minimum(rows.astype(int), height - 2), np.minimum(columns.astype(int), width - 2)
    down, right = (rows - top)[:, None, None], (columns - left)[None, :, None]
    corners = [picture[np.ix_(top + i, left + j)] for i in (0, 1) for j in (0, 1)]
    above, below = (corners[k] * (1 - right) + corners[k + 1] * right for k in (0, 2))
    return above * (1 - down) + below * down


def shown_to_network(own: Maco, variable: Any, draw: np.ndarray, noise: Any = (0, 0)) -> np.ndarray:
    seen: list[Any] = []

    def objective(images: Any, views: int) -> Any:
        assert views == own.crops
        seen.append(images)
        return tf.reduce_mean(images[:, 0, 0, 0])

    own.objective_value(tuple(map(tf.constant, variable)), tf.constant(draw), np.array(noise, np.int32), objective)
    return np.asarray(seen[0])


@pytest.mark.parametrize(("height", "width"), [(8, 8), (9, 6), (128, 128)])
def test_the_magnitudes_are_those_of_natural_images(height: int, width: int) -> None:
    actual, expected = magnitude(height, width), natural(height, width)
    assert actual[0, 0] == 0
    ratio = actual.ravel()[1:] / expected.ravel()[1:]
    np.testing.assert_allclose(ratio, ratio[0])


def test_a_start_is_all_phases_alike_and_no_change_of_pixels() -> None:
    phases, pixels = method().start(np.random.default_rng(0))
    assert phases.shape == (3, 21 // 2 + 1, 16)
    assert (phases.min(), phases.max()) == pytest.approx((-np.pi, np.pi), abs=0.05)
    assert phases.std() == pytest.approx(2 * np.pi / 12**0.5, rel=0.03)
    assert pixels.shape == (16, 21, 3)
    assert (pixels == 0).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_the_pictures_are_the_papers(channels: int) -> None:
    variable = starts(3, channels)
    actual = method(channels).pictures(variable)
    assert actual.shape == (3, *PICTURE, channels)
    for picture, phases in zip(actual, variable[0], strict=True):
        np.testing.assert_allclose(picture, by_hand(phases), atol=1e-4)
    assert actual.std() > 0.1


def test_the_finished_pictures_keep_the_magnitudes() -> None:
    """Also when optimised; where the half-spectrum's edge columns mirror themselves, two phases share one term."""
    model = assembled(with_kernels(np.stack([blob()] * 3, axis=-1)[..., None]))
    settings = complete_settings({"method": "maco", "size": 24, "steps": 8, "crops": 2})
    (picture,) = Optimizer(model, 1, settings).run((0,)).pictures
    before_sigmoid = np.log(picture / (1 - picture)) @ np.linalg.inv(COLOURS.T)
    actual = np.abs(np.fft.rfft2(before_sigmoid, axes=(0, 1)))[:, 1:-1]
    ratio = actual / natural(24, 24)[:, 1:-1, None]
    np.testing.assert_allclose(ratio / np.median(ratio), 1, rtol=0.02)


def test_the_network_sees_each_pictures_own_crops() -> None:
    variable = starts(2)
    own = method()
    draw = np.stack([own.draws(np.random.default_rng(i), 4)[1] for i in range(2)])
    seen = shown_to_network(own, variable, draw)
    again, other = shown_to_network(own, variable, draw), shown_to_network(own, variable, draw, (0, 1))
    assert seen.shape == (2 * CROPS, *SHOWN, 3)
    expected = [sampled(by_hand(variable[0][i]), box) for i in range(2) for box in draw[i].reshape(CROPS, 4)]
    noise = seen - np.stack(expected)
    # N(0, 0.08) and U(-0.04, 0.04) together.
    assert noise.std() == pytest.approx((0.08**2 + 0.04**2 / 3) ** 0.5, rel=0.1)
    assert noise.mean() == pytest.approx(0, abs=0.01)
    np.testing.assert_array_equal(seen, again)
    assert abs(np.corrcoef(noise.ravel(), (other - np.stack(expected)).ravel())[0, 1]) < 0.15


def test_without_noise_the_crops_are_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maco, "NORMAL_NOISE", 0.0)
    monkeypatch.setattr(maco, "UNIFORM_NOISE", 0.0)
    variable, own = starts(2), method()
    draw = np.stack([own.draws(np.random.default_rng(i), 4)[1] for i in range(2)])
    expected = [sampled(by_hand(variable[0][i]), box) for i in range(2) for box in draw[i].reshape(CROPS, 4)]
    np.testing.assert_allclose(shown_to_network(own, variable, draw), np.stack(expected), atol=1e-4)


def test_boxes_lie_in_the_picture_and_shrink() -> None:
    steps, crops = 11, 4000
    draws = method(crops=crops).draws(np.random.default_rng(0), steps)
    assert draws.shape == (steps, crops * 4)
    top, left, bottom, right = np.moveaxis(draws.reshape(steps, crops, 4), -1, 0)
    assert min(top.min(), left.min()) >= 0
    assert max(bottom.max(), right.max()) <= 1
    side = bottom - top
    np.testing.assert_allclose(side, right - left, atol=1e-6)
    assert side.min() >= 0.02
    # From 0.50 to 0.05, evenly; the last ones are cut where they would be next to nothing.
    np.testing.assert_allclose(side.mean(axis=1)[:-2], np.linspace(0.5, 0.05, steps)[:-2], atol=0.01)
    assert 0.04 < side[-1].mean() < 0.07
    middle = ((top + bottom) / 2, (left + right) / 2)
    for place in middle:
        assert place.mean() == pytest.approx(0.5, abs=0.01)
        assert place[-1].std() == pytest.approx(0.15, abs=0.01)
    assert abs(np.corrcoef(middle[0].ravel(), middle[1].ravel())[0, 1]) < 0.02


def test_the_update_is_nadams() -> None:
    rng = np.random.default_rng(0)
    phases, pixels = starts(2)
    own = method(learning_rate=0.5)
    expected = keras.Variable(phases)
    nadam = keras.optimizers.Nadam(0.5)
    at, moments = (phases, pixels), own.moments((phases, pixels))
    for step in range(1, 6):
        gradient = rng.normal(size=phases.shape).astype(np.float32)
        at, moments = own.update(at, (tf.constant(gradient), tf.zeros_like(pixels)), moments, tf.constant(float(step)))
        nadam.apply([-gradient], [expected])  # it goes downhill
        # Keras's epsilon is fixed, ours a part of the largest gradient: the smallest ones differ a little.
        np.testing.assert_allclose(np.asarray(at[0]), np.asarray(expected), rtol=1e-4, atol=5e-3)
    np.testing.assert_array_equal(np.asarray(at[1]), pixels)


def test_a_picture_is_opaque_where_the_climb_cared() -> None:
    rng = np.random.default_rng(0)
    variable, own = starts(2), method()
    at, moments = variable, own.moments(variable)
    mattered = np.zeros((2, *PICTURE))
    for step in range(1, 4):
        gradient = rng.normal(size=variable[1].shape).astype(np.float32)
        mattered += np.abs(gradient).mean(axis=-1)
        at, moments = own.update(at, (tf.zeros_like(at[0]), tf.constant(gradient)), moments, tf.constant(float(step)))
    actual = own.opacity(moments)
    top = np.percentile(mattered, 80, axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(actual, np.minimum(mattered / top, 1), rtol=1e-5)
    assert actual.min() >= 0
    np.testing.assert_allclose((actual == 1).mean(axis=(1, 2)), 0.2, atol=0.005)


def test_where_nothing_was_cared_for_nothing_is_seen() -> None:
    variable = starts(1)
    assert (method().opacity(method().moments(variable)) == 0).all()


def test_the_second_variable_takes_the_gradient_at_the_pixels() -> None:
    """A score that looks at one crop's mean: nothing outside the boxes matters."""
    own, variable = method(crops=1), tuple(map(tf.constant, starts(1)))
    draw = tf.constant([[0.25, 0.25, 0.5, 0.5]])
    _, (_, pixels) = value_and_gradient(
        lambda at: own.objective_value(
            at, draw, np.array([0, 0], np.int32), lambda images, views: tf.reduce_mean(images, (1, 2, 3))
        ),
        variable,
    )
    mattered = np.abs(np.asarray(pixels)[0]).sum(axis=-1) > 0
    rows, columns = np.flatnonzero(mattered.any(axis=1)), np.flatnonzero(mattered.any(axis=0))
    assert (rows[0], rows[-1]) == (3, 8)  # 0.25 and 0.5 of the 15 steps between 16 rows, and the next pixel
    assert (columns[0], columns[-1]) == (5, 10)
    assert float(tf.reduce_sum(pixels)) == pytest.approx(1.0, rel=1e-4)


def test_the_climb_leads_uphill() -> None:
    """Light beside dark shows in crops. They shrink, and the score with them: compare with the first step soon."""
    model = assembled(with_kernels(blob()[:, :, None, None], activation="relu"))
    settings = complete_settings({"method": "maco", "size": 32, "steps": 64, "crops": 8})
    optimization = Optimizer(model, 1, settings).run((0,))
    assert optimization.opacity is not None
    assert optimization.opacity.shape == (1, 32, 32)
    assert optimization.trace[8:24].mean() > 1.2 * optimization.trace[0].mean()
