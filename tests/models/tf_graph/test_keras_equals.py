"""Operations of TensorFlow become those of Keras that compute the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from generator.models.flatten import flatten
from generator.models.graph import Call
from tests.models.tf_graph.nets import Doing, called, picture


def between(does: Any) -> tuple[Any, list[Call]]:
    """Return a model that does something between two convolutions, and the calls that this becomes."""
    model = called(Doing(does))
    return model, [call for call in flatten(model).calls if call.name not in ("first", "second")]


KNOWN = [
    (lambda x: tf.nn.relu6(x), ["Relu6"]),
    (lambda x: -tf.abs(tf.square(x)), ["Square", "Absolute", "Negative"]),
    (lambda x: tf.math.rsqrt(tf.exp(x)), ["Exp", "Rsqrt"]),
    (lambda x: tf.math.erf(tf.stop_gradient(x[..., :2])), ["GetItem", "StopGradient", "Erf"]),
    (lambda x: 2.0 - x, ["Subtract"]),
    (lambda x: x / [1.0, 2.0, 3.0, 4.0], ["TrueDivide"]),
    (lambda x: tf.nn.bias_add(x, [1.0, 2.0, 3.0, 4.0]), ["Add"]),
    (lambda x: tf.concat([x, x], 1), ["Concatenate"]),
    (lambda x: tf.reduce_max(x, axis=[1, 2], keepdims=True), ["Max"]),
    (lambda x: x - tf.reduce_mean(x, axis=-1, keepdims=True), ["Mean", "Subtract"]),
    (lambda x: tf.transpose(x, [0, 2, 1, 3]), ["Transpose"]),
    (lambda x: tf.pad(x, [[0, 0], [1, 2], [0, 1], [0, 0]], "REFLECT"), ["Pad"]),
    (lambda x: tf.pad(x, [[0, 0], [1, 2], [0, 1], [0, 0]]), ["Pad"]),
    (lambda x: x[:, 1:-1, ::2], ["GetItem"]),
    (lambda x: tf.exp(x)[..., 3, None] * x, ["Exp", "StridedSlice", "Multiply"]),
    (lambda x: tf.nn.max_pool2d(x, 3, 2, "SAME"), ["MaxPool"]),
    (lambda x: tf.nn.avg_pool2d(x, 2, 1, "VALID"), ["AveragePool"]),
    (lambda x: tf.nn.softmax(x, axis=-1), ["Softmax"]),
    (lambda x: tf.nn.leaky_relu(x, alpha=0.3), ["LeakyRelu"]),
    (lambda x: tf.add(*tf.split(tf.concat([x, 2.0 * x], -1), 2, axis=-1)), ["Multiply", "Concatenate", "Split", "Add"]),
    (lambda x: tf.cumsum(x, axis=1), ["Cumsum"]),
    (lambda x: tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], constant_values=1.0), ["PadV2"]),
    (lambda x: tf.image.resize(x, [8, 8]), ["ResizeBilinear"]),
]


@pytest.mark.parametrize(("function", "kinds"), KNOWN)
def test_each_operation_has_its_kind_and_its_values(function: Any, kinds: list[str]) -> None:
    model, calls = between(lambda model, x: function(x))
    assert [type(call.op).__name__ for call in calls] == kinds
    first = model.first(picture())
    values = {calls[0].inputs[0]: first}
    for call in calls:
        call(values)
    np.testing.assert_allclose(
        np.asarray(values[calls[-1].outputs[0]]), np.asarray(function(first)), rtol=1e-5, atol=1e-6
    )


def test_what_changes_from_picture_to_picture_is_no_constant() -> None:
    _, calls = between(lambda model, x: tf.concat([x, x], -1)[..., :4] + tf.random.normal([4]))
    first = tf.zeros((1, 8, 8, 4))
    draws = []
    for _ in range(2):
        values: dict[int, Any] = {calls[0].inputs[0]: first}
        for call in calls:
            call(values)
        draws.append(np.asarray(values[calls[-1].outputs[0]]))
    assert np.abs(draws[0] - draws[1]).max() > 0.01
