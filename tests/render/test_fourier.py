"""The default method, each of its parts against numpy and against Keras's optimiser."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generator.render import waves
from generator.render.colour import EDGE
from generator.render.fourier import BETAS, BLUR, FINAL_RATE, SEEN_WAVES, Fourier
from generator.render.methods import Method
from generator.render.transforms import RandomTransforms

LUCID = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
CANVAS, PICTURE = (14, 19), (10, 13)
RATE, STEPS = 0.05, 8


def method(transforms: Any = (), channels: int = 3, field: float = math.inf, dtype: str = "float32") -> Fourier:
    return Fourier(CANVAS, PICTURE, channels, RATE, STEPS, RandomTransforms(transforms), field, dtype)


def variable_of(count: int, channels: int = 3) -> np.ndarray:
    starts = [method(channels=channels).start(np.random.default_rng(i))[0] for i in range(count)]
    return np.stack(starts) * 30


def canvas_by_hand(variable: np.ndarray, longest: float = 19, blur: float = 0.0) -> np.ndarray:
    """Lucid's recipe, its waves as a Hartley transform: scaled, added up, their colours mixed, squeezed."""
    height, width = CANVAS
    frequency = np.sqrt(np.fft.fftfreq(height)[:, None] ** 2 + np.fft.fftfreq(width) ** 2)
    scale = np.sqrt(2) / np.maximum(frequency, 1 / longest) ** 0.75 / 4
    scale = scale * np.exp(-2 * (np.pi * frequency) ** 2 * (0.3**2 + blur**2))
    pixels = np.moveaxis(variable.astype(np.float64), 2, -1) * scale[..., None]
    for axis in (1, 2):  # the Hartley transform is the real part of numpy's less the imaginary one
        actual = np.fft.fft(pixels, axis=axis, norm="ortho")
        pixels = actual.real - actual.imag
    if variable.shape[2] == 3:
        pixels = pixels @ (LUCID / np.linalg.norm(LUCID, axis=0).max()).T
    inner = pixels / (4 * (0.5 - EDGE))
    return 0.5 + (0.5 - EDGE) * inner / np.sqrt(1 + inner**2)


def shown_to_network(own: Fourier, variable: np.ndarray, step: int = 0, seed: int = 0) -> np.ndarray:
    """What it is shown at a step, had the last one's blur, which is none."""
    draws = np.stack([own.draws(np.random.default_rng(i), step + 1)[step] for i in range(len(variable))])
    draws[:, 8] = 0
    seen: list[Any] = []

    def objective(images: Any, views: int) -> Any:
        assert views == 1
        seen.append(images)
        return images[:, 0, 0, 0]

    own.objective_value((tf.constant(variable),), tf.constant(draws), np.array([seed, step], np.int32), objective)
    return np.asarray(seen[0])


def test_a_start_is_small_noise() -> None:
    (start,) = method().start(np.random.default_rng(0))
    assert start.shape == (14, 3, 19)
    assert start.dtype == np.float32
    assert start.std() == pytest.approx(0.01, rel=0.05)
    assert start.mean() == pytest.approx(0, abs=0.001)


@pytest.mark.parametrize(("channels", "longest"), [(1, 19), (3, 19), (3, 6.5)])
def test_the_picture_is_the_canvas_without_its_margin(channels: int, longest: float) -> None:
    variable = variable_of(2, channels)
    canvas = canvas_by_hand(variable, longest)
    assert canvas.std() > 0.02, "nothing to see"
    own = method((), channels, longest / SEEN_WAVES if longest < 19 else math.inf)
    np.testing.assert_allclose(own.pictures((variable,)), canvas[:, 2:12, 3:16], atol=1e-5)
    fourier: Method = method(channels=channels)
    assert fourier.opacity(()) is None


def test_without_transforms_the_network_sees_the_canvas() -> None:
    variable = variable_of(2)
    np.testing.assert_allclose(shown_to_network(method(), variable), canvas_by_hand(variable), atol=1e-5)


def test_in_bfloat16_only_the_climb_is_rounded() -> None:
    variable = variable_of(2)
    own, exact = method(dtype="bfloat16"), canvas_by_hand(variable)
    shown = shown_to_network(own, variable)
    assert shown.dtype == np.float32
    assert 1e-5 < np.abs(shown - exact).max() < 0.01
    np.testing.assert_allclose(own.pictures((variable,)), exact[:, 2:12, 3:16], atol=1e-5)


