"""Spectra against numpy's FFT and written-out numbers."""

from __future__ import annotations

import numpy as np
import pytest

from generator.render import spectrum


@pytest.mark.parametrize(("height", "width"), [(8, 8), (7, 8), (8, 7), (5, 9), (16, 6)])
def test_pixels_are_numpys_inverse_transform(height: int, width: int) -> None:
    rng = np.random.default_rng(0)
    half = rng.normal(size=(2, 3, height, width // 2 + 1)) + 1j * rng.normal(size=(2, 3, height, width // 2 + 1))
    stacked = np.concatenate([half.real, half.imag], axis=2)
    expected = np.fft.irfft2(half, s=(height, width)).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(np.asarray(spectrum.to_pixels(stacked, height, width)), expected, atol=1e-12)


def test_frequencies_are_cycles_for_each_pixel() -> None:
    found = spectrum.frequencies(4, 6)
    assert found.shape == (4, 4)
    np.testing.assert_allclose(found[0], [0, 1 / 6, 2 / 6, 3 / 6])
    np.testing.assert_allclose(found[:, 0], [0, 1 / 4, 2 / 4, 1 / 4])
    assert found[1, 1] == pytest.approx((1 / 16 + 1 / 36) ** 0.5)


def test_scale_falls_with_frequency_and_is_capped_at_the_lowest() -> None:
    # Lucid: sqrt(w * h) / max(f, 1 / max(w, h)), and a quarter of it.
    found = spectrum.scale(4, 8)
    root = 32**0.5
    assert found[0, 0] == pytest.approx(root * 8 / 4)
    assert found[0, 1] == pytest.approx(root * 8 / 4)
    assert found[0, 2] == pytest.approx(root * 4 / 4)
    assert found[2, 4] == pytest.approx(root / (0.5**2 + 0.5**2) ** 0.5 / 4)
