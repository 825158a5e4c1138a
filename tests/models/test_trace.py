"""Subclassed models and composite layers are opened into the calls that they make at inference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from generator.errors import ModelError
from generator.models.flatten import flatten
from generator.models.graph import Graph
from generator.models.receptive_field import receptive_fields

SIDE = 16
register = keras.saving.register_keras_serializable("filter-gallery-trace-tests")


@register
class Block(layers.Layer):
    """A convolution block with a scale of its own; unlike Keras's layers it trains unless it is told not to."""

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.conv = layers.Conv2D(filters, 3, padding="same", name="conv")
        self.norm = layers.BatchNormalization(name="norm")
        self.drop = layers.Dropout(0.5, name="drop")

    def build(self, shape: Any) -> None:
        """Make the weights."""
        self.gamma = self.add_weight(shape=(self.filters,), initializer="random_normal", name="gamma")
        self.conv.build(shape)
        self.norm.build((*shape[:-1], self.filters))
        self.built = True

    def call(self, image: Any, training: bool = True) -> Any:
        """Convolve, normalise, drop and scale; the weight stands left of the tensor."""
        return self.gamma * self.drop(self.norm(self.conv(image), training=training), training=training)

    def get_config(self) -> dict[str, Any]:
        """Return what the constructor takes."""
        return {**super().get_config(), "filters": self.filters}


@register
class Network(keras.Model):
    """Blocks, one of them called twice, with a shortcut, a nested Sequential model and two outputs."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stem = Block(4, name="stem")
        self.again = Block(4, name="again")
        self.tail = keras.Sequential([layers.Conv2D(3, 1, name="thin"), Block(2, name="last")], name="tail")

    def call(self, image: Any, training: bool = True) -> Any:
        """Return two heads."""
        x = self.stem(image, training=training)
        x = self.again(x) + x
        return {"deep": self.tail(self.again(x)), "shallow": x}


def picture(channels: int = 3) -> Any:
    """Return two random pictures."""
    values = np.random.default_rng(2).normal(size=(2, SIDE, SIDE, channels))
    return ops.convert_to_tensor(values.astype(np.float32))


def trained(model: keras.Model, image: Any) -> keras.Model:
    """Return a model whose batch statistics are not those it starts with."""
    for _ in range(3):
        model(image, training=True)
    return model


def outputs(graph: Graph, image: Any) -> list[np.ndarray]:
    """Run a whole graph."""
    values = {graph.input: image}
    for call in graph.calls:
        call(values)
    return [np.asarray(values[number]) for number in graph.outputs]


def expect_same(graph: Graph, image: Any, expected: Any) -> None:
    """Compare a graph's outputs with a model's."""
    for actual, desired in zip(outputs(graph, image), keras.tree.flatten(expected), strict=True):
        np.testing.assert_allclose(actual, np.asarray(desired), rtol=1e-5, atol=1e-6)


def test_a_subclassed_model_is_opened_and_computes_what_it_does_at_inference() -> None:
    image = picture()
    model = trained(Network(), image)
    graph = flatten(model)
    convolutions = [call for call in graph.calls if isinstance(call.op, layers.Conv2D)]
    assert [(call.name, call.number) for call in convolutions] == [
        ("stem/conv", 1),
        ("again/conv", 1),
        ("again/conv", 2),
        ("tail/thin", 1),
        ("tail/last/conv", 1),
    ]
    assert graph.picture == (SIDE, SIDE, 3)
    assert graph.untraced == {}
    assert receptive_fields(graph)[-1] == (9, 9)
    expect_same(graph, image, model(image, training=False))


def test_the_weights_are_the_model_s_own_and_stay_as_they_were() -> None:
    image = picture()
    model = trained(Network(), image)
    before = [np.asarray(weight).copy() for weight in model.weights]
    own = {id(weight) for weight in model.weights}
    graph = flatten(model)
    outputs(graph, image)
    used = [weight for call in graph.calls if isinstance(call.op, keras.Layer) for weight in call.op.weights]
    used += [item for call in graph.calls for item in call.arguments.args if isinstance(item, keras.Variable)]
    assert {id(weight) for weight in used} == own - {id(v) for v in model.non_trainable_variables if "seed" in v.path}
    assert {id(weight) for weight in model.weights} == own
    for weight, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(np.asarray(weight), value)
    with pytest.raises(ValueError, match="KerasTensor"):  # Keras's own operators are back
        model.stem.gamma * keras.Input((SIDE, SIDE, 4))


def test_a_saved_model_is_opened_at_the_shape_it_was_built_for(tmp_path: Path) -> None:
    image = picture()
    model = trained(Network(), image)
    model.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras", compile=False)
    expect_same(flatten(loaded), image, model(image, training=False))


def test_a_model_that_was_never_built_needs_an_input_shape() -> None:
    with pytest.raises(ModelError, match=r"never called, .* is not known\. Say it with `input_shape: \[height, width"):
        flatten(Network())
    model = Network()
    graph = flatten(model, input_shape=(SIDE, SIDE, 3))
    expect_same(graph, picture(), model(picture(), training=False))


def test_composite_layers_inside_functional_models_are_opened() -> None:
    image = keras.Input((SIDE, SIDE, 3))
    inner = keras.Input((None, None, 4))
    nested = keras.Model(inner, Block(5, name="deep")(inner), name="nested")
    model = keras.Model(image, nested(Block(4, name="block")(image), training=True))
    trained(model, picture())
    graph = flatten(model)
    names = [call.name for call in graph.calls if isinstance(call.op, layers.Conv2D)]
    assert names == ["block/conv", "nested/deep/conv"]
    expect_same(graph, picture(), model(picture(), training=False))
    assert graph.shapes(20, 24, 3)[graph.outputs[0]] == (20, 24, 5)


class Wrapped(keras.Sequential):
    """A Sequential model that does more than its layers."""

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Add a shortcut."""
        return inputs + super().call(inputs)


