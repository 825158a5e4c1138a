"""What is always the same is told from what depends on sizes that are not known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from generator.models.tf_graph.run import GraphRun

ASKED = [
    (lambda x: tf.shape(x)[-1], 4),
    (lambda x: tf.shape(x)[-1] // 2 + 1, 3),
    (lambda x: tf.rank(x) > 3, True),
    (lambda x: tf.stack([tf.shape(x)[3], 7]), [4, 7]),
    (lambda x: tf.shape(x)[1], None),
    (lambda x: tf.shape(x)[1] > 100, None),
    (lambda x: tf.shape(x)[1] == tf.shape(x[:, ::2])[1], None),
    (lambda x: tf.shape(x)[0] > 1, None),
    (lambda x: tf.reduce_sum(tf.zeros_like(x)), None),
    (lambda x: tf.reduce_max(x) > 0, None),
]


@pytest.mark.parametrize(("asked", "expected"), ASKED)
def test_a_number_is_known_if_no_size_makes_a_difference(asked: Any, expected: Any) -> None:
    found: list[Any] = []

    def call(image: Any) -> Any:
        try:
            found.append(np.asarray(asked(image).numpy()))
        except TypeError:
            found.append(None)
        return image

    GraphRun([tf.TensorSpec((None, None, None, 4))], call)
    if expected is None:
        assert found == [None]
    else:
        np.testing.assert_array_equal(found[0], expected)
