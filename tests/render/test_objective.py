"""Objectives against numpy, on networks whose best input is known, and on layers that are inactive at the start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from generator.config.values import ObjectiveSpec, RenderSettings
from generator.models.load import LoadedModel
from generator.render import objective
from generator.render.backend import value_and_gradient
from generator.render.network import Network
from generator.render.objective import LayerActivation
from generator.render.optimize import scores
from generator.render.target import TargetLayer

rng = np.random.default_rng(0)
Z = rng.normal(size=(3, 6, 8, 4)).astype(np.float32)
WEIGHTS = rng.normal(size=(3, 4)).astype(np.float32)
OWN = np.eye(4, dtype=np.float32)[[2, 0, 3]]


def tensor(values: Any) -> Any:
    return keras.ops.convert_to_tensor(np.asarray(values, np.float32))


def by_hand(z: np.ndarray, activation: np.ndarray) -> np.ndarray:
    """Return one channel's leaky objective (height, width): active places as they are, the others with a small leak."""
    size = np.abs(z).mean()
    return np.where(z > 0, activation, objective.SLOPE * size * (np.exp(np.minimum(z, 0) / size) - 1))


def relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0)


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


# ----------------------------------------------------------------------------------------------- against numpy


@pytest.mark.parametrize(
    ("kind", "weights", "expected"),
    [
        ("channel", OWN, lambda a: [a[0, ..., 2].mean(), a[1, ..., 0].mean(), a[2, ..., 3].mean()]),
        ("neuron", OWN, lambda a: [a[0, 3, 4, 2], a[1, 3, 4, 0], a[2, 3, 4, 3]]),
        ("direction", WEIGHTS, lambda a: [(a[i] @ WEIGHTS[i]).mean() for i in range(3)]),
    ],
)
def test_a_response_is_the_activation(kind: str, weights: np.ndarray, expected: Callable[[Any], Any]) -> None:
    actual = objective.OBJECTIVES[kind].score(LayerActivation(tensor(Z), keras.ops.relu), tensor(weights))
    np.testing.assert_allclose(np.asarray(actual), expected(relu(Z)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("by_element", [True, False])
@pytest.mark.parametrize(("activate", "plain"), [(keras.ops.relu, relu), (keras.ops.sigmoid, sigmoid)])
def test_the_leaky_response_is_maximised(activate: Any, plain: Any, by_element: bool) -> None:
    """An activation counts from where it stands at zero; the rest of the rim is cut off."""
    layer = LayerActivation(tensor(Z), activate, by_element)
    own = [Z[0, ..., 2], Z[1, ..., 0], Z[2, ..., 3]]
    cut = [z[1:5, 2:6] for z in own]  # the middle two thirds of 6 rows, the middle half of 8 columns
    expected = [by_hand(z, plain(z) - plain(0.0)).mean() for z in cut]
    actual = objective.OBJECTIVES["channel"].objective_value(layer, tensor(OWN), (2 / 3, 1 / 2))
    np.testing.assert_allclose(np.asarray(actual), expected, rtol=1e-5, atol=1e-6)
    expected = [by_hand(z, plain(z) - plain(0.0))[3, 4] for z in own]
    actual = objective.OBJECTIVES["neuron"].objective_value(layer, tensor(OWN), (2 / 3, 1 / 2))
    np.testing.assert_allclose(np.asarray(actual), expected, rtol=1e-5, atol=1e-6)
    expected = [
        sum(
            w * by_hand(z, plain(z) - plain(0.0)).mean()
            for w, z in zip(weights, np.moveaxis(picture, -1, 0), strict=True)
        )
        for weights, picture in zip(WEIGHTS, Z[:, 1:5, 2:6], strict=True)
    ]
    actual = objective.OBJECTIVES["direction"].objective_value(layer, tensor(WEIGHTS), (2 / 3, 1 / 2))
    np.testing.assert_allclose(np.asarray(actual), expected, rtol=1e-4, atol=1e-6)


def test_active_places_count_and_inactive_ones_leak() -> None:
    pre_activation = tensor([[[-3.0, -1.0, 0.0, 2.0]]])
    values, gradient = value_and_gradient(
        lambda z: keras.ops.sum(objective.leaky_objective(z, keras.ops.relu(z)), axis=(1, 2)), pre_activation
    )
    size = (3 + 1 + 0 + 2) / 4
    leak = [objective.SLOPE * size * (np.exp(z / size) - 1) for z in (-3.0, -1.0)]
    np.testing.assert_allclose(np.asarray(values), [sum(leak) + 2], rtol=1e-5)
    slopes = [objective.SLOPE * np.exp(z / size) for z in (-3.0, -1.0, 0.0)]
    np.testing.assert_allclose(np.asarray(gradient)[0, 0], [*slopes, 1.0], rtol=1e-5)


@pytest.mark.parametrize("value", [0.0, -1e-30, -1e30])
def test_however_inactive_the_gradient_stays_positive(value: float) -> None:
    values, gradient = value_and_gradient(
        lambda z: keras.ops.mean(objective.leaky_objective(z, keras.ops.relu(z)), axis=(1, 2)),
        tensor(np.full((1, 2, 2), value)),
    )
    assert np.isfinite(np.asarray(values)).all()
    assert (np.asarray(gradient) > 0).all()


def test_the_opposite_is_what_drives_below_zero() -> None:
    opposite = objective.negated(LayerActivation(tensor(Z), keras.ops.tanh))
    np.testing.assert_allclose(np.asarray(opposite.pre_activation), -Z)
    np.testing.assert_allclose(np.asarray(opposite.activation()), relu(-Z))


@pytest.mark.parametrize(
    ("side", "part", "first", "count"),
    [
        (10, 1.0, 0, 10),
        (10, 0.8, 1, 8),
        (8, 0.5, 2, 4),
        (7, 0.5, 2, 3),
        (3, 0.1, 1, 1),
        (2, 0.01, 0, 2),
        (1, 0.5, 0, 1),
    ],
)
def test_the_middle(side: int, part: float, first: int, count: int) -> None:
    rows = np.arange(side, dtype=np.float32).reshape(1, side, 1)
    expected = np.arange(first, first + count)
    np.testing.assert_array_equal(np.asarray(objective.central_crop(rows, (part, 1.0))).ravel(), expected)
    columns = rows.reshape(1, 1, side, 1)
    np.testing.assert_array_equal(np.asarray(objective.central_crop(columns, (1.0, part))).ravel(), expected)


@pytest.mark.parametrize(("height", "width", "at"), [(5, 5, (2, 2)), (4, 7, (2, 3)), (1, 2, (0, 1))])
def test_the_unit_in_the_middle(height: int, width: int, at: tuple[int, int]) -> None:
    values = np.arange(2 * height * width, dtype=np.float32).reshape(2, height, width)
    np.testing.assert_array_equal(np.asarray(objective.centre_unit(values)), values[:, at[0], at[1]])


@pytest.mark.parametrize(
    ("settings", "filters", "computed_channels", "expected"),
    [
        (ObjectiveSpec(), (2, 0), (0, 1, 2), [[0, 0, 1], [1, 0, 0]]),
        (ObjectiveSpec("neuron"), (7, 7, 3), (3, 7), [[0, 1], [0, 1], [1, 0]]),
        (ObjectiveSpec("direction", ((1, 0.5), (2, -2.0))), (1,), (0, 1, 2), [[0, 0.5, -2]]),
        (ObjectiveSpec("direction", ((5, 0.5), (2, -2.0))), (5, 2), (5, 2), [[0.5, -2], [0.5, -2]]),
    ],
)
def test_channel_weights(settings: ObjectiveSpec, filters: Any, computed_channels: Any, expected: Any) -> None:
    np.testing.assert_array_equal(objective.channel_weights(settings, filters, computed_channels), expected)


def cosines_by_hand(activation: np.ndarray, group: int) -> list[float]:
    flat = [picture.reshape(-1, picture.shape[-1]) for picture in activation]
    grams = [np.sum([np.outer(place, place) for place in places], axis=0) for places in flat]
    means = []
    for i, gram in enumerate(grams):
        first = i // group * group
        others = [grams[j] for j in range(first, first + group) if j != i]
        cosines = [(gram * o).sum() / np.sqrt((gram * gram).sum() * (o * o).sum()) for o in others]
        means.append(float(np.mean(cosines)))
    return means


@pytest.mark.parametrize("group", [2, 3, 6])
def test_similarity_is_the_mean_cosine_of_gram_matrices(group: int) -> None:
    activation = np.abs(np.random.default_rng(1).normal(size=(6, 3, 5, 4))).astype(np.float32)
    actual = objective.similarity(tensor(activation), group)
    np.testing.assert_allclose(np.asarray(actual), cosines_by_hand(activation, group), rtol=1e-5)


def test_similarity_of_the_same_and_of_nothing_in_common() -> None:
    first, other = np.zeros((2, 2, 3)), np.zeros((2, 2, 3))
    first[..., 0], other[..., 1] = 1.0, 2.0
    moved = np.roll(first * [[[1.0], [3.0]], [[0.0], [0.0]]], 1, axis=0)
    actual = objective.similarity(tensor([first, moved, first, other]), 2)
    np.testing.assert_allclose(np.asarray(actual), [1, 1, 0, 0], atol=1e-6)


@pytest.mark.parametrize("activate", [keras.ops.relu, keras.ops.hard_silu, keras.activations.linear])
def test_pictures_without_activations_can_be_made_different(activate: Any) -> None:
    below = 0.0 if activate is keras.activations.linear else -4.0
    z = tensor(np.concatenate([np.full((1, 2, 2, 3), below), np.ones((1, 2, 2, 3))]))
    values, gradient = value_and_gradient(lambda at: objective.similarity(activate(at), 2), z)
    np.testing.assert_allclose(np.asarray(values), 0, atol=1e-6)
    assert np.isfinite(np.asarray(gradient)).all()


# ------------------------------------------------------------------------------------------- read in a network


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, lambda a, z: [a[0, ..., 1].mean(), a[1, ..., 4].mean()]),
        ({"objective": ObjectiveSpec("neuron")}, lambda a, z: [a[0, 4, 4, 1], a[1, 4, 4, 4]]),
        (
            {"objective": ObjectiveSpec("direction", ((0, 1.0), (3, -0.5)))},
            lambda a, z: list((a[..., 0] - 0.5 * a[..., 3]).mean((1, 2))),
        ),
        ({"sign": "negative"}, lambda a, z: [relu(-z[0, ..., 1]).mean(), relu(-z[1, ..., 4]).mean()]),
    ],
)
def test_the_response_is_read_after_what_alone_follows(
    two_layers: LoadedModel, settings: dict[str, Any], expected: Callable[[Any, Any], Any]
) -> None:
    images = np.random.default_rng(0).random((2, 16, 16, 3)).astype(np.float32) * 255
    model = two_layers.keras_model
    z = np.asarray(keras.Model(model.input, model.get_layer("second_bn").output)(images))
    actual = scores(two_layers, 2, (1, 4), images, RenderSettings(**settings))
    np.testing.assert_allclose(actual, expected(np.asarray(model(images)), z), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("sign", ["positive", "negative"])
def test_the_reference_reads_the_layers_own_output(two_layers: LoadedModel, sign: str) -> None:
    images = np.random.default_rng(0).random((1, 16, 16, 3)).astype(np.float32)
    model = two_layers.keras_model
    expected = np.asarray(keras.Model(model.input, model.get_layer("second").output)(images))[0, ..., 3].mean()
    target = TargetLayer(Network(two_layers), 2, RenderSettings(method="pixel", sign=sign))
    channels = target.channels((3,))
    actual = target.output(tensor(images), channels.computed_channels, tensor(channels.weights))
    np.testing.assert_allclose(np.asarray(actual), [expected if sign == "positive" else -expected], rtol=1e-4)