class Doubled(keras.Model):
    """A functional model that does more than its graph."""

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Double what the graph gives."""
        return 2 * super().call(inputs)


def test_a_call_that_goes_beyond_a_recorded_graph_is_followed() -> None:
    image = keras.Input((SIDE, SIDE, 3))
    block = Wrapped([layers.Conv2D(3, 3, padding="same", name="conv")], name="block")
    for model in (Doubled(image, layers.Conv2D(2, 3)(image)), keras.Sequential([image, block])):
        expect_same(flatten(model), picture(), model(picture()))


class Merging(layers.Layer):
    """Takes a list and a keyword."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conv = layers.Conv2D(2, 3, name="conv")

    def call(self, pair: Any, scale: Any = None, shifted: bool = False) -> Any:
        """Return two tensors."""
        result = self.conv(pair[0] - pair[1])
        result = result + 1.0 if shifted else result
        return result * scale, [result]


def test_layers_with_several_arguments_and_results() -> None:
    image = keras.Input((SIDE, SIDE, 3))
    left, right = layers.Conv2D(3, 1)(image), layers.Conv2D(3, 1)(image)
    scale = layers.Conv2D(2, 3, name="scale")(image)
    first, (second,) = Merging(name="merging")([left, right], scale=scale, shifted=True)
    model = keras.Model(image, [first, second, Merging(name="other")([left, left], scale=scale)[0]])
    expect_same(flatten(model), picture(), model(picture()))


class Counting(keras.Model):
    """Counts its calls, and takes a second argument that has a default."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = layers.Conv2D(2, 3)
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, image: Any, weight: Any = None, training: bool = False) -> Any:
        """Convolve and count."""
        self.calls.assign_add(1.0)
        return self.conv(image if weight is None else image * weight)


def test_what_a_call_assigns_is_not_kept() -> None:
    model = Counting()
    model(picture())
    flatten(model)
    assert float(model.calls) == 1.0


class Half(layers.Layer):
    """A block that computes in half precision, with an operation of its own on its input."""

    def __init__(self) -> None:
        super().__init__(name="half", dtype="mixed_float16")
        self.conv = layers.Conv2D(2, 3, dtype="mixed_float16")

    def call(self, image: Any) -> Any:
        """Convolve the square."""
        return self.conv(image * image)


def test_the_precision_of_a_block_is_kept() -> None:
    model = keras.Sequential([keras.Input((SIDE, SIDE, 3)), Half()])
    image = picture()
    output = outputs(flatten(model), image)[0]
    assert output.dtype == np.float16
    np.testing.assert_array_equal(output, np.asarray(model(image)))


class Opaque(layers.Layer):
    """A block whose ``call`` is given."""

    def __init__(self, does: Any) -> None:
        super().__init__(name="opaque")
        self.conv, self.does = layers.Conv2D(3, 3, padding="same"), does

    def call(self, image: Any) -> Any:
        """Do it."""
        return self.does(self, image)

    def compute_output_shape(self, shape: Any) -> Any:
        """Return what Keras cannot find out for some of them."""
        return (*shape[:-1], 3)


OPAQUE = [
    (
        lambda self, x: tf.nn.relu(self.conv(x) * float(tf.reduce_mean(x))),
        "its call cannot be followed: it turns a tensor into numbers of Python, through which no gradient passes",
    ),
    (lambda self, x: self.conv(x) if ops.mean(x) > 0 else x, "its call cannot be followed: A symbolic KerasTensor"),
    (lambda self, x: ops.ones((2, SIDE, SIDE, 3)), "its call returns what is no tensor, or does not depend"),
    (lambda self, x: ops.relu(self.conv.call(x)), "its call does not call its convolutions as layers"),
    (
        lambda self, x: self.conv(x) * float(np.asarray(x).mean()),
        "its call cannot be followed: A KerasTensor is symbolic",
    ),
]


@pytest.mark.parametrize(("does", "reason"), OPAQUE)
def test_a_block_that_cannot_be_followed_stays_one_call_with_a_reason(does: Any, reason: str) -> None:
    block = Opaque(does)
    block.conv.build((None, SIDE, SIDE, 3))
    image = keras.Input((SIDE, SIDE, 3))
    model = keras.Model(image, layers.Conv2D(2, 1, name="after")(block(layers.Conv2D(3, 1, name="before")(image))))
    graph = flatten(model)
    assert [call.name for call in graph.calls] == ["before", "opaque", "after"]
    assert list(graph.untraced) == [1]
    assert graph.untraced[1].startswith(reason)
    expect_same(graph, picture(), model(picture()))


class Refused(keras.Model):
    """A model that turns a tensor into numbers of Python."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = layers.Conv2D(2, 3)

    def call(self, image: Any) -> Any:
        """Convolve."""
        return tf.nn.relu(self.conv(image) * tf.reduce_mean(image).numpy())


def test_a_model_that_cannot_be_followed_is_refused_in_one_line() -> None:
    model = Refused()
    model(picture())
    with pytest.raises(ModelError) as refused:
        flatten(model, (SIDE, SIDE, 3))
    assert str(refused.value) == (
        "the subclassed model keeps no record of its layers' calls, and its call cannot be followed: it turns a tensor "
        "into numbers of Python, through which no gradient passes. Save the part with its convolutions as a functional "
        "model"
    )


def test_a_model_that_was_called_but_does_not_tell_for_what_needs_an_input_shape() -> None:
    model = Refused()
    model(picture())
    with pytest.raises(ModelError, match=r"does not tell the shape of its input\. Say it with `input_shape: \["):
        flatten(model)
