"""Receptive fields against measured ones: which input pixels a unit's gradient reaches in a linearised copy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from generator.models.flatten import flatten
from generator.models.receptive_field import receptive_fields
from generator.models.summary import WHOLE_INPUT
from tests.models import nets
from tests.models.architectures import ARCHITECTURES, SIDE, chain

UNITS = 16
"""So many neighbouring units in the middle are looked at: what they see repeats at the latest after as many."""

AVERAGED = {
    "MaxPooling2D": layers.AveragePooling2D,
    "GlobalMaxPooling2D": layers.GlobalAveragePooling2D,
}


def linear(layer: keras.Layer) -> keras.Layer:
    """Return a copy of a layer without activation, that averages where the layer takes a maximum."""
    config = layer.get_config()
    if isinstance(layer, keras.Model):
        return keras.models.clone_model(layer, clone_function=linear)
    if isinstance(layer, layers.ReLU):
        return layers.Activation("linear", name=layer.name)
    if "activation" in config and config["activation"] == "relu":
        config["activation"] = "linear"
    return AVERAGED.get(type(layer).__name__, type(layer)).from_config(config)


def measured(model: keras.Model) -> dict[str, tuple[int, int]]:
    """Return how many rows and columns of the input the gradient of a unit reaches, for each convolution by its name.

    Of the units of a few rows and columns around the middle, the one that reaches most counts. All weights are
    positive, so that no two paths cancel. The model's own output is there as ``output``.
    """
    copy = keras.models.clone_model(model, clone_function=linear)
    for weight in copy.weights:
        weight.assign(np.full(weight.shape, 0.1))
    convolutions = [la for la in copy.layers if hasattr(la, "kernel_size") and len(la._inbound_nodes) == 1]
    outputs = {la.name: la.output for la in convolutions} | {"output": copy.outputs[0]}
    tapped = keras.Model(copy.inputs, outputs)

    @tf.function  # type: ignore[untyped-decorator]  # eagerly, TensorFlow 2.21 also asks for the kernels' gradients, and crashes at 1x1 with a stride
    def gradients(images: tf.Tensor) -> dict[str, tf.Tensor]:
        by_name = {}
        for name, output in tapped(images).items():
            rows, columns = (min(max(size // 2 - UNITS // 2, 0), size - 1) for size in output.shape[1:3])
            places = [
                (i, min(rows + i, output.shape[1] - 1), min(columns + i, output.shape[2] - 1)) for i in range(UNITS)
            ]
            by_name[name] = tf.gradients(tf.gather_nd(output, places), images)[0]
        return by_name

    images = tf.ones((UNITS, *model.inputs[0].shape[1:]))
    return {name: extent(np.asarray(gradient)) for name, gradient in gradients(images).items()}


def extent(gradients: np.ndarray) -> tuple[int, int]:
    """Return the largest number of rows, and of columns, between the first and the last that is not zero."""
    reached = np.abs(gradients).sum(-1) > 0
    spans = [[np.ptp(np.flatnonzero(unit.any(axis))) + 1 for unit in reached if unit.any()] for axis in (1, 0)]
    return int(max(spans[0])), int(max(spans[1]))


def computed(model: keras.Model) -> dict[str, tuple[int, int] | None]:
    """Return the receptive fields that the package computes for the same layers."""
    graph = flatten(model)
    fields = receptive_fields(graph)
    by_tensor = {tensor: field for call, field in zip(graph.calls, fields, strict=True) for tensor in call.outputs}
    named = {call.name: field for call, field in zip(graph.calls, fields, strict=True)}
    return {**named, "output": by_tensor[graph.outputs[0]]}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_field_of_every_convolution_is_the_measured_one(name: str) -> None:
    model = ARCHITECTURES[name]()
    whole = tuple(model.inputs[0].shape[1:3])
    fields, seen = computed(model), measured(model)
    in_pixels = {layer: whole if fields[layer] == (WHOLE_INPUT, WHOLE_INPUT) else fields[layer] for layer in seen}
    assert in_pixels == seen
    assert any(field != whole for field in seen.values()), "the network is too small to tell"


def last_field(*steps: keras.Layer) -> tuple[int, int] | None:
    """Return the receptive field of the last of a few layers."""
    return receptive_fields(flatten(chain(*steps)))[-1]


def test_worked_by_hand() -> None:
    conv = layers.Conv2D
    assert last_field(conv(2, 3), conv(2, 3)) == (5, 5)
    assert last_field(conv(2, (1, 7)), conv(2, (5, 1), strides=(2, 1))) == (5, 7)
    assert last_field(conv(2, 3, strides=2), conv(2, 3, strides=2), conv(2, 3)) == (15, 15)
    assert last_field(conv(2, 3, dilation_rate=4), conv(2, 3, dilation_rate=2)) == (13, 13)
    assert last_field(layers.UpSampling2D(2), conv(2, 3)) == (2, 2)
    assert last_field(layers.UpSampling2D(2, interpolation="bilinear")) == (2, 2)
    assert last_field(layers.Conv2DTranspose(2, 2, strides=2)) == (1, 1)


def test_a_residual_connection_keeps_the_longest_path() -> None:
    assert computed(nets.branches()) == {
        "stem": (3, 3),
        "left": (3, 3),
        "right": (7, 7),
        "joined": (7, 7),
        "added": (7, 7),
        "head": (9, 9),
        "output": (9, 9),
    }


def through(make: Callable[[object], object]) -> tuple[int, int] | None:
    """Return the field of a 3x3 convolution behind what a function makes of a 3x3 convolution's result."""
    image = keras.Input((SIDE, SIDE, 3))
    changed = make(layers.Conv2D(4, 3, padding="same")(image))
    return receptive_fields(flatten(keras.Model(image, layers.Conv2D(2, 3, padding="same", name="end")(changed))))[-1]


