"""Filters that give no finite numbers are told from the others of their layer."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from generator.config.values import ModelEntry, RenderSettings
from generator.models.load import LoadedModel, loaded
from generator.render.finite import NotFinite, finite_weights, not_finite
from generator.render.network import Network
from generator.render.optimize import Optimizer

NAN, INFINITY = np.nan, np.inf
SIZE = (12, 12)


def network() -> keras.Model:
    """Every kind of convolution over pictures, one behind the other."""
    keras.utils.set_random_seed(4)
    return keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, padding="same", activation="relu", name="conv"),
            layers.DepthwiseConv2D(3, padding="same", name="depthwise"),
            layers.SeparableConv2D(4, 3, padding="same", name="separable"),
            layers.Conv2D(4, 3, padding="same", groups=2, name="grouped"),
            layers.BatchNormalization(name="norm"),
            layers.PReLU(shared_axes=[1, 2], name="slopes"),
            layers.Conv2DTranspose(4, 3, padding="same", name="transposed"),
        ]
    )


def spoiled(layer: str, variable: int, place: Any, value: float) -> LoadedModel:
    """Return the network with another value at a place of one of a layer's weights."""
    model = network()
    weights = model.get_layer(layer).get_weights()
    weights[variable][place] = value
    model.get_layer(layer).set_weights(weights)
    return loaded(ModelEntry("net", "net", "file", "net.keras"), model)


CONV, DEPTHWISE, SEPARABLE, GROUPED, TRANSPOSED = range(1, 6)
ALL = frozenset(range(4))


@pytest.mark.case("one-nan")
@pytest.mark.parametrize(
    ("layer", "variable", "place", "by_weights", "by_activations"),
    [
        ("conv", 0, (0, 0, 0, 2), {CONV: {2}}, {CONV: {2}, DEPTHWISE: {2}, SEPARABLE: ALL, TRANSPOSED: ALL}),
        ("conv", 1, (1,), {CONV: {1}}, {CONV: {1}, DEPTHWISE: {1}, SEPARABLE: ALL, TRANSPOSED: ALL}),
        ("depthwise", 0, (1, 1, 3, 0), {DEPTHWISE: {3}}, {DEPTHWISE: {3}, SEPARABLE: ALL}),
        ("separable", 1, (0, 0, 0, 1), {SEPARABLE: {1}}, {SEPARABLE: {1}, GROUPED: {0, 1}, TRANSPOSED: ALL}),
        ("separable", 0, (0, 0, 0, 0), {SEPARABLE: ALL}, {SEPARABLE: ALL}),
        ("grouped", 0, (0, 0, 0, 3), {GROUPED: {3}}, {GROUPED: {3}, TRANSPOSED: ALL}),
        ("norm", 3, (2,), {GROUPED: {2}}, {GROUPED: {2}, TRANSPOSED: ALL}),
        ("slopes", 0, (0, 0, 1), {GROUPED: set()}, {GROUPED: {1}, TRANSPOSED: ALL}),
        ("transposed", 0, (0, 0, 0, 1), {TRANSPOSED: {0}}, {TRANSPOSED: {0}}),
    ],
)
@pytest.mark.parametrize("value", [NAN, INFINITY])
def test_which_filters_give_no_finite_numbers(
    layer: str,
    variable: int,
    place: tuple[int, ...],
    by_weights: dict[int, set[int]],
    by_activations: dict[int, set[int]],
    value: float,
) -> None:
    found = not_finite(spoiled(layer, variable, place, value), range(1, 6), SIZE)
    for index, expected in by_weights.items():
        assert found[index].weights == expected
    if value is NAN:  # infinity may be normalised away, or cut off by an activation
        for index, expected in by_activations.items():
            assert found[index].activations == expected


def test_a_sound_network_has_none() -> None:
    model = loaded(ModelEntry("net", "net", "file", "net.keras"), network())
    assert not_finite(model, range(1, 6), SIZE) == dict.fromkeys(range(1, 6), NotFinite())


def test_a_network_that_cannot_be_computed_is_left_to_fail_later(monkeypatch: pytest.MonkeyPatch) -> None:
    model = spoiled("conv", 0, (0, 0, 0, 2), NAN)
    monkeypatch.setattr(layers.SeparableConv2D, "call", lambda self, x: 1 / 0)
    assert not_finite(model, [CONV, SEPARABLE], SIZE)[CONV] == NotFinite(frozenset({2}), frozenset())


@pytest.mark.case("one-nan")
@pytest.mark.parametrize(
    ("layer", "index", "spoiled_at", "filters"),
    [
        ("conv", CONV, (0, 0, 0, 2), (0, 1, 3)),
        ("conv", DEPTHWISE, (0, 0, 0, 2), (0, 1, 3)),
        ("grouped", GROUPED, (0, 0, 0, 2), (0, 1, 3)),
        ("transposed", TRANSPOSED, (0, 0, 2, 1), (0, 1, 3)),
    ],
)
def test_the_others_get_the_pictures_of_a_sound_network(
    layer: str, index: int, spoiled_at: tuple[int, ...], filters: tuple[int, ...]
) -> None:
    settings = RenderSettings(size=12, steps=3, margin=0)
    sound = loaded(ModelEntry("net", "net", "file", "net.keras"), network())
    expected = Optimizer(sound, index, settings).run(filters)
    model = spoiled(layer, 0, spoiled_at, NAN)
    assert not np.isfinite(Optimizer(model, index, settings).run(filters).pictures).all()  # this is why
    with finite_weights(model):
        actual = Optimizer(model, index, settings, Network(model)).run(filters)
    np.testing.assert_array_equal(actual.pictures, expected.pictures)
    np.testing.assert_array_equal(actual.trace, expected.trace)


@pytest.mark.parametrize("value", [NAN, INFINITY, 1e36])
def test_weights_are_zero_while_the_block_runs_and_as_before_after_it(value: float) -> None:
    model = spoiled("conv", 0, (0, 0, 0, 2), value)
    kernel = model.keras_model.get_layer("conv").kernel
    before = np.asarray(kernel).copy()
    with finite_weights(model):
        inside = np.asarray(kernel).copy()
    assert inside[0, 0, 0, 2] == 0
    inside[0, 0, 0, 2] = value
    np.testing.assert_array_equal(inside, before)
    np.testing.assert_array_equal(np.asarray(kernel), before)
