"""Every convolution is found, named and counted as Keras counts it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import pytest
import tensorflow as tf

from generator.errors import ModelError
from generator.models.describe import describe
from generator.models.flatten import flatten
from generator.models.preprocess import named
from generator.models.summary import PICTURE, ArchitectureRow, ModelSummary
from tests.models import nets


def summary_of(model: keras.Model) -> ModelSummary:
    """Return a model's summary; its preprocessing does not matter here."""
    return describe(model, flatten(model), named("none", 3), "digest", [])


def layers_inside(layer: keras.Layer) -> Iterator[keras.Layer]:
    """Walk Keras's own tree of layers, without any code of ours."""
    for child in getattr(layer, "layers", []):
        yield child
        yield from layers_inside(child)


NAMES = [
    (nets.plain, ["first", "second"]),
    (nets.nested_twice, ["middle/mid", "middle/inner/deep", "last"]),
    (nets.shared, ["again", "again", "block/inside", "block/inside"]),
    (nets.kinds, ["depthwise", "separable", "transposed", "grouped"]),
    (nets.with_conv1d, ["flat"]),
    (nets.dense_before, ["behind"]),
]


@pytest.mark.parametrize(("network", "names"), NAMES)
def test_convolutions_are_found_in_the_order_of_computation(
    network: Callable[[], keras.Model], names: list[str]
) -> None:
    summary = summary_of(network())
    assert [layer.name for layer in summary.layers] == names
    assert [layer.index for layer in summary.layers] == list(range(1, len(names) + 1))


@pytest.mark.parametrize(("name", "count"), [("VGG16", 13), ("ResNet50V2", 53)])
def test_the_reference_networks_have_as_many_as_keras_says(name: str, count: int) -> None:
    model = getattr(keras.applications, name)(weights=None, include_top=False, input_shape=(96, 96, 3))
    expected = [layer for layer in layers_inside(model) if isinstance(layer, keras.layers.Conv2D)]
    summary = summary_of(model)
    assert len(expected) == count
    assert {layer.name for layer in summary.layers} == {layer.name for layer in expected}
    assert len(summary.layers) == count
    assert [layer.parameters for layer in summary.layers] == [
        model.get_layer(layer.name).count_params() for layer in summary.layers
    ]
    assert [layer.output_shape for layer in summary.layers] == [
        model.get_layer(layer.name).output.shape[1:] for layer in summary.layers
    ]


def test_shapes_and_parameters_of_every_kind() -> None:
    summary = summary_of(nets.kinds())
    assert [(la.type, la.kernel_shapes, la.output_shape, la.filters, la.parameters) for la in summary.layers] == [
        ("DepthwiseConv2D", ((3, 3, 3, 2),), (16, 16, 6), 6, 3 * 3 * 6 + 6),
        ("SeparableConv2D", ((3, 3, 6, 2), (1, 1, 12, 5)), (16, 16, 5), 5, 3 * 3 * 12 + 12 * 5 + 5),
        ("Conv2DTranspose", ((3, 3, 4, 5),), (32, 32, 4), 4, 3 * 3 * 5 * 4 + 4),
        ("Conv2D", ((3, 3, 2, 6),), (32, 32, 6), 6, 3 * 3 * 2 * 6 + 6),
    ]


FEEDING = [
    (nets.plain, {"first": ["the picture"], "pool": ["first"], "second": ["pool"]}),
    (
        nets.branches,
        {"stem": ["the picture"], "left": ["stem"], "right": ["stem"], "joined": ["left", "right"]}
        | {"added": ["joined", "stem"], "head": ["added"]},
    ),
    # through the models that are nested, in and out again
    (
        nets.nested_twice,
        {"scale": ["the picture"], "middle/mid": ["scale"], "middle/inner/deep": ["middle/mid"]}
        | {"middle/re_lu": ["middle/inner/deep"], "last": ["middle/re_lu"]},
    ),
]


def fed_by(row: ArchitectureRow, rows: Sequence[ArchitectureRow]) -> list[str]:
    """Return the names of what feeds a row."""
    return ["the picture" if position == PICTURE else rows[position].name for position in row.inputs]


@pytest.mark.parametrize(("network", "feeding"), FEEDING)
def test_what_feeds_each_layer(network: Callable[[], keras.Model], feeding: dict[str, list[str]]) -> None:
    rows = summary_of(network()).architecture
    assert {row.name: fed_by(row, rows) for row in rows} == feeding


def test_each_call_of_a_shared_layer_is_fed_by_what_it_is_called_with() -> None:
    rows = summary_of(nets.shared()).architecture
    assert [(row.name, row.inputs) for row in rows] == [
        ("again", (PICTURE,)),
        ("again", (0,)),
        ("block/inside", (1,)),
        ("block/inside", (2,)),
    ]


