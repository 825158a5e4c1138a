"""A function of one's own is told from its numbers: which activation it is, or that it is none."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generator.models.elementwise import Elementwise, Untried, elementwise

SHAPE = (None, None, 4)
NAMES = ["relu", "relu6", "silu", "gelu", "sigmoid", "tanh", "elu", "selu", "softplus", "mish", "hard_silu", "softsign"]


@pytest.mark.parametrize("name", NAMES)
def test_keras_s_own_are_known_by_their_values(name: str) -> None:
    function = getattr(keras.activations, name)
    assert elementwise(lambda x: function(x), SHAPE) == Elementwise(name, True)


OTHERS = [
    (lambda x: x * tf.sigmoid(1.7 * x), Elementwise("custom", True)),
    (lambda x: tf.abs(x), Elementwise("custom", True)),
    (lambda x: tf.maximum(x, x * tf.constant([0.1, 0.2, 0.3, 0.4])), Elementwise("custom", False)),
    (lambda x: tf.nn.relu(x - tf.reshape(tf.range(6.0), (6, 1))), Elementwise("custom", False)),
    (lambda x: 3.0 * x + 1.0, None),
    (lambda x: tf.identity(x), None),
    (lambda x: tf.nn.softmax(x), None),
    (lambda x: x / tf.reduce_mean(tf.abs(x)), None),
    (lambda x: tf.nn.relu(x + tf.random.normal(tf.shape(x))), None),
    (lambda x: tf.nn.max_pool2d(x, 3, 1, "SAME"), None),
    (lambda x: tf.nn.relu(x)[..., :2], None),
    (lambda x: tf.nn.relu(x[::-1]), None),
]


@pytest.mark.parametrize(("function", "expected"), OTHERS)
def test_others_are_activations_if_each_number_is_taken_by_itself(function: Any, expected: Elementwise | None) -> None:
    assert elementwise(function, SHAPE) == expected


def test_a_function_that_takes_only_its_own_size_is_tried_at_it() -> None:
    slopes = np.linspace(0.1, 0.9, 7 * 5 * 4).reshape(7, 5, 4).astype(np.float32)
    assert elementwise(lambda x: tf.where(x > 0, x, slopes * x), (7, 5, 4)) == Elementwise("custom", False)


def test_what_raises_whatever_it_is_given_is_not_known() -> None:
    def fails(value: Any) -> Any:
        raise RuntimeError("only on a GPU")

    with pytest.raises(Untried, match="only on a GPU"):
        elementwise(fails, SHAPE)


class Counting(keras.layers.Layer):
    """An activation that counts its calls."""

    def build(self, shape: Any) -> None:
        """Start at zero."""
        self.calls = self.add_weight(shape=(), initializer="zeros", name="calls")

    def call(self, x: Any) -> Any:
        """Count."""
        self.calls.assign_add(1.0)
        return tf.nn.relu(x)


def test_what_a_layer_assigns_is_not_kept() -> None:
    layer = Counting()
    layer.build((None, None, None, 4))
    assert elementwise(layer, SHAPE) == Elementwise("relu", True)
    assert float(layer.calls) == 0.0
