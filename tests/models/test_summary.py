from __future__ import annotations

import json
from typing import Any

import pytest

from generator.models.summary import ConvLayer, ModelSummary, layer_title
from tests.summaries import conv, summary

MODEL = summary(conv(1, "stem"), conv(2, "top", receptive_field=None, output_shape=(8, 8, 4)), left_out=("dense",))


def test_a_summary_is_read_back_from_its_json() -> None:
    again = ModelSummary.from_json(json.loads(json.dumps(MODEL.to_json())))
    assert again == MODEL
    assert isinstance(again.layers[0], ConvLayer)
    assert isinstance(again.layers[0].kernel_shapes[0], tuple)


@pytest.mark.parametrize("version", [None, 0, 10**6])
def test_one_of_another_version_is_not_read(version: int | None) -> None:
    assert ModelSummary.from_json({**MODEL.to_json(), "version": version}) is None


@pytest.mark.parametrize(
    ("name", "call", "title"),
    [("conv", 1, "conv"), ("conv", 2, "conv (call 2)"), ("  ", 1, "(unnamed)"), ("", 3, "(unnamed) (call 3)")],
)
def test_titles(name: str, call: int, title: str) -> None:
    assert layer_title(name, call) == conv(1, name, call=call).title == title


@pytest.mark.parametrize(
    ("activation", "signed", "below_zero", "negligible"),
    [
        ("relu", False, False, 0),
        ("sigmoid", False, False, 0),
        ("swish", False, True, 1e-3),
        ("gelu", False, True, 1e-3),
        ("linear", True, True, 0),
        ("tanh", True, True, 0),
        ("leaky_relu", True, True, 0),
        ("my_own", True, True, 0),
    ],
)
def test_whether_responses_can_be_negative(activation: str, signed: bool, below_zero: bool, negligible: float) -> None:
    layer = conv(1, "stem", activation=activation)
    assert (layer.signed, layer.below_zero, layer.negligible) == (signed, below_zero, negligible)


@pytest.mark.parametrize(
    ("fields", "photo", "canvas", "picture"),
    [
        ({}, (224, 224), (80, 80), (64, 64)),
        ({"input_shape": (300, 96, 3)}, (300, 224), (80, 80), (64, 64)),
        ({"input_shape": (28, 32, 3), "any_size": False}, (28, 32), (28, 32), (28, 32)),
        ({"multiple": 100}, (300, 300), (100, 100), (100, 100)),
    ],
)
def test_sizes(
    fields: dict[str, Any], photo: tuple[int, int], canvas: tuple[int, int], picture: tuple[int, int]
) -> None:
    made = summary(conv(1, "stem"), **fields)
    assert (made.photo_size(), made.canvas_size(64, 8), made.picture_size(64)) == (photo, canvas, picture)
