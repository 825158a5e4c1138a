"""What filters say to answers, against filters that are scaled a little, and against weights where that is exact."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
from keras import layers, ops

from generator.models.activation_point import activation_point
from generator.models.describe import conv_positions
from generator.models.load import LoadedModel
from generator.render.effects import Effects
from tests.models.test_heads import HEADS, hidden_dense, softmax_inside
from tests.render.nets import assembled, scrambled

STEP = 1e-3


def residual(channels_first: bool = False) -> keras.Model:
    order = {"data_format": "channels_first" if channels_first else "channels_last"}
    given = keras.Input((3, 16, 16) if channels_first else (16, 16, 3))
    first = layers.Conv2D(4, 3, padding="same", activation="relu", name="first", **order)(given)
    second = layers.Conv2D(4, 3, padding="same", name="second", **order)(first)
    joined = layers.ReLU()(layers.Add()([first, second]))
    pooled = layers.GlobalAveragePooling2D(**order)(joined)
    return keras.Model(given, layers.Dense(3, "softmax", name="head")(pooled))


def scaled(model: LoadedModel, layer: int, factors: np.ndarray, images: np.ndarray) -> dict[int, np.ndarray]:
    """Return each head's answers, before their softmax, where the filters of a layer are times some factors."""
    graph = model.graph
    positions = conv_positions(graph)
    conv = graph.calls[positions[layer - 1]]
    end = activation_point(graph, positions[layer - 1]).last
    heads = {other.index: positions[other.index - 1] for other in model.summary.layers if other.gives_answers}
    values = {graph.input: ops.convert_to_tensor(images.astype(np.float32))}
    for position in range(max(heads.values()) + 1):
        call = graph.calls[position]
        call(values)
        if position == end:
            shape = (1, -1, 1, 1) if conv.channels_first else (1, 1, 1, -1)
            values[call.outputs[0]] = values[call.outputs[0]] * factors.reshape(shape).astype(np.float32)
    return {
        head: np.asarray(values[graph.calls[at].outputs[0]], np.float64).mean(axis=(1, 2)) for head, at in heads.items()
    }


NETWORKS: list[Callable[[], keras.Model]] = [*HEADS, residual, lambda: residual(channels_first=True)]


@pytest.mark.parametrize("make", NETWORKS, ids=[*(make.__name__ for make in HEADS), "residual", "channels first"])
def test_the_effect_is_what_the_answer_changes_with_the_filter(make: Callable[[], keras.Model]) -> None:
    model = assembled(scrambled(make()))
    every = model.summary.layers
    affecting = [layer.index for layer in every if not layer.gives_answers]
    answers = [(layer.index, index) for layer in every if layer.gives_answers for index in range(layer.filters)]
    images = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3)).astype(np.float32) / 255
    effects = Effects(model, affecting, answers, (16, 16))
    effects.add(images[:2])
    effects.add(images[2:])
    assert affecting
    for layer in affecting:
        found = effects.of(layer)
        near = 1e-3 + 0.01 * float(np.abs(found).max())  # of single precision
        for index in range(every[layer - 1].filters):
            factors = np.ones(every[layer - 1].filters)
            more, less = (
                scaled(model, layer, np.where(np.arange(len(factors)) == index, factor, 1.0), images)
                for factor in (1 + STEP, 1 - STEP)
            )
            for place, (head, unit) in enumerate(answers):
                expected = (more[head][:, unit] - less[head][:, unit]).mean() / (2 * STEP)
                assert found[index, place] == pytest.approx(expected, rel=0.02, abs=near), (layer, index, head, unit)
    assert np.abs(effects.of(affecting[-1])).max() > 0.01


def test_behind_a_mean_it_is_the_mean_activation_times_the_weight() -> None:
    network = scrambled(softmax_inside())
    model = assembled(network)
    images = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3)).astype(np.float32) / 255
    effects = Effects(model, [1], [(2, index) for index in range(5)], (16, 16))
    effects.add(images)
    activation = np.asarray(network.get_layer("conv")(images), np.float64).mean(axis=(0, 1, 2))
    weights = np.asarray(network.get_layer("head").kernel, np.float64)
    np.testing.assert_allclose(effects.of(1), activation[:, None] * weights, rtol=1e-4, atol=1e-6)


def test_which_layers_are_read_exactly() -> None:
    for make in HEADS:
        head = next(layer for layer in assembled(make()).summary.layers if layer.name == "head")
        exact = make.__name__ not in ("softmax_as_layer", "hidden_dense")  # the first has pooling by the maximum
        assert head.linear_in == (1 if exact else 0), make
    assert assembled(residual()).summary.layers[-1].linear_in == 0


def test_a_layer_that_an_answer_does_not_depend_on_says_nothing() -> None:
    given = keras.Input((16, 16, 3))
    first = layers.Conv2D(4, 3, activation="relu", name="first")(given)
    beside = layers.Conv2D(2, 3, activation="relu", name="beside")(first)
    answer = layers.Dense(3, "softmax", name="head")(layers.GlobalAveragePooling2D()(first))
    model = assembled(scrambled(keras.Model(given, [answer, beside])))
    index = {layer.name: layer.index for layer in model.summary.layers}
    effects = Effects(model, [index["first"], index["beside"]], [(index["head"], 1)], (16, 16))
    effects.add(np.full((2, 16, 16, 3), 0.5, np.float32))
    assert not effects.of(index["beside"]).any()
    assert effects.of(index["first"]).any()


def test_a_head_of_hidden_layers_is_not_followed() -> None:
    assert assembled(hidden_dense()).summary.layers[-1].provenance == 0.0
