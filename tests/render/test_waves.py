"""Waves against sums of cosines and sines written out, and against numpy's FFT."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from generator.render import waves

SIZES = [(8, 8), (7, 8), (8, 7), (5, 9), (16, 6), (1, 4), (2, 2)]


def amplitudes(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, height, 3, width))


def one_wave(height: int, width: int, u: int, v: int) -> np.ndarray:
    """Return the picture of a single wave of amplitude 1."""
    alone = np.zeros((1, height, 1, width))
    alone[0, u, 0, v] = 1
    return np.asarray(waves.to_pixels(alone))[0, :, :, 0]


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_pixels_are_sums_of_cosines_and_sines(height: int, width: int) -> None:
    given = amplitudes(height, width)
    y, u, x, v = np.ix_(range(height), range(height), range(width), range(width))
    down, across = 2 * np.pi * u * y / height, 2 * np.pi * v * x / width
    each = (np.cos(down) + np.sin(down)) * (np.cos(across) + np.sin(across)) / np.sqrt(height * width)
    expected = np.einsum("yuxv,nucv->nyxc", each, given)
    np.testing.assert_allclose(np.asarray(waves.to_pixels(given)), expected, atol=1e-12)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_a_wave_holds_its_own_frequency_and_no_other(height: int, width: int) -> None:
    lengths = waves.frequencies(height, width)
    assert lengths.shape == (height, width)
    for u in range(height):
        for v in range(width):
            power = np.abs(np.fft.fft2(one_wave(height, width, u, v))) ** 2
            fy, fx = np.nonzero(power > 1e-9)
            actual = np.hypot(np.minimum(fy, height - fy) / height, np.minimum(fx, width - fx) / width)
            np.testing.assert_allclose(actual, lengths[u, v], atol=1e-12)


def test_a_wave_of_noise_is_as_strong_as_lucids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lucid: normal real and imaginary parts, times sqrt(w * h) / max(f, 1 / max(w, h)) / 4, transformed back.

    That transform ignores half of what stands for waves along one axis alone; these are not compared.
    """
    monkeypatch.setattr(waves, "DECAY", 1.0)
    monkeypatch.setattr(waves, "SOFTNESS", 0.0)
    height, width, count = 12, 16, 2000
    rng = np.random.default_rng(0)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    size = np.sqrt(height * width) / np.maximum(frequency, 1 / 16) / 4
    half = rng.normal(size=(count, *size.shape)) + 1j * rng.normal(size=(count, *size.shape))
    theirs = np.fft.irfft2(half * size, s=(height, width))
    own = rng.normal(size=(count, height, 1, width)) * waves.scale(height, width)[:, None, :]
    ours = np.asarray(waves.to_pixels(own))[..., 0]
    power = [(np.abs(np.fft.fft2(some)) ** 2).mean(axis=0)[1:6, 1:8] for some in (ours, theirs)]
    np.testing.assert_allclose(power[0], power[1], rtol=0.15)


def test_in_float32_pixels_are_as_near_as_can_be() -> None:
    given = amplitudes(144, 150)
    exact = np.asarray(waves.to_pixels(given))
    actual = np.asarray(waves.to_pixels(given.astype(np.float32)))
    assert actual.dtype == np.float32
    np.testing.assert_allclose(actual, exact, atol=1e-5 * np.abs(exact).max())


def falling(frequency: float) -> float:
    """What a wave of a frequency is multiplied by, written out."""
    return float(np.sqrt(2) / 4 * frequency**-0.75 * np.exp(-2 * (np.pi * 0.3 * frequency) ** 2))


def test_scale_falls_with_frequency_and_is_capped_at_the_lowest() -> None:
    actual = waves.scale(4, 8)
    assert actual[0, 1] == pytest.approx(falling(1 / 8))
    assert actual[0, 0] == pytest.approx(2**0.5 / 4 * 8**0.75)
    assert actual[0, 2] == pytest.approx(falling(1 / 4))
    assert actual[0, 6] == actual[0, 2]
    assert actual[2, 4] == pytest.approx(falling(0.5**0.5))


@pytest.mark.parametrize(
    ("longest", "kept"), [(100.0, [8, 8, 4]), (8.0, [8, 8, 4]), (5.0, [5, 5, 4]), (3.0, [3, 3, 3])]
)
def test_waves_beyond_the_longest_get_no_more(longest: float, kept: list[float]) -> None:
    """Waves without end, of 8 and of 4 pixels, of which none is scaled as one longer than the longest."""
    softness = np.exp(-2 * (np.pi * 0.3 * np.array([0, 1 / 8, 1 / 4])) ** 2)
    expected = np.sqrt(2) / 4 * np.array(kept) ** 0.75 * softness
    np.testing.assert_allclose(waves.scale(4, 8, longest)[0, :3], expected)


def test_waves_of_about_one_length_are_in_one_band() -> None:
    bands = waves.bands(6, 8)
    assert bands.shape == (6, 8)
    assert bands[0, 0] == 0
    assert bands[0, 1] == bands[0, 7] == 1
    assert bands[0, 4] == bands[3, 0] == 4
    assert set(bands.ravel()) == set(range(bands.max() + 1))


def test_a_blur_is_a_convolution_with_a_gaussian() -> None:
    given, deviation = amplitudes(16, 16).astype(np.float32), 1.5
    deviations = np.full(len(given), deviation, np.float32)
    factor = np.asarray(waves.seen_through(16, 16, keras.ops.convert_to_tensor(deviations)))
    actual = np.asarray(waves.to_pixels(given * factor[:, :, None, :]))
    distance = np.arange(16) - 16 * (np.arange(16) > 8)
    turns = distance + 16 * np.arange(-3, 4)[:, None]
    around = np.exp(-(turns**2) / (2 * deviation**2)).sum(axis=0)
    kernel = np.outer(around, around) / np.square(around.sum())
    pixels = np.asarray(waves.to_pixels(given), np.float64)
    expected = np.fft.ifft2(np.fft.fft2(pixels, axes=(1, 2)) * np.fft.fft2(kernel)[None, ..., None], axes=(1, 2)).real
    np.testing.assert_allclose(actual, expected, atol=1e-3 * np.abs(expected).max())
