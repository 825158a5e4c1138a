"""What convolves and has no picture is named with its reason, wherever it stands."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from keras import layers

from generator.errors import ModelError
from generator.models.describe import describe
from generator.models.flatten import flatten
from generator.models.preprocess import named
from generator.models.summary import ModelSummary

RECURRENT = "it is recurrent, so its response depends on a sequence, not on one picture"
SEQUENCE = "it has no second axis to draw"
VOLUME = "its pictures would be volumes"


def summary_of(model: keras.Model) -> ModelSummary:
    return describe(model, flatten(model), named("none", 3), "digest", [])


def behind(*more: Any) -> keras.Model:
    """Return a convolution with (8, 8, 4) features, and layers behind it."""
    return keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 1, name="seen"), *more])


def nested(layer: Any, shape: tuple[int, ...]) -> keras.Model:
    inside = keras.Input(shape)
    return keras.Model(inside, layer(inside), name="inner")


FRAME, LINE, CUBE = (1, 8, 8, 4), (1, 8, 32), (1, 8, 8, 4, 1)

RECURRENT_LAYERS = [
    (layers.ConvLSTM1D(2, 3, name="it"), LINE, "it (ConvLSTM1D)"),
    (layers.ConvLSTM2D(2, 3, name="it"), FRAME, "it (ConvLSTM2D)"),
    (layers.ConvLSTM3D(2, 3, name="it"), CUBE, "it (ConvLSTM3D)"),
    (layers.Bidirectional(layers.ConvLSTM2D(2, 3), name="it"), FRAME, "it (Bidirectional) with ConvLSTM2D"),
    (layers.TimeDistributed(layers.ConvLSTM1D(2, 3), name="it"), (1, *LINE), "it (TimeDistributed) with ConvLSTM1D"),
    (
        layers.TimeDistributed(layers.Bidirectional(layers.ConvLSTM2D(2, 3)), name="it"),
        (1, *FRAME),
        "it (TimeDistributed) with ConvLSTM2D",
    ),
    (nested(layers.ConvLSTM2D(2, 3, name="it"), FRAME), FRAME, "inner/it (ConvLSTM2D)"),
    (
        layers.TimeDistributed(nested(layers.ConvLSTM2D(2, 3), FRAME), name="it"),
        (1, *FRAME),
        "it (TimeDistributed) with ConvLSTM2D",
    ),
]


@pytest.mark.case("convlstm")
@pytest.mark.parametrize(("layer", "shape", "named_as"), RECURRENT_LAYERS)
def test_a_recurrent_convolution_is_named_with_its_reason(layer: Any, shape: tuple[int, ...], named_as: str) -> None:
    name, _, inside = named_as.partition(" with ")
    expected = f"{name} is left out" + (f" with the {inside} inside it" if inside else "") + f": {RECURRENT}"
    summary = summary_of(behind(layers.Reshape(shape), layer))
    assert [layer.name for layer in summary.layers] == ["seen"]
    assert summary.left_out == (expected,)


@pytest.mark.case("convlstm")
def test_a_network_of_a_recurrent_convolution_alone_says_why_nothing_is_shown() -> None:
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Reshape((1, 8, 8, 3)), layers.Bidirectional(layers.ConvLSTM2D(2, 3), name="it")]
    )
    with pytest.raises(ModelError, match=r"no convolutional layer to show \(it \(Bidirectional\) .* it is recurrent"):
        summary_of(model)


class Line(layers.Conv1D):
    """A convolution of one's own, derived from Keras's."""


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [
        (
            keras.Sequential([layers.Reshape((8, 32)), Line(2, 3, name="it")], name="block"),
            f"block/it (Line) is left out: {SEQUENCE}",
        ),
        (
            layers.TimeDistributed(Line(2, 3), name="it"),
            f"it (TimeDistributed) is left out with the Line inside it: {SEQUENCE}",
        ),
        (
            keras.Sequential([layers.Reshape((8, 8, 4, 1)), layers.Conv3D(2, 3, name="it")], name="block"),
            f"block/it (Conv3D) is left out: {VOLUME}",
        ),
    ],
)
def test_so_is_every_other_convolution_without_pictures(layer: Any, sentence: str) -> None:
    assert summary_of(behind(layer)).left_out == (sentence,)


def test_a_convolution_behind_a_recurrent_one_is_shown() -> None:
    model = behind(
        layers.Reshape(FRAME), layers.ConvLSTM2D(3, 3, padding="same", name="it"), layers.Conv2D(2, 3, name="end")
    )
    summary = summary_of(model)
    assert [layer.name for layer in summary.layers] == ["seen", "end"]
    assert len(summary.left_out) == 1
