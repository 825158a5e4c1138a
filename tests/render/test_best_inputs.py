"""Pictures of filters whose best input is known, and of filters that are inactive on their start picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from generator.config.values import ObjectiveSpec, complete_settings
from generator.models.load import LoadedModel
from generator.render.colour import EDGE
from generator.render.network import Network
from generator.render.optimize import Optimization, Optimizer, scores
from tests.render.nets import assembled, centred, gratings, with_kernels

y, x = np.mgrid[-1:1:7j, -1:1:7j]
WAVE = np.sin(2.2 * (0.8 * x + 0.6 * y))
SETTINGS = {"size": 16, "steps": 32, "transforms": ()}


def tensor(values: Any) -> Any:
    return keras.ops.convert_to_tensor(np.asarray(values, np.float32))


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return Pearson's correlation of two arrays."""
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def optimize(model: LoadedModel, filters: tuple[int, ...] = (0,), **settings: Any) -> tuple[Optimization, np.ndarray]:
    """Return the optimisation for filters of the last layer, and the scores of its pictures."""
    complete = complete_settings({**SETTINGS, **settings})
    layer = len(model.summary.layers)
    optimization = Optimizer(model, layer, complete).run(filters)
    return optimization, scores(model, layer, filters, optimization.pictures * 255, complete)


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize(("sign", "turned"), [("positive", 1), ("negative", -1)])
def test_the_best_input_of_a_unit_is_its_kernel(activation: str, sign: str, turned: int) -> None:
    """Of a kernel k, the best picture within black (-1) and white (1) is the sign of k, its score the sum of |k|.

    Pictures stop before both.
    """
    model = assembled(with_kernels(WAVE[:, :, None, None], activation=activation))
    optimization, score = optimize(model, objective=(ObjectiveSpec("neuron"),), sign=sign)
    seen = optimization.pictures[0, 5:12, 5:12, 0]
    assert turned * correlation(seen, WAVE) > 0.9
    assert turned * correlation(seen, np.sign(WAVE)) > 0.97
    assert 0.96 < score[0] / np.abs((1 - 2 * EDGE) * WAVE).sum() <= 1


def test_the_best_input_of_a_unit_in_colour() -> None:
    kernel = WAVE[:, :, None] * np.array([1.0, 0.8, 0.6])
    optimization, score = optimize(
        assembled(with_kernels(kernel[..., None])), objective=(ObjectiveSpec("neuron"),), steps=64
    )
    for colour in range(3):
        assert correlation(optimization.pictures[0, 5:12, 5:12, colour], kernel[..., colour]) > 0.8
    assert score[0] / np.abs(kernel).sum() > 0.85


def share_upright(picture: np.ndarray) -> float:
    """Return how much of a picture's variance is in waves that run more along its rows than along its columns."""
    power = np.square(np.abs(np.fft.fft2(picture - picture.mean())))
    frequency = np.abs(np.fft.fftfreq(len(picture)))
    return float(power[frequency[:, None] < frequency].sum() / power.sum())


@pytest.mark.parametrize(
    ("objective", "sign", "upright"),
    [
        ("channel", "positive", [True, False]),
        ("channel", "negative", [True, False]),
        (((0, 1.0), (1, -1.0)), "positive", [True]),
        (((0, -1.0), (1, 1.0)), "positive", [False]),
    ],
)
def test_stripes_are_what_a_detector_of_stripes_looks_for(objective: Any, sign: str, upright: list[bool]) -> None:
    """Filter 0 is for stripes that stand, filter 1 for those that lie."""
    model = assembled(with_kernels(gratings(2), activation="relu"))
    own = ObjectiveSpec(objective) if isinstance(objective, str) else ObjectiveSpec("direction", objective)
    optimization, found = optimize(model, tuple(range(len(upright))), size=24, objective=(own,), sign=sign)
    noise = scores(model, 1, tuple(range(len(upright))), optimization.snapshots[0][1] * 255)
    for picture, stands, score, before in zip(optimization.pictures, upright, found, noise, strict=True):
        share = share_upright(picture[..., 0])
        assert (share if stands else 1 - share) > 0.6
        assert score > 1 > 0.1 > before


