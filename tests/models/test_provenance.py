"""Provenance against interventions: one channel is changed, and the inputs that change are the ones that come from it.

The graph is run with the results of its convolutions given, so that nothing passes through one. In each picture of a
batch one filter of one convolution, or one channel of the picture, has other numbers than in the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from generator.models.describe import conv_positions, describe
from generator.models.flatten import flatten
from generator.models.graph import Graph
from generator.models.preprocess import named
from generator.models.summary import PICTURE_LAYER, ConvLayer
from tests.models import nets
from tests.models.architectures import ARCHITECTURES

Channel = tuple[int, int]
"""An input channel of a convolution, or a filter, by the layer's index."""


def changed_by(graph: Graph, side: tuple[int, int]) -> dict[Channel, set[Channel]]:
    """Return for each filter, and each channel of the picture, the input channels that change with it."""
    rng = np.random.default_rng(0)
    convolutions = conv_positions(graph)
    shapes = graph.shapes(*side, int(graph.picture[2] or 3))
    made = {PICTURE_LAYER: (graph.input, -1)}
    for index, position in enumerate(convolutions, start=1):
        made[index] = (graph.calls[position].outputs[0], 1 if graph.calls[position].channels_first else -1)
    sources = [
        (index, number)
        for index, (tensor, axis) in made.items()
        for number in range(shapes[tensor][0 if axis == 1 else -1])
    ]
    given: dict[int, Any] = {}
    for index, (tensor, axis) in made.items():
        numbers = np.repeat(rng.uniform(0.5, 1.5, (1, *shapes[tensor])), 1 + 2 * len(sources), axis=0)
        for row, (layer, number) in enumerate(sources):
            for picture, low in ((1 + 2 * row, 2.0), (2 + 2 * row, -3.0)):
                if layer == index:
                    np.moveaxis(numbers[picture], axis if axis < 0 else axis - 1, 0)[number] += low
        given[tensor] = ops.convert_to_tensor(numbers.astype(np.float32))
    values = {graph.input: given[graph.input]}
    found: dict[Channel, set[Channel]] = {source: set() for source in sources}
    for position, call in enumerate(graph.calls[: max(convolutions) + 1]):
        if position not in convolutions:
            call(values)
            continue
        taken = np.asarray(values[call.inputs[0]])
        taken = np.moveaxis(taken, 1 if call.channels_first else -1, 1)
        moved = np.abs(taken - taken[:1]).reshape(*taken.shape[:2], -1).max(axis=2) > 1e-4
        for row, source in enumerate(sources):
            both = moved[1 + 2 * row] | moved[2 + 2 * row]
            found[source] |= {(1 + convolutions.index(position), int(c)) for c in np.flatnonzero(both)}
        values[call.outputs[0]] = given[call.outputs[0]]
    return found


def claimed(found: tuple[ConvLayer, ...], sources: Iterable[Channel]) -> dict[Channel, set[Channel]]:
    """Return the same as the summary says it."""
    by_source: dict[Channel, set[Channel]] = {source: set() for source in sources}
    for layer in found:
        for channel, own in enumerate(layer.sources()):
            for source in own:
                by_source[source].add((layer.index, channel))
    return by_source


def looked_at(model: keras.Model) -> tuple[tuple[ConvLayer, ...], dict[Channel, set[Channel]]]:
    graph = flatten(model)
    summary = describe(model, graph, named("none", int(graph.picture[2] or 3)), "digest", [])
    side = (graph.picture[0] or 32, graph.picture[1] or 32)
    return summary.layers, changed_by(graph, side)


OTHERS: dict[str, Callable[[], keras.Model]] = {
    build.__name__: build
    for build in (nets.plain, nets.nested_twice, nets.shared, nets.branches, nets.residual, nets.kinds, nets.subclassed)
}


@pytest.mark.parametrize("name", [*ARCHITECTURES, *OTHERS])
def test_what_changes_an_input_channel_is_what_it_is_said_to_come_from(name: str) -> None:
    found, changed = looked_at({**ARCHITECTURES, **OTHERS}[name]())
    assert claimed(found, changed) == changed
    assert [layer.provenance for layer in found] == [1.0] * len(found)


@pytest.mark.parametrize("data_format", ["channels_first", "channels_last"])
def test_either_order_of_axes(data_format: str) -> None:
    found, changed = looked_at(nets.either_format(data_format))
    assert claimed(found, changed) == changed