def test_every_picture_has_its_own_map_at_every_step() -> None:
    own, variable = method((("shift", 1 / 4), ("rotate", 10.0))), variable_of(2)
    canvas = canvas_by_hand(variable).astype(np.float32)
    for step in (0, 3):
        actual = shown_to_network(own, variable, step)
        for place in range(2):
            maps = own.draws(np.random.default_rng(place), step + 1)[step][None]
            expected = keras.ops.image.affine_transform(
                canvas[place : place + 1], maps[:, :8], "bilinear", fill_mode="wrap", data_format="channels_last"
            )
            np.testing.assert_allclose(actual[place], np.asarray(expected)[0], atol=1e-4)


def test_noise_has_its_deviation_and_follows_seed_and_step() -> None:
    own, variable = method((("noise", 0.03), ("noise", 0.04))), variable_of(8)
    canvas = canvas_by_hand(variable)
    first, again, later, other = (
        shown_to_network(own, variable, step, seed) - canvas for step, seed in [(0, 0), (0, 0), (1, 0), (0, 1)]
    )
    assert first.std() == pytest.approx(0.05, rel=0.03)
    assert first.mean() == pytest.approx(0, abs=0.002)
    np.testing.assert_array_equal(first, again)
    for differs in (later, other):
        assert abs(np.corrcoef(first.ravel(), differs.ravel())[0, 1]) < 0.05


def test_each_picture_is_blurred_at_random_less_and_less() -> None:
    own, variable = method(), variable_of(2)
    draws = np.stack([own.draws(np.random.default_rng(i), 400) for i in range(2)])
    blurs = draws[:, :, 8]
    assert (blurs >= 0).all()
    assert (blurs <= BLUR * np.linspace(1, 0, 400)).all()
    assert blurs[:, :40].max() > 0.9 * BLUR * 0.9
    assert np.abs(blurs[0] - blurs[1]).max() > 0.1
    seen: list[Any] = []

    def objective(images: Any, views: int) -> Any:
        seen.append(images)
        return images[:, 0, 0, 0]

    own.objective_value((tf.constant(variable),), tf.constant(draws[:, 3]), np.array([0, 3], np.int32), objective)
    for place in range(2):
        expected = canvas_by_hand(variable[place : place + 1], blur=float(blurs[place, 3]))
        np.testing.assert_allclose(np.asarray(seen[0])[place], expected[0], atol=1e-5)


@pytest.mark.parametrize(("field", "gain", "evened"), [(math.inf, 1, 0.5), (10, 1.4, 0.7), (3, 2, 1)])
def test_the_update_is_adams_with_second_moments_that_waves_share(field: float, gain: float, evened: float) -> None:
    rng = np.random.default_rng(0)
    own = method(field=field)
    variable = rng.normal(size=(2, CANVAS[0], 3, CANVAS[1])).astype(np.float32)
    bands = waves.bands(*CANVAS)
    at, moments = (variable,), own.moments((variable,))
    first, second = np.zeros(variable.shape), np.zeros((2, bands.max() + 1))
    expected = variable.astype(np.float64)
    for step in range(1, STEPS + 1):
        gradient = (rng.normal(size=variable.shape) / (1 + bands[None, :, None, :])).astype(np.float32)
        at, moments = own.update(at, (tf.constant(gradient),), moments, tf.constant(float(step)))
        first = BETAS[0] * first + (1 - BETAS[0]) * gradient
        squares = np.square(gradient.astype(np.float64)).mean(axis=2)
        means = np.stack([[s[bands == band].mean() for band in range(bands.max() + 1)] for s in squares])
        second = BETAS[1] * second + (1 - BETAS[1]) * means
        size = np.sqrt(second / (1 - BETAS[1] ** step))[:, bands]
        whole = np.sqrt(np.square(size).mean(axis=(1, 2), keepdims=True))
        divisor = (size**evened * whole ** (1 - evened))[:, :, None, :]
        rate = gain * RATE * (1 - (1 - FINAL_RATE) * (step - 1) / STEPS)
        expected = expected + rate * first / (1 - BETAS[0] ** step) / divisor
        np.testing.assert_allclose(np.asarray(at[0]), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("field", "gain", "blur"), [(1, 2, 1 / 6), (7, 2, 7 / 6), (10, 1.4, 10 / 6), (12, 7 / 6, 2), (99, 1, 2)]
)
def test_a_small_field_gets_longer_steps_and_less_blur(field: float, gain: float, blur: float) -> None:
    own = method(field=field)
    assert own.gain == pytest.approx(gain)
    widest = np.stack([own.draws(np.random.default_rng(seed), STEPS)[0, 8] for seed in range(400)]).max()
    assert 0.98 * blur < widest <= blur


def test_a_variable_is_found_whose_canvas_is_a_picture() -> None:
    canvas = canvas_by_hand(variable_of(2))
    own = method()
    (found,) = own.variable_of(canvas)
    np.testing.assert_allclose(own.pictures((found,)), canvas[:, 2:12, 3:16], atol=1e-4)
