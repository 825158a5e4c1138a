from __future__ import annotations

import numpy as np

from generator.render.methods import adam_denominator


def test_the_denominator_of_adam_is_the_root_and_never_tiny_beside_the_largest() -> None:
    second = np.array([[[4.0, 0.0], [1.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]], dtype=np.float32)
    found = np.asarray(adam_denominator(second))
    np.testing.assert_allclose(found[0, :, 0], [2, 1], rtol=1e-3)
    assert (found[0, :, 1] > 0).all()
    assert (found[0, :, 1] < 0.01).all()
    assert (found[1] > 0).all()  # a picture without any gradient stands still, instead of becoming no number


def test_each_picture_has_its_own_and_scale_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    second = rng.random((2, 5, 5)).astype(np.float32)
    both = np.asarray(adam_denominator(second))
    np.testing.assert_allclose(both[:1], np.asarray(adam_denominator(second[:1])), rtol=1e-6)
    np.testing.assert_allclose(np.asarray(adam_denominator(second * 1e4)), 100 * both, rtol=1e-4)
