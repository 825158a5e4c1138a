"""Receptive fields against measured ones: which input pixels the centre unit's gradient reaches."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from generator.models.card import WHOLE_INPUT
from generator.models.graph import flatten
from generator.models.receptive_field import receptive_fields
from tests.models import nets

SIDE = 64


def measured(model: keras.Model) -> tuple[int, int]:
    """Return how many rows and columns of the input any filter of a unit in the middle depends on.

    All weights are made positive, so that no two paths cancel; maxima are taken over a rising ramp and over a falling
    one, so that every place of a window is the largest in one of them.
    """
    for layer in model.layers:
        layer.set_weights([np.full_like(weight, 0.1) for weight in layer.get_weights()])

    @tf.function  # eagerly, TensorFlow 2.21 also asks for the kernels' gradients, and crashes at 1x1 with a stride
    def gradient(image: tf.Tensor) -> tf.Tensor:
        output = model(image)
        return tf.gradients(output[0, output.shape[1] // 2, output.shape[2] // 2], image)[0]

    reached = np.zeros((SIDE, SIDE), bool)
    rows, columns = np.mgrid[:SIDE, :SIDE] / SIDE
    for down in (1, -1):
        for right in (1, -1):
            image = np.repeat((down * rows + right * columns + 2.0)[None, ..., None], 3, axis=-1)
            reached |= np.abs(np.asarray(gradient(tf.constant(image, tf.float32)))[0]).sum(-1) > 0
    rows_hit, columns_hit = np.flatnonzero(reached.any(1)), np.flatnonzero(reached.any(0))
    return rows_hit[-1] - rows_hit[0] + 1, columns_hit[-1] - columns_hit[0] + 1


def chain(*steps: keras.Layer) -> Callable[[], keras.Model]:
    """Return a maker of the Sequential model of some layers."""
    return lambda: keras.Sequential([keras.Input((SIDE, SIDE, 3)), *steps])


def inception() -> keras.Model:
    """Branches of different strides and reaches, joined."""
    image = keras.Input((SIDE, SIDE, 3))
    one = layers.Conv2D(2, 1, strides=2, padding="same")(image)
    two = layers.Conv2D(2, 7, strides=2, padding="same")(image)
    three = layers.Conv2D(2, 3, padding="same")(layers.AveragePooling2D(2)(image))
    joined = layers.Concatenate()([one, two, three])
    return keras.Model(image, layers.Conv2D(2, 3)(joined))


CASES = {
    "one by one": (chain(layers.Conv2D(2, 1)), (1, 1)),
    "two of three": (chain(layers.Conv2D(2, 3), layers.Conv2D(2, 3)), (5, 5)),
    "oblong": (chain(layers.Conv2D(2, (1, 7)), layers.Conv2D(2, (5, 1), strides=(2, 1))), (5, 7)),
    "strides": (chain(layers.Conv2D(2, 3, strides=2), layers.Conv2D(2, 3, strides=2), layers.Conv2D(2, 3)), (15, 15)),
    "dilated": (chain(layers.Conv2D(2, 3, dilation_rate=4), layers.Conv2D(2, 3, dilation_rate=2)), (13, 13)),
    "average pooling": (chain(layers.Conv2D(2, 3), layers.AveragePooling2D(2), layers.Conv2D(2, 3)), (8, 8)),
    "maximum pooling": (chain(layers.MaxPooling2D(2), layers.Conv2D(2, 3)), (6, 6)),
    "overlapping pooling": (chain(layers.AveragePooling2D(3, 2, padding="same"), layers.Conv2D(2, 3)), (7, 7)),
    "padding and cropping": (
        chain(layers.ZeroPadding2D(3), layers.Conv2D(2, 7, strides=2), layers.Cropping2D(2), layers.Conv2D(2, 3)),
        (11, 11),
    ),
    "depthwise and separable": (
        chain(layers.DepthwiseConv2D(5), layers.SeparableConv2D(3, 3, strides=2), layers.Conv2D(2, 3)),
        (11, 11),
    ),
    "same padding": (
        chain(layers.Conv2D(2, 4, strides=2, padding="same"), layers.Conv2D(2, 3, padding="same")),
        (8, 8),
    ),
    "branches": (inception, (11, 11)),
}


@pytest.mark.parametrize("case", CASES)
def test_the_field_is_the_measured_one(case: str) -> None:
    network, expected = CASES[case]
    model = network()
    graph = flatten(model)
    assert receptive_fields(graph)[-1] == expected
    assert measured(model) == expected


def test_a_residual_connection_keeps_the_longest_path() -> None:
    fields = dict(
        zip((c.name for c in flatten(nets.branches()).calls), receptive_fields(flatten(nets.branches())), strict=True)
    )
    assert fields == {
        "stem": (3, 3),
        "left": (3, 3),
        "right": (7, 7),
        "joined": (7, 7),
        "added": (7, 7),
        "head": (9, 9),
    }


def test_upsampling_and_transposed_convolutions_see_what_any_of_their_units_sees_at_most() -> None:
    for step in (layers.UpSampling2D(2), layers.Conv2DTranspose(2, 3, strides=2, padding="same")):
        model = chain(layers.Conv2D(2, 3, strides=2, padding="same"), step, layers.Conv2D(2, 3, padding="same"))()
        (height, width), seen = receptive_fields(flatten(model))[-1] or (0, 0), measured(model)
        assert seen[0] <= height <= seen[0] + 3
        assert seen[1] <= width <= seen[1] + 3


def test_behind_a_global_pooling_a_unit_sees_everything() -> None:
    model = chain(
        layers.Conv2D(4, 3), layers.GlobalAveragePooling2D(keepdims=True), layers.Conv2D(2, 1, name="excite")
    )()
    assert receptive_fields(flatten(model))[-1] == (WHOLE_INPUT, WHOLE_INPUT)


def test_an_operation_that_is_not_known_is_not_guessed() -> None:
    model = chain(layers.Permute((2, 1, 3)), layers.Conv2D(2, 3))()
    assert receptive_fields(flatten(model)) == [None, None]


@pytest.mark.parametrize(
    ("name", "layer", "field"),
    [("VGG16", "block5_conv3", 196), ("ResNet50V2", "conv5_block3_3_conv", 483)],
)
def test_published_fields(name: str, layer: str, field: int) -> None:
    """Araujo, Norris and Sim, "Computing Receptive Fields", Distill, 2019: 212 and 483; VGG16's last pool adds 16."""
    graph = flatten(getattr(keras.applications, name)(weights=None, include_top=False, input_shape=(96, 96, 3)))
    fields = dict(zip((call.name for call in graph.calls), receptive_fields(graph), strict=True))
    assert fields[layer] == (field, field)