def inactive(after: Callable[[Any], Any], **conv: Any) -> keras.Model:
    """A detector of stripes with so negative a bias that noise never excites it, and what follows it."""
    image = keras.Input((24, 24, 1))
    layer = layers.Conv2D(1, 7, padding="same", name="target", **conv)
    model = keras.Model(image, after(layer(centred(image))))
    kernel = gratings(1)
    layer.set_weights([kernel, np.array([-0.4 * np.abs(kernel).sum()])][: len(layer.weights)])
    return model


def shifted(**norm: Any) -> layers.Layer:
    """A batch normalisation that is far below zero for noise."""
    means = keras.initializers.Constant(0.4 * np.abs(gratings(1)).sum())
    return layers.BatchNormalization(moving_mean_initializer=means, **norm)


def in_residual_branch(z: Any) -> Any:
    """Add the branch to what it starts from, as residual networks do."""
    return layers.ReLU()(layers.Add()([centred(z._keras_history.operation.input), shifted()(z)]))


def same(z: Any) -> Any:
    return z


FUSED = (
    *("relu", "relu6", "silu", "gelu", "hard_silu", "mish", "softplus", "sigmoid", "exponential"),
    *("elu", "selu", "tanh", "softsign", "leaky_relu", "linear"),
)
INACTIVE: dict[str, keras.Model] = {
    **{name: lambda name=name: inactive(same, activation=name) for name in FUSED},
    "separate ReLU": lambda: inactive(layers.ReLU()),
    "separate ReLU6": lambda: inactive(layers.ReLU(max_value=6)),
    "separate swish": lambda: inactive(layers.Activation("swish")),
    "separate GELU": lambda: inactive(keras.ops.gelu),
    "separate PReLU": lambda: inactive(layers.PReLU()),
    "separate LeakyReLU": lambda: inactive(layers.LeakyReLU(0.1)),
    "separate ELU": lambda: inactive(layers.ELU()),
    "BN + ReLU": lambda: inactive(lambda z: layers.ReLU()(shifted()(z)), use_bias=False),
    "BN + swish": lambda: inactive(lambda z: layers.Activation("swish")(shifted()(z)), use_bias=False),
    "BN over rows + ReLU": lambda: inactive(lambda z: layers.ReLU()(shifted(axis=1)(z)), use_bias=False),
    "ReLU + BN": lambda: inactive(lambda z: layers.BatchNormalization()(layers.ReLU()(z))),
    "residual branch": lambda: inactive(in_residual_branch, use_bias=False),
    "max pool": lambda: inactive(lambda z: layers.ReLU()(layers.MaxPooling2D()(z))),
}


@pytest.mark.parametrize("name", INACTIVE)
def test_a_filter_that_starts_inactive_becomes_active(name: str) -> None:
    model = assembled(INACTIVE[name]())
    optimization, found = optimize(model, size=24, steps=48, transforms=(("shift", 1 / 16),))
    start, end = (
        np.asarray(Network(model).pre_activation(1, tensor(pictures * 255)))
        for pictures in (optimization.snapshots[0][1], optimization.pictures)
    )
    assert start.max() < 0
    assert end.max() > 0.1 * np.abs(gratings(1)).sum()
    at_zero = float(np.asarray(Network(model).activation(1)(tensor(np.zeros((1, 24, 24, 1))))).max())
    assert (np.asarray(Network(model).activation(1)(tensor(end))) > at_zero).mean() > 0.05
    if model.summary.layers[0].activation in ("relu", "relu6"):
        assert found[0] > 0.05


@pytest.mark.parametrize("objective", [ObjectiveSpec("neuron"), ObjectiveSpec("direction", ((0, 1.0),))])
def test_so_it_does_under_other_objectives(objective: ObjectiveSpec) -> None:
    _, found = optimize(assembled(inactive(same, activation="relu")), size=24, steps=48, objective=(objective,))
    assert found[0] > 0.05


def test_so_it_does_for_diverse_pictures() -> None:
    model = assembled(inactive(same, activation="relu"))
    settings = complete_settings({**SETTINGS, "size": 24, "steps": 48, "diversity": 2})
    optimization = Optimizer(model, 1, settings).run((0,))
    assert (scores(model, 1, (0, 0), optimization.pictures * 255) > 0.05).all()
