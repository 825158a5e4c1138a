"""Expanded weights against impulses through a linearised copy, in which paths are told apart by how they grow.

In the copy each convolution's weights are multiplied by t: a path over d convolutions grows as t to the power of d. So
from the copy's results at several t follows what the paths of exactly d convolutions add, without following any.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from generator.analysis.expansion import reached
from generator.models.load import LoadedModel
from generator.render.expanded import FOLLOWED, ExpandedWeights
from tests.render.nets import assembled, layer_index, scrambled

SIDE = 32
SCALES = np.cos((np.arange(9) + 0.5) / 9 * np.pi) * 1.5


class Copy:
    """Builds a network, or its linearised copy: with a bump added to one activation, all kernels times a number."""

    def __init__(self, linear: bool = False, bumped: str = "", bump: np.ndarray | None = None) -> None:
        self.linear, self.bumped, self.bump = linear, bumped, bump
        self.image = keras.Input((SIDE, SIDE, 3))

    def act(self, x: Any, name: str, how: str | None = "relu") -> Any:
        """Apply an activation, or none in the copy, to what the convolution of a name gives."""
        if how and not self.linear:
            x = layers.Activation(how)(x)
        if self.bumped == name:
            assert self.bump is not None
            x = x + ops.convert_to_tensor(self.bump)
        return x

    def conv(self, x: Any, filters: int, kernel: int, name: str, **more: Any) -> Any:
        """Apply a convolution with its activation."""
        return self.act(layers.Conv2D(filters, kernel, padding="same", name=name, **more)(x), name)

    def pool(self, x: Any) -> Any:
        """Halve a map: by the maximum, in the copy by the mean."""
        return (layers.AveragePooling2D if self.linear else layers.MaxPooling2D)(2)(x)

    def model(self, end: Any) -> keras.Model:
        """Return the network."""
        return keras.Model(self.image, end)


def plain(net: Copy) -> Any:
    x = net.conv(net.image, 4, 3, "a")
    x = net.conv(x, 5, 3, "b", strides=2)
    x = net.pool(x)
    x = net.conv(x, 6, 1, "c", use_bias=False)
    return net.conv(x, 4, 3, "d")


def bottleneck(net: Copy) -> Any:
    """Residual blocks, normalised before their activations: a layer reads sums of all before it."""
    x = net.act(layers.Conv2D(4, 3, padding="same", name="stem")(net.image), "stem", None)
    for block in "ab":
        y = layers.BatchNormalization(name=f"{block}0")(x)
        y = y if net.linear else layers.ReLU()(y)
        y = net.act(
            layers.BatchNormalization(name=f"{block}1n")(layers.Conv2D(3, 1, name=f"{block}1")(y)), f"{block}1", "swish"
        )
        y = net.conv(y, 3, 3, f"{block}2")
        y = net.act(layers.Conv2D(4, 1, name=f"{block}3")(y), f"{block}3", None)
        x = layers.Add()([x, y])
    return net.conv(x, 5, 1, "end")


def inception(net: Copy) -> Any:
    """Branches of several kinds side by side, over padding and depthwise convolutions."""
    x = net.conv(net.image, 4, 3, "stem")
    one = net.conv(x, 3, 1, "one")
    two = net.act(layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, name="deep")(x), "deep", "tanh")
    two = net.act(layers.SeparableConv2D(3, 5, padding="same", name="apart")(two), "apart", "elu")
    three = net.conv(layers.ZeroPadding2D(1)(x)[:, 1:-1, 1:-1], 4, 3, "grouped", groups=2, dilation_rate=2)
    x = layers.Concatenate()([one, two, net.pool(layers.UpSampling2D()(three))])
    return net.conv(x, 4, 3, "end")


NETWORKS: dict[str, tuple[Callable[[Copy], Any], str, dict[int, set[str]]]] = {
    "plain": (plain, "d", {2: {"b"}, 3: {"a"}}),
    "plain, a convolution earlier": (plain, "c", {2: {"a"}}),
    "bottleneck": (bottleneck, "end", {2: {"a2", "b2"}, 3: {"a1", "b1"}}),
    "bottleneck, inside": (bottleneck, "b3", {2: {"b1"}, 3: {"stem", "a3"}}),
    "inception": (inception, "end", {2: {"stem", "deep"}}),
}


def scaled(source: keras.Model, copy: keras.Model, by: float) -> None:
    """Give the copy the network's weights, those of convolutions times a number."""
    for layer in filter(lambda layer: layer.weights, source.layers):
        for own, weight in zip(layer.weights, copy.get_layer(layer.name).weights, strict=True):
            assert own.shape == weight.shape
            kernel = len(own.shape) == 4 and not own.path.endswith("pointwise_kernel")
            weight.assign(own * by if kernel else own)