def through(make: Callable[[Any], Any]) -> keras.Model:
    """Return two convolutions, and a third behind what a function makes of their results."""
    image = keras.Input((16, 16, 3))
    first = layers.Conv2D(4, 3, padding="same", activation="relu", name="first")(image)
    second = layers.Conv2D(4, 3, padding="same", name="second")(image)
    return keras.Model(image, layers.Conv2D(2, 3, padding="same", name="end")(make([first, second])))


def shuffled(x: Any) -> Any:
    """Shuffle the channels of two groups, as ShuffleNet does."""
    return layers.Reshape((16, 16, 4))(layers.Permute((1, 2, 4, 3))(layers.Reshape((16, 16, 2, 2))(x)))


def squeezed(x: Any) -> Any:
    return layers.GlobalAveragePooling2D(keepdims=True)(x)


@pytest.mark.parametrize(
    "make",
    [
        lambda x: layers.Concatenate()([x[0], x[1], x[0]]),
        lambda x: layers.Concatenate(axis=1)([x[0], x[0]]),
        lambda x: layers.Add()([x[0], x[1]]),
        lambda x: layers.Subtract()([x[0], x[1]]),
        lambda x: layers.Maximum()([x[0], x[1]]),
        lambda x: x[0] * layers.Activation("sigmoid")(squeezed(x[1])),
        lambda x: x[0] * x[1][..., :1],
        lambda x: shuffled(x[0]),
        lambda x: ops.split(x[0], 2, axis=-1)[1],
        lambda x: x[0][..., ::-1],
        lambda x: x[0][:, 2:, 3:, 1:3],
        lambda x: ops.pad(x[0], ((0, 0), (1, 1), (0, 0), (1, 2))),
        lambda x: layers.Lambda(lambda y: tf.nn.space_to_depth(y, 2), output_shape=(8, 8, 16))(x[0]),
        lambda x: layers.Lambda(lambda y: tf.nn.depth_to_space(y, 2), output_shape=(32, 32, 1))(x[0]),
        lambda x: layers.Reshape((16, 16, 4))(layers.Flatten()(layers.Permute((3, 1, 2))(x[0]))),
        lambda x: layers.Resizing(24, 24)(x[0]),
        lambda x: layers.UpSampling2D(2, interpolation="bilinear")(x[0]),
        lambda x: layers.Cropping2D(2)(layers.ZeroPadding2D(((3, 1), (0, 2)))(x[0])),
        lambda x: layers.PReLU()(layers.BatchNormalization()(x[0])),
        lambda x: layers.Permute((2, 1, 3))(x[0]),
        lambda x: layers.AveragePooling2D(2)(layers.SpatialDropout2D(0.5)(x[0])),
        lambda x: layers.GaussianNoise(1.0)(layers.Rescaling(2.0)(x[0])),
        lambda x: ops.relu(x[0] + 1.0) * 2.0,
        lambda x: layers.Lambda(lambda y: 2 * y + tf.tanh(y))(x[0]),
        lambda x: layers.Lambda(lambda y: y[0] + 0.3 * y[1])([x[0], x[1]]),
        lambda x: ops.concatenate(
            [ops.mean(x[0], axis=(1, 2), keepdims=True), ops.max(x[1], (1, 2), keepdims=True)], axis=-1
        ),
    ],
)
def test_what_moves_joins_or_scales_channels_is_followed(make: Callable[[Any], Any]) -> None:
    found, changed = looked_at(through(make))
    assert claimed(found, changed) == changed
    assert all(run.known for run in found[-1].inputs if run.first)


@pytest.mark.parametrize(
    "make",
    [
        lambda x: layers.LayerNormalization()(x[0]),
        lambda x: layers.GroupNormalization(2)(x[0]),
        lambda x: layers.Dense(4)(x[0]),
        lambda x: layers.Softmax()(x[0]),
        lambda x: layers.Concatenate()([x[0], layers.Dense(4)(x[1])]),
        lambda x: ops.max(x[0], axis=-1, keepdims=True),
        lambda x: ops.mean(x[0], axis=-1, keepdims=True),
        lambda x: ops.sort(x[0], axis=-1),
        lambda x: layers.Lambda(lambda y: y * tf.reduce_mean(y, -1, keepdims=True))(x[0]),
        lambda x: x[0] + layers.Reshape((1, 1, 4))(layers.Dense(4)(layers.GlobalMaxPooling2D()(x[1]))),
    ],
)
def test_of_what_mixes_channels_nothing_wrong_is_claimed(make: Callable[[Any], Any]) -> None:
    found, changed = looked_at(through(make))
    said = claimed(found, changed)
    assert all(said[source] <= changed[source] for source in changed)
    assert found[-1].provenance < 1
    assert found[0].provenance == 1.0
