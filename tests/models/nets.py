"""The tiny networks that the tests of ``models`` are about, and what runs them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from generator.models.graph import Graph


def plain() -> keras.Model:
    """Two convolutions with their activations fused, and a pooling between them."""
    return keras.Sequential(
        [
            keras.Input((24, 24, 3)),
            layers.Conv2D(4, 3, activation="relu", name="first"),
            layers.MaxPooling2D(name="pool"),
            layers.Conv2D(5, 3, name="second"),
        ]
    )


def nested_twice() -> keras.Model:
    """A convolution inside a functional model inside a Sequential one inside a functional one."""
    x = keras.Input((None, None, 4))
    inner = keras.Model(x, layers.Conv2D(5, 3, padding="same", name="deep")(x), name="inner")
    middle = keras.Sequential(
        [keras.Input((None, None, 3)), layers.Conv2D(4, 3, name="mid"), inner, layers.ReLU()], name="middle"
    )
    image = keras.Input((24, 24, 3))
    x = layers.Rescaling(1 / 255, name="scale")(image)
    x = middle(x)
    return keras.Model(image, layers.Conv2D(2, 1, name="last")(x))


def shared() -> keras.Model:
    """One convolution that is called twice, and a nested model that is called twice."""
    image = keras.Input((20, 20, 3))
    again = layers.Conv2D(3, 3, padding="same", name="again")
    y = keras.Input((None, None, 3))
    block = keras.Model(y, layers.Conv2D(3, 1, name="inside")(y), name="block")
    x = again(again(image))
    return keras.Model(image, block(block(x)))


def branches() -> keras.Model:
    """Two branches of different reach, concatenated, with a residual connection after them."""
    image = keras.Input((24, 24, 3))
    stem = layers.Conv2D(4, 3, padding="same", name="stem")(image)
    left = layers.Conv2D(2, 1, padding="same", name="left")(stem)
    right = layers.Conv2D(2, 5, padding="same", name="right")(stem)
    joined = layers.Concatenate(name="joined")([left, right])
    added = layers.Add(name="added")([joined, stem])
    return keras.Model(image, layers.Conv2D(3, 3, padding="same", name="head")(added))


def residual() -> keras.Model:
    """The chains after which responses are read: see ``test_reading``."""
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, padding="same", name="separate")(image)
    x = layers.BatchNormalization(name="separate_bn")(x)
    x = layers.ReLU(name="separate_relu")(x)
    y = layers.Conv2D(4, 3, padding="same", activation="elu", name="fused")(x)
    y = layers.BatchNormalization(name="fused_bn")(y)
    z = layers.Conv2D(4, 3, padding="same", name="added")(y)
    z = layers.BatchNormalization(name="added_bn")(z)
    x = layers.Add(name="sum")([x, z])
    x = layers.Activation("tanh", name="sum_act")(x)
    twice = layers.Conv2D(4, 1, name="twice")(x)
    x = layers.Add(name="both")([twice, layers.ReLU(name="twice_relu")(twice)])
    x = layers.BatchNormalization(name="pre_bn")(x)
    x = layers.ReLU(name="pre_relu")(x)
    x = layers.Conv2D(4, 1, name="pre")(x)
    x = layers.MaxPooling2D(name="pool")(x)
    x = keras.ops.silu(layers.Conv2D(4, 1, name="op")(x))
    x = layers.Conv2D(4, 1, name="bare_act")(x)
    x = layers.LeakyReLU(name="leaky")(x)
    return keras.Model(image, layers.Activation("softmax", name="soft")(layers.Conv2D(4, 1, name="end")(x)))


def kinds() -> keras.Model:
    """Every kind of convolution over pictures."""
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", name="depthwise"),
            layers.SeparableConv2D(5, 3, depth_multiplier=2, padding="same", name="separable"),
            layers.Conv2DTranspose(4, 3, strides=2, padding="same", name="transposed"),
            layers.Conv2D(6, 3, groups=2, padding="same", name="grouped"),
        ]
    )


def with_top() -> keras.Model:
    """A classifier whose Flatten and Dense fix the size of its input, but not that of its convolutions."""
    return keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            layers.Conv2D(3, 3, name="conv"),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )


def dense_before() -> keras.Model:
    """A convolution behind a Flatten, Dense and Reshape, which does not run at any other size."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Flatten(),
            layers.Dense(64, name="dense"),
            layers.Reshape((8, 8, 1)),
            layers.Conv2D(3, 3, name="behind"),
        ]
    )


