"""Pieces of a network without their nonlinearities: what belongs to one, and whether it is linear."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from generator.models.activation_point import activation_point
from generator.models.flatten import flatten
from generator.models.graph import Graph
from generator.render.linear import NotLinearError, Piece, between, convolution
from tests.render.nets import scrambled


def network(second: Any = None) -> Graph:
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", name="first", activation="relu")(image)
    x = layers.Add()([x, layers.MaxPooling2D(3, 1, "same", name="pool")(x)])
    x = layers.BatchNormalization(name="norm")(layers.Conv2D(4, 1, name="second")(layers.ReLU()(x)))
    return flatten(scrambled(keras.Model(image, layers.Activation(second or "swish")(x))))


def named(graph: Graph, name: str) -> int:
    return next(position for position, call in enumerate(graph.calls) if call.name == name)


def test_the_way_between_two_convolutions_ends_at_the_cut_and_leaves_activations_out() -> None:
    graph = network()
    cut = graph.calls[named(graph, "first")].outputs[0]
    piece = between(graph, graph.calls[named(graph, "second")].inputs[0], {cut})
    assert piece.inputs == (cut,)
    assert [type(call.op).__name__ for call in piece.calls] == ["MaxPooling2D", "Add", "ReLU"]
    values = np.random.default_rng(0).normal(size=(2, 8, 8, 4)).astype(np.float32)
    mean = layers.AveragePooling2D(3, 1, "same")(values)
    np.testing.assert_allclose(piece({cut: ops.convert_to_tensor(values)}), values + np.asarray(mean), rtol=1e-5)
    piece.check_linear({cut: (8, 8, 4)})


def test_a_convolution_comes_with_its_batch_normalisation() -> None:
    graph = network()
    conv, norm = named(graph, "second"), named(graph, "norm")
    piece = convolution(graph, activation_point(graph, conv))
    assert piece.calls == (graph.calls[conv], graph.calls[norm])
    assert piece.output == graph.calls[norm].outputs[0]
    (number,) = piece.inputs
    weights = np.random.default_rng(0).normal(size=(3, 8, 8, 4)).astype(np.float32)
    pulled = np.asarray(piece.pulling({number: (8, 8, 4)}, numeric=False)(ops.convert_to_tensor(weights))[number])
    op, scale = graph.calls[conv].op, graph.calls[norm].op
    factors = np.asarray(scale.gamma) / np.sqrt(np.asarray(scale.moving_variance) + scale.epsilon)
    np.testing.assert_allclose(pulled, (weights * factors) @ np.asarray(op.kernel)[0, 0].T, rtol=1e-4, atol=1e-5)


def test_an_activation_inside_a_convolution_is_left_out() -> None:
    graph = network()
    piece = convolution(graph, activation_point(graph, named(graph, "first")))
    piece.check_linear({graph.input: (8, 8, 3)})


def test_a_convolution_whose_activation_does_not_rise_is_refused() -> None:
    graph = network(ops.square)
    with pytest.raises(NotLinearError):
        convolution(graph, activation_point(graph, named(graph, "second")))


def test_numbers_tell_whether_a_piece_is_linear() -> None:
    image = keras.Input((4, 4, 2))
    graph = flatten(keras.Model(image, ops.multiply(image, ops.sum(image, axis=-1, keepdims=True))))
    with pytest.raises(NotLinearError):
        Piece(graph.calls, (graph.input,), graph.outputs[0]).check_linear({graph.input: (4, 4, 2)})