def test_what_is_taken_twice_feeds_once_and_zeros_are_fed_by_nothing() -> None:
    image, mask = keras.Input((8, 8, 3), name="image"), keras.Input((4, 4, 3), name="mask")
    seen = keras.layers.Conv2D(3, 1, name="seen")(image)
    twice = keras.layers.Add(name="twice")([seen, seen])
    small = keras.layers.MaxPooling2D(name="small")(twice)
    rows = summary_of(keras.Model([image, mask], keras.layers.Add(name="masked")([mask, small]))).architecture
    by_name = {row.name: (row.type, fed_by(row, rows)) for row in rows}
    assert by_name["mask"] == ("Zeros", [])
    assert by_name["twice"] == ("Add", ["seen"])
    assert by_name["masked"] == ("Add", ["mask", "small"])


def test_a_residual_network_is_wired_as_keras_says() -> None:
    model = keras.applications.ResNet50V2(weights=None, input_shape=(64, 64, 3))
    rows = summary_of(model).architecture
    for row in rows:
        (node,) = model.get_layer(row.name)._inbound_nodes
        before = [tensor._keras_history.operation for tensor in node.input_tensors]
        expected = ["the picture" if isinstance(op, keras.layers.InputLayer) else op.name for op in before]
        assert fed_by(row, rows) == expected


def test_what_takes_the_picture_again_is_fed_by_it() -> None:
    picture = keras.Input((8, 8, 3))
    seen = keras.layers.Conv2D(3, 3, padding="same", name="seen")(picture)
    beside = keras.layers.Concatenate(name="beside")([picture, seen])
    last = keras.layers.Conv2D(3, 3, padding="same", name="last")(beside)
    rows = summary_of(keras.Model(picture, keras.layers.Add(name="residual")([picture, last]))).architecture
    assert {row.name: fed_by(row, rows) for row in rows} == {
        "seen": ["the picture"],
        "beside": ["the picture", "seen"],
        "last": ["beside"],
        "residual": ["the picture", "last"],
    }


def test_costs_are_those_of_the_textbook() -> None:
    first, second = summary_of(nets.plain()).layers
    own = 22 * 22 * 3 * 3 * 3 * 4
    assert first.macs == pytest.approx(own / 24**2, abs=1e-3)
    assert second.macs == pytest.approx((own + 9 * 9 * 3 * 3 * 4 * 5) / 24**2, abs=1e-3)
    assert second.floats == pytest.approx((22 * 22 * 4 + 11 * 11 * 4 + 9 * 9 * 5) / 24**2, abs=1e-3)


def test_a_shared_layer_is_shown_once_for_each_call_and_counted_once() -> None:
    summary = summary_of(nets.shared())
    assert [layer.call for layer in summary.layers] == [1, 2, 1, 2]
    assert len({layer.slug for layer in summary.layers}) == 4
    assert sum(row.parameters for row in summary.architecture) == summary.parameters == nets.shared().count_params()


@pytest.mark.parametrize(
    ("network", "any_size"),
    [(nets.plain, True), (nets.nested_twice, True), (nets.with_top, True), (nets.dense_before, False)],
)
def test_whether_other_sizes_can_be_fed(network: Callable[[], keras.Model], any_size: bool) -> None:
    summary = summary_of(network())
    assert summary.any_size is any_size
    assert (summary.picture_size(32) == (32, 32)) is any_size


def test_what_is_no_picture_is_left_out_with_a_reason() -> None:
    assert summary_of(nets.with_conv1d()).left_out == ("sequence (Conv1D) is left out: it has no second axis to draw",)


