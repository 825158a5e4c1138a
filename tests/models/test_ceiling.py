"""Which activations end at a value, and how they go on without that."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from generator.models import ceiling as ceilings
from generator.models.ceiling import Ceiling, ceiling_of
from generator.models.keras2.layers import activation as of_keras_2
from tests.render.nets import assembled

Z = np.linspace(-9, 40, 491).astype(np.float32)
Formula = Callable[[np.ndarray], np.ndarray]


def tangent(function: Formula, height: float, slope: float) -> Formula:
    """Return a function that goes on from zero along its tangent there."""
    return lambda z: np.where(z > 0, height + slope * z, function(z))


sigmoid = tangent(lambda z: 1 / (1 + np.exp(-z)), 0.5, 0.25)
tanh = tangent(np.tanh, 0, 1)


def relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0)


KERAS = keras.activations
BOUNDED: dict[str, tuple[Any, float, Formula]] = {
    "relu6": (KERAS.relu6, 6, relu),
    "sigmoid": (KERAS.sigmoid, 1, sigmoid),
    "hard sigmoid": (KERAS.hard_sigmoid, 1, lambda z: np.maximum(z / 6 + 0.5, 0)),
    "sparse sigmoid": (KERAS.sparse_sigmoid, 1, lambda z: np.maximum(z / 2 + 0.5, 0)),
    "tanh": (KERAS.tanh, 1, tanh),
    "hard tanh": (KERAS.hard_tanh, 1, lambda z: np.maximum(z, -1)),
    "softsign": (KERAS.softsign, 1, lambda z: np.where(z > 0, z, z / (1 + np.abs(z)))),
    "log sigmoid": (KERAS.log_sigmoid, 0, lambda z: z),
    "layer": (layers.ReLU(6.0), 6, relu),
    "layer with threshold and slope": (
        layers.ReLU(4.0, negative_slope=0.25, threshold=1.0),
        4,
        lambda z: np.where(z > 1, z, 0.25 * (z - 1)),
    ),
    "layer of a function": (layers.Activation("tanh"), 1, tanh),
    "layer of a layer": (layers.Activation(layers.ReLU(2.5)), 2.5, relu),
    "layer in a convolution": (layers.Conv2D(2, 1, activation=layers.ReLU(6.0)), 6, relu),
    "TensorFlow's ReLU6": (tf.nn.relu6, 6, relu),
    "TensorFlow's sigmoid": (tf.sigmoid, 1, sigmoid),
    "ReLU with arguments": (partial(KERAS.relu, max_value=3.0), 3, relu),
    "clipped": (lambda z: keras.ops.clip(z, 0.0, 20.0), 20, relu),
    "leaky and clipped": (lambda z: tf.minimum(tf.nn.leaky_relu(z), 1.0), 1, lambda z: np.where(z > 0, z, 0.2 * z)),
    "LeCun's tanh": (lambda z: 1.5 * tf.tanh(z), 1.5, lambda z: 1.5 * tanh(z)),
    "hard sigmoid of Keras 2": (of_keras_2("hard_sigmoid"), 1, lambda z: np.maximum(0.2 * z + 0.5, 0)),
}
LOG_SIGMOID = "log sigmoid"


def activated(activation: Any, values: np.ndarray) -> np.ndarray:
    if isinstance(activation, layers.Conv2D):
        activation = activation.activation
    return np.asarray(activation(keras.ops.convert_to_tensor(values)))


@pytest.mark.case("relu6-ceiling")
@pytest.mark.parametrize("name", BOUNDED)
def test_a_bounded_activation_goes_on_without_its_ceiling(name: str) -> None:
    activation, value, formula = BOUNDED[name]
    ceiling = ceiling_of(activation)
    assert ceiling is not None
    assert ceiling.value == pytest.approx(value, abs=1e-6)
    capped = activated(activation, Z)
    uncapped = np.asarray(ceiling.uncapped(Z, capped))
    np.testing.assert_allclose(uncapped, formula(Z.astype(np.float64)), rtol=1e-4, atol=1e-5)
    assert uncapped.max() > max(value, 1) * 1.5
    if name != LOG_SIGMOID:  # it is the one that bends everywhere
        np.testing.assert_allclose(uncapped[Z < 0], capped[Z < 0], rtol=1e-6)


OPERATIONS: dict[str, Any] = {
    "relu6": keras.ops.relu6,
    "sigmoid": keras.ops.sigmoid,
    "hard sigmoid": keras.ops.hard_sigmoid,
    "sparse sigmoid": keras.ops.sparse_sigmoid,
    "tanh": keras.ops.tanh,
    "hard tanh": keras.ops.hard_tanh,
    "softsign": keras.ops.softsign,
    LOG_SIGMOID: keras.ops.log_sigmoid,
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_has_the_ceiling_of_its_function(name: str) -> None:
    operation = OPERATIONS[name](keras.Input((4,)))._keras_history.operation
    expected = ceiling_of(BOUNDED[name][0])
    assert expected is not None
    assert ceiling_of(operation) == expected


@pytest.mark.parametrize(
    "activation",
    [
        *("linear", "relu", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "hard_silu", "mish", "softplus"),
        *("exponential", "squareplus", "tanh_shrink", "soft_shrink", "hard_shrink", "threshold", "sparse_plus"),
        *(layers.ReLU(), layers.ReLU(max_value=0.0), layers.LeakyReLU(), layers.PReLU(), layers.ELU()),
        *(tf.sin, tf.nn.elu, lambda z: -tf.nn.relu(z), lambda z: tf.zeros_like(z), lambda z: tf.math.log1p(tf.exp(z))),
        lambda z: tf.where(z > 1.0, 1.0, 0.0),  # no gradient anywhere: nothing to go on along
        lambda z: z / tf.reduce_max(tf.abs(z)),  # looks at more than one number
        lambda z: 1 / 0,
    ],
)
def test_any_other_stays_as_it_is(activation: Any) -> None:
    assert ceiling_of(KERAS.get(activation) if isinstance(activation, str) else activation) is None


@pytest.mark.parametrize(("name", "inner"), [("softmax", sigmoid), ("log_softmax", None)])
def test_a_softmax_is_a_sigmoid_of_the_log_odds(name: str, inner: Formula | None) -> None:
    z = np.random.default_rng(0).normal(scale=12, size=(50, 4, 5)).astype(np.float32)
    z[:, 0] = z[:, 0, :1]  # all the same
    z[0, 1] = (300, -300, 0, 290, 0)
    ceiling = ceiling_of(KERAS.get(name))
    assert ceiling is not None
    exact = z.astype(np.float64)
    others = np.where(np.eye(5, dtype=bool), -np.inf, exact[..., None, :])
    odds = exact - np.logaddexp.reduce(others, axis=-1)
    uncapped = np.asarray(ceiling.uncapped(z, activated(KERAS.get(name), z)))
    expected = inner(odds) if inner else odds
    np.testing.assert_allclose(uncapped, expected, rtol=1e-4, atol=2e-4)


def test_log_odds_have_a_finite_gradient() -> None:
    z = tf.constant([[300.0, -300.0, 0.0], [1.0, 1.0, 1.0], [0.0, 0.0, 90.0]])
    with tf.GradientTape() as tape:
        tape.watch(z)
        total = tf.reduce_sum(ceilings._log_odds(z)[:, 0])
    gradient = np.asarray(tape.gradient(total, z))
    np.testing.assert_allclose(gradient, [[1.0, 0.0, -1.0], [1.0, -0.5, -0.5], [1.0, 0.0, -1.0]], atol=1e-6)


@pytest.mark.parametrize(
    ("activation", "filters", "expected"),
    [("softmax", 2, 1.0), ("softmax", 1, None), ("relu6", 1, 6.0), ("relu", 2, None), (None, 2, None)],
)
def test_the_summary_says_where_a_layer_ends(activation: str | None, filters: int, expected: float | None) -> None:
    image = keras.Input((8, 8, 3))
    model = keras.Model(image, layers.Conv2D(filters, 1, activation=activation)(image))
    assert assembled(model).summary.layers[0].ceiling == expected


def test_relu_with_arguments_between_layers_is_an_activation() -> None:
    image = keras.Input((8, 8, 3))
    value = keras.activations.relu(layers.Conv2D(2, 1, name="conv")(image), max_value=4.0)
    layer = assembled(keras.Model(image, value)).summary.layers[0]
    assert (layer.activation, layer.ceiling, layer.signed) == ("relu", 4.0, False)
    assert layer.read_at != "conv"


def test_a_ceiling_is_plain_data() -> None:
    assert ceiling_of(layers.ReLU(6)) == Ceiling(6.0, 0.0, 0.0, 1.0)
