"""What is TensorFlow's own, by its results."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from generator.render import backend


def test_values_and_each_pictures_own_gradient() -> None:
    at = (tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.constant([5.0, 6.0]))
    values, gradient = backend.value_and_gradient(lambda v: tf.reduce_sum(v[0] ** 2, axis=1) * v[1], at)
    np.testing.assert_allclose(values, [5 * 5, 25 * 6])
    np.testing.assert_allclose(gradient[0], [[10, 20], [36, 48]])
    np.testing.assert_allclose(gradient[1], [5, 25])


def test_weights_of_a_result_are_pulled_back_to_all_that_it_depends_on() -> None:
    at = {3: tf.constant([[1.0, 2.0]]), 7: tf.constant([[5.0]]), 9: tf.constant([[1.0]])}
    pulled = backend.pulled_back(lambda v: v[3] * 2.0 + v[7], at, tf.constant([[10.0, 100.0]]))
    np.testing.assert_allclose(pulled[3], [[20, 200]])
    np.testing.assert_allclose(pulled[7], [[110]])
    np.testing.assert_allclose(pulled[9], [[0]])


def test_a_function_is_traced_once_whatever_the_length_of_its_free_axes() -> None:
    traced: list[Any] = []

    def function(pair: Any, scale: Any, nothing: Any) -> Any:
        traced.append(pair)
        assert nothing is None
        return pair[0] * scale + pair[1]

    call = backend.compiled(function, free=(1, 0, 1))
    for count, scale in [(2, 3.0), (5, 0.5), (1, 1.0)]:
        left, right = np.random.default_rng(count).random((2, count, 4)).astype(np.float32)
        actual = call((left, tf.constant(right)), np.float32(scale), None)
        np.testing.assert_allclose(actual, left * scale + right, rtol=1e-6)
    assert len(traced) == 1


def test_what_stands_outside_graphs_is_computed_at_once() -> None:
    actual: list[Any] = []

    def function(x: Any) -> Any:
        with backend.outside_graphs():
            actual.append(tf.constant(2.0) * 3.0)
        return x * actual[0]

    assert float(backend.compiled(function, free=(0,))(np.float32(2.0))) == 12
    assert float(actual[0].numpy()) == 6


@pytest.mark.parametrize("box", [(0, 0, 1, 1), (0.25, 0.5, 0.75, 1.0)])
def test_crops_of_whole_steps_are_pixels(box: tuple[float, ...]) -> None:
    pictures = np.random.default_rng(0).random((2, 9, 5, 3)).astype(np.float32)
    top, left, bottom, right = (round(part * side) for part, side in zip(box, (8, 4, 8, 4), strict=True))
    expected = pictures[1, top : bottom + 1, left : right + 1]
    actual = backend.crops_of(pictures, tf.constant([box], tf.float32), tf.constant([1]), expected.shape[:2])
    np.testing.assert_allclose(actual[0], expected, rtol=1e-6)


def test_noise_is_what_its_seed_says() -> None:
    seeds = [np.array(seed, np.int32) for seed in [(0, 0), (0, 0), (0, 1), (1, 0)]]
    for draw, deviation in [(backend.normal_noise, 1.0), (backend.uniform_noise, 1 / 3**0.5)]:
        first, again, later, other = (np.asarray(draw((4, 1000), seed)) for seed in seeds)
        np.testing.assert_array_equal(first, again)
        assert first.mean() == pytest.approx(0, abs=0.05)
        assert first.std() == pytest.approx(deviation, rel=0.05)
        for differs in (later, other):
            assert abs(np.corrcoef(first.ravel(), differs.ravel())[0, 1]) < 0.06
    assert np.abs(backend.uniform_noise((1000,), seeds[0])).max() <= 1
