"""Small networks of different kinds, whose receptive fields are measured; each is wired as those it is named for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import keras
from keras import layers, ops

SIDE = 96

conv = layers.Conv2D
Model: TypeAlias = keras.Model


def chain(*steps: keras.Layer) -> Model:
    """Return the Sequential model of some layers."""
    return keras.Sequential([keras.Input((SIDE, SIDE, 3)), *steps])


def vgg() -> Model:
    """Convolutions and maximum poolings in a row."""
    same = {"padding": "same", "activation": "relu"}
    return chain(conv(2, 3, **same), conv(2, 3, **same), layers.MaxPooling2D(), conv(2, 3, **same), conv(2, 3, **same))


def lenet() -> Model:
    """No padding at all, average poolings."""
    return chain(
        conv(2, 5, activation="tanh"), layers.AveragePooling2D(2), conv(2, 5), layers.AveragePooling2D(2), conv(2, 4)
    )


def even_kernels() -> Model:
    """Kernels that have no middle, oblong strides, overlapping poolings."""
    return chain(
        conv(2, 4, strides=2, padding="same"),
        conv(2, (2, 6), strides=(1, 2), padding="same"),
        layers.MaxPooling2D(3, 2, padding="same"),
        conv(2, 2),
    )


def residual() -> Model:
    """Blocks with a shortcut, one of them strided, with ZeroPadding as in ResNet50."""
    x = image = keras.Input((SIDE, SIDE, 3))
    x = conv(3, 7, strides=2)(layers.ZeroPadding2D(3)(x))
    x = layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(1)(x))
    for stride in (1, 2):
        y = layers.ReLU()(layers.BatchNormalization()(conv(3, 3, strides=stride, padding="same")(x)))
        x = layers.ReLU()(layers.Add()([conv(3, 1, strides=stride)(x), conv(3, 3, padding="same")(y)]))
    return Model(image, x)


def dense() -> Model:
    """Every layer sees all before it, with a transition in between."""
    x = image = keras.Input((SIDE, SIDE, 3))
    for _ in range(2):
        for _ in range(3):
            x = layers.Concatenate()([x, conv(2, 3, padding="same")(layers.ReLU()(x))])
        x = layers.AveragePooling2D(2)(conv(3, 1)(x))
    return Model(image, x)


def inception() -> Model:
    """Branches of different reach, a strided pooling beside a strided convolution, factorised kernels."""
    x = image = keras.Input((SIDE, SIDE, 3))
    for stride in (1, 2):
        tall = conv(2, (7, 1), padding="same")(conv(2, (1, 7), padding="same")(x))
        x = layers.Concatenate()(
            [
                conv(2, 1, strides=stride, padding="same")(x),
                conv(2, 3, strides=stride, padding="same")(tall),
                layers.MaxPooling2D(3, stride, padding="same")(x),
            ]
        )
    return Model(image, conv(2, 3)(x))


def u_net() -> Model:
    """Down and up again, with skips."""
    x = image = keras.Input((SIDE, SIDE, 3))
    skips = []
    for _ in range(2):
        x = conv(2, 3, padding="same", activation="relu")(x)
        skips.append(x)
        x = layers.MaxPooling2D()(x)
    x = conv(2, 3, padding="same")(x)
    for skip in reversed(skips):
        x = layers.Concatenate()([layers.UpSampling2D()(x), skip])
        x = conv(2, 3, padding="same")(x)
    return Model(image, x)


def mobile() -> Model:
    """Depthwise convolutions, and a squeeze-and-excitation at the end."""
    x = image = keras.Input((SIDE, SIDE, 3))
    for stride in (2, 1, 2):
        y = conv(6, 1, activation="relu")(x)
        y = layers.DepthwiseConv2D(5, strides=stride, padding="same")(y)
        x = conv(3, 1)(layers.BatchNormalization()(y))
    squeezed = layers.Reshape((1, 1, 3))(layers.GlobalAveragePooling2D()(x))
    x = layers.Multiply()([x, conv(3, 1, activation="sigmoid", name="excite")(squeezed)])
    return Model(image, conv(2, 3)(x))


def efficient() -> Model:
    """Inverted bottlenecks with explicit padding for strides, separable convolutions and a shortcut."""
    x = image = keras.Input((SIDE, SIDE, 3))
    x = layers.Rescaling(1 / 255)(x)
    x = conv(4, 3, strides=2)(layers.ZeroPadding2D(((0, 1), (0, 1)))(x))
    y = conv(8, 1, activation="silu")(x)
    y = layers.DepthwiseConv2D(3, padding="same", activation="silu")(y)
    x = layers.Add()([x, layers.Dropout(0.2)(conv(4, 1)(y))])
    x = layers.SeparableConv2D(4, 5, strides=2, padding="same")(x)
    squeezed = layers.Reshape((1, 1, 4))(layers.GlobalAveragePooling2D()(x))
    return Model(image, conv(2, 1)(layers.Multiply()([x, conv(4, 1, activation="sigmoid")(squeezed)])))


def dilated() -> Model:
    """A pyramid of dilations side by side, after dilations in a row."""
    x = image = keras.Input((SIDE, SIDE, 3))
    x = conv(2, 3, dilation_rate=2, padding="same")(conv(2, 3, padding="same", strides=2)(x))
    pyramid = [conv(2, 3, dilation_rate=rate, padding="same")(x) for rate in (1, 3, 6)]
    return Model(image, conv(2, 1)(layers.Concatenate()(pyramid)))


def pyramid() -> Model:
    """A feature pyramid: levels enlarged, smoothly and by repetition, and added to the finer ones."""
    x = image = keras.Input((SIDE, SIDE, 3))
    levels = []
    for _ in range(3):
        x = conv(2, 3, strides=2, padding="same")(x)
        levels.append(x)
    top = conv(2, 1)(levels.pop())
    for how in ("bilinear", "nearest"):
        top = layers.Add()([layers.UpSampling2D(interpolation=how)(top), conv(2, 1)(levels.pop())])
    return Model(image, conv(2, 3, padding="same")(top))


def decoder() -> Model:
    """Transposed convolutions of even and odd kernels, with and without padding, one with gaps."""
    return chain(
        conv(2, 3, strides=2, padding="same"),
        conv(2, 3, strides=2, padding="same"),
        layers.Conv2DTranspose(2, 4, strides=2, padding="same"),
        layers.Conv2DTranspose(2, 3, strides=2),
        conv(2, 3),
        layers.Conv2DTranspose(2, 3, strides=2, padding="same", output_padding=1),
        layers.Conv2DTranspose(2, 1, strides=3),
        conv(2, 2, strides=2),
    )


def siamese() -> Model:
    """A nested backbone, shared by the picture and by the picture moved by a few rows."""
    y = keras.Input((None, None, 3))
    backbone = Model(y, conv(3, 3, strides=2, padding="same")(conv(3, 5, padding="same")(y)), name="backbone")
    image = keras.Input((SIDE, SIDE, 3))
    moved = layers.ZeroPadding2D(((0, 4), (0, 0)))(layers.Cropping2D(((4, 0), (0, 0)))(image))
    return Model(image, conv(2, 3, name="end")(layers.Add()([backbone(image), backbone(moved)])))


def shuffle() -> Model:
    """Every second pixel beside the others, as in a focus layer; channels shuffled between grouped convolutions."""
    image = keras.Input((SIDE, SIDE, 3))
    x: Any = [image[:, ::2, ::2], image[:, 1::2, ::2], image[:, ::2, 1::2], image[:, 1::2, 1::2]]
    x = conv(4, 3, groups=2, padding="same")(ops.concatenate(x, axis=-1))
    x = layers.Reshape((SIDE // 2, SIDE // 2, 2, 2))(x)
    x = layers.Reshape((SIDE // 2, SIDE // 2, 4))(layers.Permute((1, 2, 4, 3))(x))
    left, right = ops.split(x, 2, axis=-1)
    x = ops.concatenate([left, conv(2, 3, padding="same")(ops.relu(right))], axis=-1)
    return Model(image, conv(2, 3, strides=2)(x))


ARCHITECTURES: dict[str, Callable[[], Model]] = {
    build.__name__: build
    for build in (
        *(vgg, lenet, even_kernels, residual, dense, inception, u_net, mobile, efficient, dilated, pyramid, decoder),
        *(siamese, shuffle),
    )
}
