"""A model that Keras could not build knows what it was called with."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import layers

from generator.models.flatten import flatten
from generator.models.input_shapes import input_shapes_kept


class Choosing(keras.Model):
    """Keras cannot build it: its ``call`` asks for numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = layers.Conv2D(3, 3, name="conv")

    def call(self, image: Any, weight: Any = None, training: bool = False) -> Any:
        """Convolve, if there is anything to see."""
        x = image if weight is None else image * weight
        return self.conv(x) if tf.reduce_max(x) > 1.0 else self.conv(2.0 * x)


def test_the_first_call_tells_the_shape() -> None:
    own = keras.Model.__call__
    with input_shapes_kept():
        model = Choosing()
        model(tf.zeros((1, 20, 16, 3)), training=False)
        model(tf.zeros((1, 8, 8, 3)))
    assert keras.Model.__call__ is own
    assert model.get_build_config() == {"input_shape": (1, 20, 16, 3)}


def test_several_inputs_have_their_names() -> None:
    with input_shapes_kept():
        model = Choosing()
        model(tf.zeros((1, 20, 16, 3)), weight=tf.zeros((1, 1, 1, 1)))
    assert model.get_build_config() == {"shapes_dict": {"image_shape": (1, 20, 16, 3), "weight_shape": (1, 1, 1, 1)}}


def test_what_keras_built_is_as_it_was() -> None:
    with input_shapes_kept():
        model = keras.Sequential([layers.Conv2D(2, 3)])
        model(tf.zeros((1, 9, 9, 3)))
    assert flatten(model).picture == (9, 9, 3)
