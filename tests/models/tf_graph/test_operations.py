"""An operation of TensorFlow is run again as it was, whatever it takes and gives, and gradients pass through it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from generator.models.flatten import flatten
from tests.models.tf_graph.nets import Doing, called, picture

MATRIX = tf.constant(np.random.default_rng(0).normal(size=(4, 40)).astype(np.float32))  # too large for a constant
VARIABLE = tf.Variable([0.5, -1.0, 2.0, 1.5])

DOES = [
    lambda model, x: tf.gather(x, [3, 0, 1, 2], axis=-1),
    lambda model, x: tf.reshape(x @ MATRIX, [tf.shape(x)[0], tf.shape(x)[1], -1, 4]),
    lambda model, x: x * VARIABLE + tf.cast(tf.shape(x)[1], tf.float32),
    lambda model, x: tf.reduce_sum(tf.stack([x, 2.0 * x]), axis=0),
    lambda model, x: tf.unstack(x, axis=1)[2][:, None],
    lambda model, x: tf.add_n([x, x, x]),
    lambda model, x: tf.einsum("nhwc,nhwd->nhwd", x, x),
    lambda model, x: tf.nn.space_to_depth(tf.nn.depth_to_space(x, 2), 2),
    lambda model, x: tf.squeeze(tf.expand_dims(x, 1), [1]),
    lambda model, x: tf.tile(x, [1, 2, 1, 1])[:, : tf.shape(x)[1] + 1],
    lambda model, x: tf.split(tf.concat([x, x], -1), [2, 4, 2], axis=-1)[1],
    lambda model, x: tf.math.top_k(x, k=4).values,
    lambda model, x: tf.signal.irfft2d(tf.signal.rfft2d(tf.transpose(x, [0, 3, 1, 2])))[:, :, :, :4],
    lambda model, x: tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 1.5), [0, x])[1],
    lambda model, x: tf.cond(tf.reduce_mean(x) > 0, lambda: x * 2.0, lambda: x - 1.0),
    lambda model, x: tf.map_fn(lambda y: y * tf.reduce_max(y), x),
    lambda model, x: tf.linalg.normalize(x, axis=-1)[0],
    lambda model, x: tf.nn.moments(x, [1, 2], keepdims=True)[1] + x,
    lambda model, x: tf.image.rgb_to_grayscale(x[..., :3]) + x,
    lambda model, x: tf.image.crop_and_resize(x, tf.ones((tf.shape(x)[0], 4)) * 0.8, tf.range(tf.shape(x)[0]), [9, 9]),
    lambda model, x: tf.transpose(tf.scan(lambda a, y: a + y, tf.transpose(x, [1, 0, 2, 3])), [1, 0, 2, 3]),
]


@pytest.mark.parametrize("does", DOES)
def test_values_and_gradients_are_those_of_the_call_itself(does: Any) -> None:
    model = called(Doing(does))
    graph = flatten(model)
    image = picture()

    def again(given: Any) -> Any:
        values = {graph.input: given}
        for call in graph.calls:
            call(values)
        return values[graph.outputs[0]]

    compiled = tf.function(again, autograph=False, input_signature=[tf.TensorSpec((None, *image.shape[1:]))])
    results = []
    for run in (model, again, compiled):
        with tf.GradientTape() as tape:
            tape.watch(image)
            result = run(image)
            total = tf.reduce_sum(tf.sin(result))
        results.append((np.asarray(result), np.asarray(tape.gradient(total, image))))
    for value, gradient in results[1:]:
        np.testing.assert_allclose(value, results[0][0], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(gradient, results[0][1], rtol=1e-3, atol=1e-3)


def test_a_gradient_of_one_s_own_is_kept() -> None:
    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def straight(x: Any) -> Any:
        return tf.sign(x), lambda upstream: upstream

    graph = flatten(called(Doing(lambda model, x: straight(x) * 2.0)))
    image = picture()
    values = {graph.input: image}
    with tf.GradientTape() as tape:
        tape.watch(image)
        for call in graph.calls:
            call(values)
        total = tf.reduce_sum(values[graph.outputs[0]])
    assert float(tf.reduce_max(tf.abs(tape.gradient(total, image)))) > 1e-3


def test_shapes_are_those_of_the_tensors() -> None:
    graph = flatten(called(Doing(lambda model, x: tf.image.resize(x, tf.shape(x)[1:3] // 3 + 1))))
    shapes = graph.shapes(30, 24, 3)
    values = {graph.input: tf.zeros((1, 30, 24, 3))}
    for call in graph.calls:
        call(values)
    assert shapes == {number: tuple(value.shape[1:]) for number, value in values.items()}