def with_conv1d() -> keras.Model:
    """A convolution over pictures, and one over sequences that has no picture."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, padding="same", name="flat"),
            layers.Reshape((64, 4)),
            layers.Conv1D(2, 3, name="sequence"),
        ]
    )


def conv1d_only() -> keras.Model:
    """A network of sequences."""
    return keras.Sequential([keras.Input((32, 2)), layers.Conv1D(2, 3, name="sequence")])


def dense_only() -> keras.Model:
    """A network without any convolution."""
    return keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(2)])


def two_inputs() -> keras.Model:
    """A network that takes two pictures."""
    images = [keras.Input((8, 8, 3)), keras.Input((8, 8, 3))]
    return keras.Model(images, layers.Conv2D(2, 3)(layers.Add()(images)))


def many_inputs() -> keras.Model:
    """A network that takes two pictures and more, by name, and gives two results."""
    image, again = keras.Input((12, 12, 3), name="c_image"), keras.Input((12, 12, 3), name="d_again")
    tokens, mask = keras.Input((5,), dtype="int32", name="a_tokens"), keras.Input((None, None, 2), name="z_mask")
    size = keras.Input((2,), name="e_size")
    x = layers.Conv2D(4, 3, name="seen")(layers.Concatenate()([image, again]))
    text = layers.Dense(4)(layers.Flatten()(layers.Embedding(9, 4)(tokens)))
    head = layers.Dense(4)(layers.Concatenate()([size, layers.GlobalAveragePooling2D()(mask)]))
    x = layers.Add()([x, layers.Reshape((1, 1, 4))(layers.Add()([text, head]))])
    inputs = {"c_image": image, "d_again": again, "a_tokens": tokens, "z_mask": mask, "e_size": size}
    return keras.Model(inputs, {"top": layers.Conv2D(2, 1, name="top")(x), "head": head})


def text() -> keras.Model:
    """A network of words."""
    return keras.Sequential([keras.Input((None,), dtype="int32"), layers.Embedding(9, 4), layers.Conv1D(2, 3)])


def volumes() -> keras.Model:
    """A network of volumes."""
    return keras.Sequential([keras.Input((8, 8, 8, 1)), layers.Conv3D(2, 3)])


def either_format(data_format: str) -> keras.Model:
    """Every layer that has two orders of its axes, in one of them."""
    form = {"data_format": data_format}
    channels = 1 if data_format == "channels_first" else -1
    x = image = keras.Input((3, 16, 20) if data_format == "channels_first" else (16, 20, 3))
    x = layers.Rescaling(0.5)(x)
    x = layers.Conv2D(4, 3, strides=2, activation="relu", name="conv", **form)(layers.ZeroPadding2D(1, **form)(x))
    x = layers.BatchNormalization(axis=channels)(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", name="depthwise", **form)(x)
    x = layers.MaxPooling2D(3, 1, padding="same", **form)(layers.SpatialDropout2D(0.5, **form)(x))
    x = layers.SeparableConv2D(4, 3, padding="same", name="separable", **form)(x)
    up = layers.Conv2DTranspose(4, 3, strides=2, padding="same", name="transposed", **form)(x)
    x = layers.Concatenate(axis=channels)([layers.UpSampling2D(interpolation="bilinear", **form)(x), up])
    x = layers.AveragePooling2D(2, **form)(layers.Cropping2D(((0, 1), (1, 0)), **form)(x))
    gate = layers.GlobalAveragePooling2D(keepdims=True, **form)(x)
    gated = layers.Multiply()([x, layers.Conv2D(8, 1, activation="sigmoid", name="gate", **form)(gate)])
    top = layers.Dense(2)(layers.Flatten(**form)(gated))
    return keras.Model(image, [gated, top, layers.GlobalMaxPooling2D(**form)(x)])


def with_lambda() -> keras.Model:
    """A network that brings code of its own."""
    return keras.Sequential(
        [keras.Input((12, 12, 3)), layers.Lambda(lambda x: x / 255.0), layers.Conv2D(3, 3, name="conv")]
    )


@keras.saving.register_keras_serializable("filter-gallery-tests")
class Subclassed(keras.Model):
    """A network whose calls are not recorded."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conv = layers.Conv2D(3, 3)

    def call(self, image: Any) -> Any:
        """Convolve once."""
        return self.conv(image)


def subclassed() -> keras.Model:
    """A subclassed network that was called, so that it is built."""
    model = Subclassed()
    model(keras.ops.zeros((1, 8, 8, 3)))
    return model


HOSTILE = (
    "<script>alert(1)</script>",
    "a/b/../../etc",
    "con",
    "ünï cödé \u202e \x1b[31m",
    "' onerror='x",
)


def hostile() -> keras.Model:
    """Convolutions with names that a path, a page or a terminal must not believe.

    Keras refuses slashes in names, but not those that are set later, as converters of other formats do.
    """
    x = image = keras.Input((12, 12, 3))
    convolutions = [layers.Conv2D(3, 1, name=f"plain_{i}") for i in range(len(HOSTILE))]
    for convolution in convolutions:
        x = convolution(x)
    model = keras.Model(image, x)
    for convolution, name in zip(convolutions, HOSTILE, strict=True):
        convolution.name = name
    return model


def run(graph: Graph, image: Any, position: int) -> np.ndarray:
    """Run the graph up to a call and return that call's result."""
    values = {graph.input: image}
    for needed in graph.needed([position]):
        graph.calls[needed](values)
    return np.asarray(values[graph.calls[position].outputs[0]])


def image_for(model: keras.Model, side: int | None = None) -> Any:
    """Return one random input of a model."""
    height, width, channels = model.inputs[0].shape[1:]
    shape = (1, side or height, side or width, channels)
    return keras.ops.convert_to_tensor(np.random.default_rng(1).normal(size=shape).astype(np.float32))