class Moved(layers.Conv2D):
    """A convolution that does more than its class says."""

    def call(self, inputs: Any) -> Any:
        """Convolve the picture and what lies ten rows above."""
        return super().call(ops.concatenate([inputs[:, 10:], inputs[:, :10]], axis=1))


WHOLE = (WHOLE_INPUT, WHOLE_INPUT)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda x: x * layers.GlobalMaxPooling2D(keepdims=True)(x), WHOLE),
        (lambda x: x * ops.mean(x, axis=(1, 2), keepdims=True), WHOLE),
        (lambda x: x - ops.max(x), None),  # over the batch as well
        (lambda x: x * layers.Dense(4)(layers.Reshape((1, 1, 4))(layers.GlobalAveragePooling2D()(x))), WHOLE),
        (lambda x: layers.Reshape((8, 8, 1))(layers.Dense(64)(layers.Flatten()(x))), WHOLE),
        (lambda x: layers.GroupNormalization(2)(x), WHOLE),
        (lambda x: layers.LayerNormalization(axis=(1, 2, 3))(x), WHOLE),
        (lambda x: layers.LayerNormalization()(x), (5, 5)),
        (lambda x: layers.Activation("softmax")(x), (5, 5)),
        (lambda x: x * ops.mean(x, axis=-1, keepdims=True), (5, 5)),
        (lambda x: x * ops.mean(x, axis=1, keepdims=True), None),
        (lambda x: layers.Softmax(axis=1)(x), None),
        (lambda x: x + ops.ones((4,)), (5, 5)),
        (lambda x: x + ops.ones((1, 1, 4)), (5, 5)),
        (lambda x: layers.Dense(3, activation="relu")(x), (5, 5)),
        (lambda x: layers.Permute((2, 1, 3))(x), (5, 5)),
        (lambda x: layers.Permute((3, 2, 1))(x), None),
        (lambda x: layers.Concatenate(axis=1)([x, x]), None),
        (lambda x: layers.Add()([x, layers.Permute((2, 1, 3))(x)]), None),
        (lambda x: layers.Add()([x, layers.ZeroPadding2D(((0, SIDE // 2), (0, 0)))(x[:, ::2])]), None),
        (lambda x: x + layers.AveragePooling2D(SIDE)(x), None),
        (lambda x: layers.Reshape((SIDE // 2, SIDE * 2, 4))(x), None),
        (lambda x: layers.Reshape((SIDE, SIDE, 2, 2))(x)[:, :, :, :, 0], None),
        (lambda x: layers.Resizing(SIDE // 2, SIDE // 2)(x), None),
        (lambda x: ops.image.resize(x, (SIDE * 2, SIDE * 2)), None),
        (lambda x: ops.flip(x, axis=1), None),
        (lambda x: layers.Lambda(lambda y: y)(x), None),
        (lambda x: Moved(4, 3)(x), None),
        (lambda x: x[:, 3:-2, 1:], (5, 5)),
        (lambda x: x[:, -9:], None),
        (lambda x: ops.pad(x, ((0, 0), (2, 0), (0, 2), (0, 0))), (5, 5)),
        (lambda x: ops.split(x, 2, axis=-1)[1], (5, 5)),
        (lambda x: ops.split(x, 2, axis=1)[1], None),
        (lambda x: ops.max_pool(x, 2), (8, 8)),
    ],
)
def test_what_mixes_places_is_followed_or_not_guessed(
    make: Callable[[object], object], field: tuple[int, int] | None
) -> None:
    assert through(make) == field


def test_inputs_of_zeros_see_nothing_and_spoil_no_join() -> None:
    image, other = keras.Input((SIDE, SIDE, 3)), keras.Input((SIDE, SIDE, 1))
    blank = layers.Conv2D(3, 5, padding="same", name="blank")(other)
    joined = layers.Concatenate()([layers.Conv2D(3, 3, padding="same")(image), blank])
    fields = computed(keras.Model([image, other], layers.Conv2D(2, 3, name="end")(joined)))
    assert fields["blank"] == (0, 0)
    assert fields["end"] == (5, 5)


def test_the_offset_of_padding_same_follows_the_size_of_the_picture() -> None:
    """At an even size the window of 3 with a stride of 2 starts at the unit's place, at an odd one before it."""
    for side, field in ((64, (4, 4)), (63, (3, 3))):
        image = keras.Input((side, side, 3))
        padded = layers.ZeroPadding2D(((1, side % 2), (1, side % 2)))(image)
        padded = layers.Conv2D(2, 3, strides=2)(padded)
        same = layers.Conv2D(2, 3, strides=2, padding="same")(image)
        model = keras.Model(image, layers.Conv2D(2, 1, name="end")(layers.Add()([padded, same])))
        assert computed(model)["end"] == measured(model)["end"] == field


@pytest.mark.parametrize(
    ("name", "layer", "field"),
    [("VGG16", "block5_conv3", 196), ("ResNet50V2", "conv5_block3_3_conv", 483)],
)
def test_published_fields(name: str, layer: str, field: int) -> None:
    """Araujo, Norris and Sim, "Computing Receptive Fields", Distill, 2019: 212 and 483; VGG16's last pool adds 16."""
    graph = flatten(getattr(keras.applications, name)(weights=None, include_top=False, input_shape=(96, 96, 3)))
    fields = dict(zip((call.name for call in graph.calls), receptive_fields(graph), strict=True))
    assert fields[layer] == (field, field)


def test_the_layers_of_convnext_are_known() -> None:
    """By hand: a stem of 4 by 4, then 3, 3, 9 and 3 kernels of 7, strides of 2 before all stages but the first."""
    model = keras.applications.ConvNeXtTiny(weights=None, include_top=False, input_shape=(64, 64, 3))
    field, jump = 4, 4
    for stage, blocks in enumerate((3, 3, 9, 3)):
        if stage:
            field, jump = field + jump, jump * 2
        field += 6 * jump * blocks
    assert receptive_fields(flatten(model))[-1] == (field, field)
