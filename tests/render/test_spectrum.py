"""Spectra against numpy's FFT and written-out numbers."""

from __future__ import annotations

import numpy as np
import pytest

from generator.render import spectrum

SIZES = [(8, 8), (7, 8), (8, 7), (5, 9), (16, 6), (1, 4), (2, 2)]


def random_half(height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    shape = (2, 3, height, width // 2 + 1)
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def in_own_layout(half: np.ndarray) -> np.ndarray:
    """Return (..., height, terms) complex numbers as ``to_pixels`` takes them: (..., terms, 2 * height)."""
    turned = np.swapaxes(half, -1, -2)
    return np.concatenate([turned.real, turned.imag], axis=-1)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_pixels_are_numpys_inverse_transform(height: int, width: int) -> None:
    half = random_half(height, width)
    expected = np.fft.irfft2(half, s=(height, width)).transpose(0, 2, 3, 1)
    actual = np.asarray(spectrum.to_pixels(in_own_layout(half), height, width))
    np.testing.assert_allclose(actual, expected, atol=1e-12)


def test_in_float32_pixels_are_as_near_as_can_be() -> None:
    half = random_half(144, 150)
    expected = np.fft.irfft2(half, s=(144, 150)).transpose(0, 2, 3, 1)
    actual = np.asarray(spectrum.to_pixels(in_own_layout(half).astype(np.float32), 144, 150))
    assert actual.dtype == np.float32
    np.testing.assert_allclose(actual, expected, atol=1e-6 * np.abs(expected).max() * 10)


def test_frequencies_are_cycles_for_each_pixel() -> None:
    actual = spectrum.frequencies(4, 6)
    assert actual.shape == (4, 4)
    np.testing.assert_allclose(actual[0], [0, 1 / 6, 2 / 6, 3 / 6])
    np.testing.assert_allclose(actual[:, 0], [0, 1 / 4, 2 / 4, 1 / 4])
    assert actual[1, 1] == pytest.approx((1 / 16 + 1 / 36) ** 0.5)