@keras.saving.register_keras_serializable("filter-gallery-tests")
class Opaque(keras.layers.Layer):
    """A block whose call does more than layers and keras.ops."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.conv = keras.layers.Conv2D(2, 3)

    def call(self, x: Any) -> Any:
        """Convolve what is multiplied by a number of Python."""
        return self.conv(tf.nn.relu(x) * float(tf.reduce_mean(x)))

    def compute_output_shape(self, shape: Any) -> Any:
        """Return what Keras cannot find out."""
        return (shape[0], shape[1] - 2, shape[2] - 2, 2)


def test_a_convolution_that_no_picture_reaches_is_named() -> None:
    image, other = keras.Input((8, 8, 3), name="image"), keras.Input((4, 4, 2), name="mask")
    seen = keras.layers.Conv2D(2, 1, name="seen")(image)
    separate = keras.layers.Conv2D(2, 1, name="apart")(other)
    both = keras.layers.Add()([keras.layers.AveragePooling2D(2)(seen), separate])
    summary = summary_of(keras.Model([image, other], keras.layers.Conv2D(2, 1, name="both")(both)))
    assert [layer.name for layer in summary.layers] == ["seen", "both"]
    assert summary.left_out == ("apart (Conv2D) is left out: no picture reaches it, only zeros do",)
    assert any("mask" in note and "zeros" in note for note in summary.notes)


def test_a_block_that_can_be_opened_shows_its_convolutions() -> None:
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Conv2D(3, 1, name="seen"), nets.Subclassed(name="block")]
    )
    summary = summary_of(model)
    assert [layer.name.partition("/")[0] for layer in summary.layers] == ["seen", "block"]
    assert summary.left_out == ()


def test_a_block_that_hides_its_convolutions_is_named() -> None:
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(3, 1, name="seen"), Opaque(name="block")])
    summary = summary_of(model)
    assert [layer.name for layer in summary.layers] == ["seen"]
    (line,) = summary.left_out
    assert line.startswith("block (Opaque) is left out with the convolutions inside it: ")


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (nets.dense_only, "the model has no convolutional layer to show"),
        (nets.conv1d_only, "the model takes (32, 2) of float32, not pictures"),
    ],
)
def test_what_cannot_be_shown_is_refused(network: Callable[[], keras.Model], message: str) -> None:
    with pytest.raises(ModelError) as refused:
        summary_of(network())
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("channels", "bands", "shown", "note"),
    [
        (1, (), (0,), None),
        (3, (), (0, 1, 2), None),
        (3, (2, 1, 0), (2, 1, 0), None),
        (2, (), (0,), "The network takes 2 channels: channel 0 is shown as gray"),
        (3, (1,), (1,), "The network takes 3 channels: channel 1 is shown as gray"),
        (5, (), (0, 1, 2), "The network takes 5 channels: channels 0, 1 and 2 are shown as red, green and blue"),
        (5, (4, 4, 0), (4, 4, 0), "The network takes 5 channels: channels 4, 4 and 0 are shown as red, green and blue"),
    ],
)
def test_which_channels_are_shown(
    channels: int, bands: tuple[int, ...], shown: tuple[int, ...], note: str | None
) -> None:
    model = keras.Sequential([keras.Input((8, 8, channels)), keras.layers.Conv2D(2, 3)])
    summary = describe(model, flatten(model), named("none", channels), "digest", ["first"], bands=bands)
    assert (summary.channels, summary.bands) == (channels, shown)
    assert summary.warnings == ("first",)
    assert [own[: len(note or "")] for own in summary.notes] == ([note] if note else [])


def test_channels_that_the_network_does_not_have() -> None:
    model = keras.Sequential([keras.Input((8, 8, 5)), keras.layers.Conv2D(2, 3)])
    with pytest.raises(ModelError, match=r"bands: no channel 5; the network takes 5, from 0 to 4"):
        describe(model, flatten(model), named("none", 5), "digest", [], bands=(5,))


@pytest.mark.parametrize("up", ["UpSampling2D", "Conv2DTranspose"])
@pytest.mark.parametrize("side", [None, 64])
def test_a_network_that_halves_and_joins_again_takes_multiples(up: str, side: int | None) -> None:
    def larger(x: Any) -> Any:
        return keras.layers.UpSampling2D()(x) if up == "UpSampling2D" else keras.layers.Conv2DTranspose(3, 2, 2)(x)

    image = keras.Input((side, side, 3))
    full = keras.layers.Conv2D(3, 3, padding="same")(image)
    half = keras.layers.Conv2D(3, 3, padding="same")(keras.layers.MaxPooling2D()(full))
    deep = keras.layers.Conv2D(3, 3, padding="same")(keras.layers.MaxPooling2D()(half))
    up_half = keras.layers.Concatenate()([larger(deep), half])
    up_full = keras.layers.Concatenate()([larger(up_half), full])
    summary = summary_of(keras.Model(image, keras.layers.Conv2D(2, 3)(up_full)))
    assert (summary.any_size, summary.multiple) == (True, 4)
    assert summary.picture_size(30) == (32, 32)


def test_augmentation_is_nothing_when_pictures_are_shown() -> None:
    image = keras.Input((24, 24, 3))
    x = keras.layers.RandomContrast(0.2)(keras.layers.RandomRotation(0.1)(keras.layers.RandomFlip()(image)))
    (layer,) = summary_of(keras.Model(image, keras.layers.Conv2D(2, 5)(x))).layers
    assert layer.receptive_field == (5, 5)


def test_hostile_names_stay_as_they_are_but_never_reach_a_path() -> None:
    summary = summary_of(nets.hostile())
    assert tuple(layer.name for layer in summary.layers) == nets.HOSTILE
    assert [layer.slug for layer in summary.layers] == [
        "001-script-alert-1-script",
        "002-a-b-etc",
        "003-con-x",
        "004-uni-code-31m",
        "005-onerror-x",
    ]


def test_a_summary_survives_json() -> None:
    import json

    summary = summary_of(nets.residual())
    assert ModelSummary.from_json(json.loads(json.dumps(summary.to_json()))) == summary
    assert ModelSummary.from_json({**summary.to_json(), "version": 0}) is None