def by_impulses(build: Callable[[Copy], Any], network: keras.Model, target: str, source: str, channel: int) -> Any:
    """Return (powers, filters, height, width): what an activation adds to the middle, by the number of convolutions."""
    (height, width, filters), (rows, columns, channels) = (
        network.get_layer(name).output.shape[1:] for name in (target, source)
    )
    bumps = np.zeros((rows * columns, rows, columns, channels))
    places = np.arange(rows * columns)
    bumps[places, places // columns, places % columns, channel] = 1
    found = np.zeros((len(SCALES), filters, rows, columns))
    keras.config.set_dtype_policy("float64")
    try:
        for net, sign in ((Copy(True), -1), (Copy(True, source, bumps), 1)):
            copy = net.model(build(net))
            end = keras.Model(copy.input, after(copy, target))
            for place, scale in enumerate(SCALES):
                scaled(network, copy, scale)
                results = np.asarray(end(np.zeros((rows * columns, SIDE, SIDE, 3))))[:, height // 2, width // 2]
                found[place] += sign * results.T.reshape(filters, rows, columns)
    finally:
        keras.config.set_dtype_policy("float32")
    powers = np.linalg.inv(np.vander(SCALES, increasing=True)) @ found.reshape(len(SCALES), -1)
    return powers.reshape(found.shape)


def after(model: keras.Model, name: str) -> Any:
    """Return what follows the convolution of a name alone: its batch normalisation, else itself."""
    layer = model.get_layer(name)
    following = [node.operation for node in layer._outbound_nodes]
    if len(following) == 1 and isinstance(following[0], layers.BatchNormalization):
        return following[0].output
    return layer.output


def maps_of(model: LoadedModel, name: str, filters: list[int]) -> dict[int, dict[int, np.ndarray]]:
    layer = layer_index(model, name)
    wanted = reached(model.summary, model.summary.layers[layer - 1])
    parts = [part for _, part in ExpandedWeights(model, {}).of(layer, filters, wanted)]
    return {
        distance: {source: np.concatenate([part[distance][source] for part in parts]) for source in own}
        for distance, own in parts[0].items()
    }


@pytest.mark.parametrize("name", NETWORKS)
def test_kernels_are_what_impulses_through_a_linearised_copy_add(name: str) -> None:
    build, target, reached_ = NETWORKS[name]
    net = Copy()
    network = scrambled(net.model(build(net)))
    model = assembled(network)
    found = maps_of(model, target, [0, 2])
    titles = {layer.index: layer.title for layer in model.summary.layers}
    assert {distance: {titles[source] for source in own} for distance, own in found.items()} == reached_
    rng = np.random.default_rng(0)
    for distance, sources in found.items():
        for source, maps in sources.items():
            channel = int(rng.integers(maps.shape[-1]))
            expected = by_impulses(build, network, target, titles[source], channel)[distance][[0, 2]]
            assert maps.shape[1:3] == expected.shape[1:]
            assert np.abs(expected).max() > 1e-3
            np.testing.assert_allclose(maps[..., channel], expected, atol=1e-3 * np.abs(expected).max())


def test_channels_first_and_last_are_the_same() -> None:
    def build(order: str) -> LoadedModel:
        first = order == "channels_first"
        image = x = keras.Input((3, 24, 24) if first else (24, 24, 3))
        for place, strides in enumerate((1, 2, 1)):
            x = layers.Conv2D(4, 3, strides, "same", order, activation="relu", name=f"conv{place}")(x)
            x = layers.MaxPooling2D(2, 1, "same", order)(x)
        return assembled(scrambled(keras.Model(image, x)))

    first, last = (maps_of(build(f"channels_{order}"), "conv2", [1, 3]) for order in ("first", "last"))
    np.testing.assert_allclose(first[2][1], last[2][1], rtol=1e-5)
    assert last[2][1].shape[0] == 2
    assert last[2][1].shape[3] == 4


def test_a_kernel_that_does_not_fit_is_found_on_a_larger_picture() -> None:
    image = x = keras.Input((None, None, 3))
    for place in range(4):
        x = layers.Conv2D(2, 5, padding="same", dilation_rate=3, name=f"conv{place}")(x)
    maps = maps_of(assembled(scrambled(keras.Model(image, x))), "conv3", [0])[3][1]
    rows = np.flatnonzero(maps.any(axis=(0, 2, 3)))
    assert rows[-1] - rows[0] + 1 == 3 * 12 + 1
    assert rows[0] > 0
    assert rows[-1] < maps.shape[1] - 1


def test_at_most_so_many_layers_are_followed_the_strongest() -> None:
    image = keras.Input((16, 16, 3))
    stem = [layers.Conv2D(2, 1, name=f"stem{place}")(image) for place in range(FOLLOWED + 2)]
    branches = [layers.Conv2D(2, 1, name=f"branch{place}")(x) for place, x in enumerate(stem)]
    model = assembled(scrambled(keras.Model(image, layers.Conv2D(3, 1, name="end")(layers.Concatenate()(branches)))))
    loud = {layer_index(model, f"branch{place}"): np.full(2, float(place >= 2)) for place in range(FOLLOWED + 2)}
    end = layer_index(model, "end")
    ((_, found),) = ExpandedWeights(model, loud).of(end, [0], reached(model.summary, model.summary.layers[end - 1]))
    assert found[2].keys() == {layer_index(model, f"stem{place}") for place in range(2, FOLLOWED + 2)}


def gated(x: Any) -> Any:
    return x * layers.Conv2D(4, 1, activation="sigmoid", name="gate")(x)


def attention(x: Any) -> Any:
    return layers.Softmax(axis=-1)(x)


@pytest.mark.parametrize(
    "bend", [gated, layers.LayerNormalization(), layers.Lambda(lambda x: x * x), attention, layers.UnitNormalization()]
)
def test_nothing_is_given_for_what_is_not_linear_without_its_activations(bend: Callable[[Any], Any]) -> None:
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, padding="same", name="a")(image)
    x = layers.Conv2D(4, 3, padding="same", name="b", activation="relu")(x)
    end = layers.Conv2D(4, 3, padding="same", name="c")(bend(x))
    model = assembled(scrambled(keras.Model(image, end)))
    assert list(ExpandedWeights(model, {}).of(layer_index(model, "c"), [0], {2: {1}})) == [([0], {})]


def test_what_is_nearer_than_the_bend_is_given() -> None:
    image = keras.Input((16, 16, 3))
    x = layers.LayerNormalization()(layers.Conv2D(4, 3, name="a")(image))
    for name in "bcd":
        x = layers.Conv2D(4, 3, padding="same", name=name)(x)
    model = assembled(scrambled(keras.Model(image, x)))
    ((_, found),) = ExpandedWeights(model, {}).of(4, [0], {2: {2}, 3: {1}})
    assert found.keys() == {2}


def three(policy: str = "float32", head: bool = False) -> LoadedModel:
    keras.config.set_dtype_policy(policy)
    try:
        image = x = keras.Input((16, 16, 3))
        for name in "abc":
            x = layers.Conv2D(4, 3, padding="same", name=name, activation="relu")(x)
        x = layers.Dense(3, name="head")(layers.Flatten()(x)) if head else x
        return assembled(scrambled(keras.Model(image, x)))
    finally:
        keras.config.set_dtype_policy("float32")


def test_a_head_of_one_size_does_not_keep_convolutions_from_theirs() -> None:
    """The convolutions take any size, the Flatten and Dense after them one alone."""
    plain, headed = (maps_of(three(head=head), "c", [0, 3])[2][1] for head in (False, True))
    assert plain.shape == headed.shape
    assert (plain.any(axis=(0, 3)) == headed.any(axis=(0, 3))).all()
    assert plain.any(axis=(0, 3)).sum() == 25


def test_a_network_in_mixed_precision_has_kernels_too() -> None:
    full, mixed = (maps_of(three(policy), "c", [0, 3])[2][1] for policy in ("float32", "mixed_bfloat16"))
    np.testing.assert_allclose(mixed, full, atol=0.03 * np.abs(full).max())
