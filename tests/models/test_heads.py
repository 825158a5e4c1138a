"""Dense layers at the end as convolutions: they compute the same, whatever stands before and behind them."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
from keras import layers

from generator.models.describe import describe
from generator.models.flatten import flatten
from generator.models.heads import with_units
from generator.models.preprocess import named
from generator.models.summary import ConvLayer, ModelSummary

ANY, FIXED = (None, None, 3), (16, 16, 3)


def convolved(shape: tuple[int | None, ...]) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    given = keras.Input(shape)
    return given, layers.Conv2D(6, 3, activation="relu", name="conv")(given)


def softmax_inside() -> keras.Model:
    given, x = convolved(ANY)
    return keras.Model(given, layers.Dense(5, "softmax", name="head")(layers.GlobalAveragePooling2D()(x)))


def softmax_as_layer() -> keras.Model:
    given, x = convolved(ANY)
    return keras.Model(given, layers.Softmax()(layers.Dense(5, name="head")(layers.GlobalMaxPooling2D()(x))))


def softmax_missing() -> keras.Model:
    given, x = convolved(ANY)
    return keras.Model(given, layers.Dense(5, name="head", use_bias=False)(layers.GlobalAveragePooling2D()(x)))


def one_sigmoid() -> keras.Model:
    given, x = convolved(ANY)
    return keras.Model(given, layers.Dense(1, "sigmoid", name="head")(layers.GlobalAveragePooling2D()(x)))


def flattened() -> keras.Model:
    given, x = convolved(FIXED)
    return keras.Model(given, layers.Dense(5, "softmax", name="head")(layers.Dropout(0.5)(layers.Flatten()(x))))


def flattened_of_one_place() -> keras.Model:
    given, x = convolved(FIXED)
    x = layers.Flatten()(layers.GlobalAveragePooling2D(keepdims=True)(x))
    return keras.Model(given, layers.Dense(5, "softmax", name="head")(x))


def hidden_dense() -> keras.Model:
    given, x = convolved(FIXED)
    x = layers.Dense(8, "relu", name="hidden")(layers.Flatten()(x))
    return keras.Model(given, layers.Activation("softmax")(layers.Dense(5, name="head")(x)))


def normalised_before() -> keras.Model:
    given, x = convolved(FIXED)
    x = layers.BatchNormalization()(layers.Flatten()(x))
    return keras.Model(given, layers.Dense(5, "softmax", name="head")(x))


def on_a_map() -> keras.Model:
    given, x = convolved(ANY)
    return keras.Model(given, layers.Softmax()(layers.GlobalAveragePooling2D()(layers.Dense(5, name="head")(x))))


def convolution_at_the_end() -> keras.Model:
    given, x = convolved(ANY)
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(5, 1, name="head")(x))
    return keras.Model(given, layers.Softmax()(x))


def pooled_hidden() -> keras.Model:
    """Poolings round so much away that a few pixels more make no difference."""
    given = x = keras.Input((64, 64, 3))
    for number in range(5):
        x = layers.Conv2D(6, 3, padding="same", name="conv" if number == 4 else None)(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Dense(8, "relu")(layers.Flatten()(x))
    return keras.Model(given, layers.Dense(5, "softmax", name="head")(x))


HEADS: list[Callable[[], keras.Model]] = [
    *(softmax_inside, softmax_as_layer, softmax_missing, one_sigmoid, flattened, flattened_of_one_place, hidden_dense),
    *(normalised_before, on_a_map, convolution_at_the_end),
]


def filled(model: keras.Model) -> keras.Model:
    rng = np.random.default_rng(0)
    for variable in model.weights:
        least = 0.5 if "variance" in variable.path else -1.0
        variable.assign(rng.uniform(least, 1.0, variable.shape))
    return model


def described(model: keras.Model) -> ModelSummary:
    return describe(model, with_units(flatten(model)), named("none", 3), "digest", [])


def head_of(summary: ModelSummary, name: str = "head") -> ConvLayer:
    return next(layer for layer in summary.layers if layer.name == name)


def results(model: keras.Model, images: np.ndarray) -> list[np.ndarray]:
    graph = with_units(flatten(model))
    values = {graph.input: keras.ops.convert_to_tensor(images)}
    for call in graph.calls:
        call(values)
    return [np.asarray(values[number]) for number in graph.outputs]


@pytest.mark.parametrize("make", HEADS, ids=lambda make: make.__name__)
def test_the_graph_computes_what_the_model_does(make: Callable[[], keras.Model]) -> None:
    model = filled(make())
    images = np.random.default_rng(1).normal(size=(3, 16, 16, 3)).astype(np.float32)
    (result,) = results(model, images)
    np.testing.assert_allclose(result, np.asarray(model(images, training=False)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("make", HEADS, ids=lambda make: make.__name__)
def test_its_units_are_read_before_the_softmax(make: Callable[[], keras.Model]) -> None:
    head = head_of(described(make()))
    assert head.is_head
    assert head.activation == "linear"
    assert head.signed
    assert head.filters == (1 if make is one_sigmoid else 5)
    assert head.is_dense == (make is not convolution_at_the_end)
    assert head.has_maps == (make in (on_a_map, convolution_at_the_end))


@pytest.mark.parametrize("make", HEADS, ids=lambda make: make.__name__)
def test_the_table_shows_the_layers_of_the_model(make: Callable[[], keras.Model]) -> None:
    model = make()
    rows = described(model).architecture
    own = [layer for layer in model.layers if not isinstance(layer, layers.InputLayer)]
    assert [(row.name, row.type, row.parameters) for row in rows] == [
        (layer.name, type(layer).__name__, layer.count_params()) for layer in own
    ]
    assert [row.inputs for row in rows] == [(number - 1,) for number in range(len(own))]
    assert [row.output_shape for row in rows] == [tuple(layer.output.shape[1:]) for layer in own]


def test_a_head_behind_a_flatten_takes_the_own_size_alone() -> None:
    for make in HEADS:
        own_size = make in (flattened, hidden_dense, normalised_before)
        summary = described(make())
        head = head_of(summary)
        assert head.own_size == own_size, make
        assert summary.any_size, make
        assert summary.for_layer(head).picture_size(64) == ((16, 16) if own_size else (64, 64)), make
        assert summary.for_layer(summary.layers[0]).picture_size(64) == (64, 64), make
        assert summary.for_images().photo_size() == ((16, 16) if own_size else (224, 224)), make


def test_its_inputs_are_the_filters_of_the_last_convolution() -> None:
    every = [((1, index),) for index in range(6)]
    for make in HEADS:
        head = head_of(described(make()))
        if make is hidden_dense:
            assert head.provenance == 0.0
            continue
        own = head.sources()
        assert own == every * (len(own) // 6), make
        assert head.provenance == 1.0, make


def test_several_heads() -> None:
    given, x = convolved(ANY)
    x = layers.GlobalAveragePooling2D()(x)
    outputs = [layers.Dense(1, "sigmoid", name="first")(x), layers.Dense(4, name="second")(x)]
    model = filled(keras.Model(given, outputs))
    summary = described(model)
    assert [(layer.name, layer.filters) for layer in summary.layers[1:]] == [("first", 1), ("second", 4)]
    images = np.random.default_rng(1).normal(size=(3, 16, 16, 3)).astype(np.float32)
    for result, expected in zip(results(model, images), model(images, training=False), strict=True):
        np.testing.assert_allclose(result, np.asarray(expected), rtol=1e-5, atol=1e-6)


def test_heads_that_are_joined() -> None:
    given, x = convolved(ANY)
    x = layers.GlobalAveragePooling2D()(x)
    joined = layers.Concatenate()([layers.Dense(2, name="first")(x), layers.Dense(3, name="second")(x)])
    assert [layer.name for layer in described(keras.Model(given, joined)).layers] == ["conv", "first", "second"]


def test_dense_layers_that_do_not_end_the_network_are_none() -> None:
    given, x = convolved(ANY)
    gate = layers.Dense(6, "sigmoid", name="gate")(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(given, layers.Multiply()([x, layers.Reshape((1, 1, 6))(gate)]))
    assert [layer.name for layer in described(model).layers] == ["conv"]
    assert [layer.name for layer in described(hidden_dense()).layers] == ["conv", "head"]


def test_a_layer_derived_from_dense_is_none() -> None:
    class Doubled(layers.Dense):
        def call(self, inputs: keras.KerasTensor, training: bool | None = None) -> keras.KerasTensor:
            return 2 * super().call(inputs, training)

    given, x = convolved(ANY)
    model = keras.Model(given, Doubled(5, name="head")(layers.GlobalAveragePooling2D()(x)))
    assert [layer.name for layer in described(model).layers] == ["conv"]


def test_a_backbone_has_no_answers_to_name() -> None:
    given, x = convolved(ANY)
    summary = described(keras.Model(given, layers.Flatten()(layers.MaxPooling2D()(layers.ZeroPadding2D()(x)))))
    assert not any(layer.is_head for layer in summary.layers)


def test_a_size_that_poolings_round_away_is_no_other_size() -> None:
    summary = described(pooled_hidden())
    assert summary.any_size
    assert head_of(summary).own_size
