"""Subclassed models and layers whose ``call`` uses TensorFlow's functions, as people write them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

SIDE = 32


class Unet(keras.Model):
    """Skips, resized to the size of what they join; activations as functions and written out."""

    def __init__(self) -> None:
        super().__init__()
        self.down = [
            layers.Conv2D(6, 3, padding="same", name="down1"),
            layers.Conv2D(8, 3, strides=2, padding="same", activation="relu", name="down2"),
            layers.Conv2D(8, 3, strides=2, padding="same", name="down3"),
        ]
        self.norm = layers.BatchNormalization(name="norm")
        self.up2 = layers.Conv2D(6, 3, padding="same", name="up2")
        self.up1 = layers.Conv2D(4, 3, padding="same", name="up1")
        self.out = layers.Conv2D(1, 1, name="out")

    def call(self, image: Any, training: bool = False) -> Any:
        """Return a map of the picture's size."""
        height, width = tf.shape(image)[1], tf.shape(image)[2]
        first = tf.nn.relu(self.norm(self.down[0](image), training=training))
        second = self.down[1](first)
        third = tf.nn.silu(self.down[2](second))
        x = tf.concat([tf.image.resize(third, tf.shape(second)[1:3]), second], axis=-1)
        x = tf.nn.gelu(self.up2(x))
        x = self.up1(tf.concat([tf.image.resize(x, [height, width], method="nearest"), first], axis=3))
        return tf.sigmoid(self.out(x * tf.sigmoid(x)))


class Splitting(keras.Model):
    """Groups by ``tf.split``, ``relu6``, slices, and a dictionary of results that are not all tensors."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.first = layers.Conv2D(8, 3, padding="same", name="first")
        self.second = layers.Conv2D(4, 3, padding="same", name="second")
        self.third = layers.DepthwiseConv2D(3, padding="same", name="third")
        self.head = layers.Dense(3, name="head")

    def call(self, image: Any) -> Any:
        """Return logits and a map."""
        left, right = tf.split(tf.nn.relu6(self.first(image / 2.0 - 0.1)), 2, axis=-1)
        x = tf.concat([left, tf.nn.leaky_relu(self.second(right), alpha=0.3)], axis=-1)
        x = self.third(x[:, 1:-1, ::2])
        x = tf.nn.relu6(x + 3.0) / 6.0
        return {"logits": self.head(tf.reduce_mean(x, axis=[1, 2])), "map": x, "groups": 2, "none": None}


class Gate(layers.Layer):
    """An attention gate: a layer that holds convolutions, and is called with a keyword."""

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.query = layers.Conv2D(filters, 1, name="query")
        self.key = layers.Conv2D(filters, 1, name="key")
        self.weigh = layers.Conv2D(1, 1, name="weigh")

    def call(self, image: Any, gate: Any = None, size: Any = None) -> Any:
        """Return the picture, each place weighed by the gate, and its size."""
        gate = tf.image.resize(self.key(gate), tf.shape(image)[1:3] if size is None else size)
        weight = tf.nn.sigmoid(self.weigh(tf.nn.relu(self.query(image) + gate)))
        return image * weight, tf.shape(image)


class Attention(keras.Model):
    """Nested Sequentials, gates, squeeze and excitation, a variable of one's own."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = keras.Sequential([layers.Conv2D(6, 3, padding="same"), layers.ReLU()], name="stem")
        self.deep = keras.Sequential([layers.Conv2D(6, 3, strides=2, padding="same", name="deep")], name="body")
        self.gates = [Gate(3, name="gate1"), Gate(4, name="gate2")]
        self.scale = self.add_weight(shape=(6,), initializer="random_normal", name="scale")
        self.last = layers.Conv2D(2, 3, name="last")

    def call(self, image: Any, training: Any = None, mask: Any = None) -> Any:
        """Return a map."""
        size = tf.shape(image)[1:3]
        x = self.stem(image)
        deep = self.deep(x) * self.scale
        deep = deep * tf.sigmoid(tf.reduce_mean(deep, axis=[1, 2], keepdims=True))
        x, _ = self.gates[0](x, gate=deep)
        x, shape = self.gates[1](x, gate=deep, size=size)
        return self.last(tf.reshape(x, shape))


class Spaced(keras.Model):
    """``tf.nn.space_to_depth``, a loop over layers, a shared layer, pooling, padding and transposing."""

    def __init__(self) -> None:
        super().__init__()
        self.convs = [layers.Conv2D(6, 3, padding="same", name=f"conv{index}") for index in range(3)]
        self.shared = layers.Conv2D(6, 3, padding="same", activation="relu", name="shared")

    def call(self, image: Any) -> Any:
        """Return two maps."""
        x = tf.nn.space_to_depth(image, 2)
        for conv in self.convs:
            x = tf.nn.elu(conv(tf.nn.max_pool2d(x, 2, 1, "SAME")))
        for _ in range(2):
            x = self.shared(tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])[:, 1:-1, 1:-1, :]) + x
        return [tf.nn.depth_to_space(x[..., :4], 2), tf.transpose(x, [0, 3, 1, 2])]


class Doing(keras.Model):
    """Two convolutions, and between them what is given."""

    def __init__(self, does: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.first = layers.Conv2D(4, 3, padding="same", name="first")
        self.second = layers.Conv2D(4, 3, padding="same", name="second")
        self.does = does

    def call(self, image: Any) -> Any:
        """Convolve, do it, convolve."""
        return self.second(self.does(self, self.first(image)))


def called(model: Any, side: int = SIDE) -> Any:
    """Return a model that was called once, with weights that are not those it starts with."""
    model(tf.zeros((1, side, side, 3)))
    rng = np.random.default_rng(1)
    for weight in model.weights:
        if "variance" not in weight.path:
            weight.assign(rng.normal(0.0, 0.3, tuple(weight.shape)))
    return model


def picture(side: int = SIDE, pictures: int = 2, seed: int = 2) -> tf.Tensor:
    """Return random pictures."""
    values = np.random.default_rng(seed).normal(size=(pictures, side, side, 3))
    return tf.constant(values.astype(np.float32))


@contextmanager
def watched(convolutions: list[Any]) -> Iterator[dict[tuple[int, int], np.ndarray]]:
    """Yield what each call of some layers gives while the block runs: by the layer's id and the number of its call."""
    seen: dict[tuple[int, int], np.ndarray] = {}

    def watching(layer: Any) -> Any:
        own = type(layer).call

        def call(*args: Any, **kwargs: Any) -> Any:
            result = own(layer, *args, **kwargs)
            number = 1 + sum(known == id(layer) for known, _ in seen)
            seen[id(layer), number] = np.asarray(result)
            return result

        return call

    for layer in convolutions:
        object.__setattr__(layer, "call", watching(layer))
    try:
        yield seen
    finally:
        for layer in convolutions:
            object.__delattr__(layer, "call")
