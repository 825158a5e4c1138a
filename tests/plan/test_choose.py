from __future__ import annotations

import pytest

from generator.config import LayerRule, ModelEntry, MostActive, RenderSettings
from generator.config.values import Filters, ObjectiveSpec
from generator.errors import UsageError
from generator.models.summary import ConvLayer, ModelSummary
from generator.plan import EVERYTHING, Choice, check_layers, chosen_layers
from generator.plan.choose import choose_filters
from tests.summaries import conv, entry, summary

LAYERS: tuple[ConvLayer, ...] = (conv(1, "stem", 8), conv(2, "block1_conv1", 6), conv(3, "block1_conv2", 3))
NETWORK: ModelSummary = summary(*LAYERS)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("all", (0, 1, 2, 3, 4, 5, 6, 7)),
        (8, (0, 1, 2, 3, 4, 5, 6, 7)),
        (99, (0, 1, 2, 3, 4, 5, 6, 7)),
        (1, (0,)),
        (2, (0, 4)),
        (3, (0, 2, 5)),
        ((7, 0, 3), (0, 3, 7)),
    ],
)
def test_filters_are_all_or_spread_or_named(selection: Filters, expected: tuple[int, ...]) -> None:
    assert choose_filters(selection, LAYERS[0], "net") == expected


@pytest.mark.parametrize(
    ("activity", "expected"),
    [
        ((0.0, 5.0, 1.0, 5.0, -2.0, 0.0, 4.0, 0.5), (1, 3, 6)),
        ((1.0,) * 8, (0, 1, 2)),  # of equals the first
        ((), (0, 2, 5)),  # not known yet: as many, spread
    ],
)
def test_the_most_active_filters(activity: tuple[float, ...], expected: tuple[int, ...]) -> None:
    assert choose_filters(MostActive(3), LAYERS[0], "net", activity) == expected


def test_a_filter_that_a_layer_does_not_have() -> None:
    with pytest.raises(UsageError) as caught:
        choose_filters((0, 8), LAYERS[0], "net")
    assert str(caught.value) == "net/stem: no filter 8. The layer has 8, from 0 to 7"


RULES = entry(
    filters=2,
    render=(("steps", 9),),
    layers=(LayerRule("*conv2", "all"), LayerRule("block*", None, (("size", 32), ("steps", 7)))),
)


@pytest.mark.parametrize(
    ("of", "choice", "expected"),
    [
        (entry(), EVERYTHING, {"stem": 8, "block1_conv1": 6, "block1_conv2": 3}),
        (entry(filters=2), EVERYTHING, {"stem": 2, "block1_conv1": 2, "block1_conv2": 2}),
        (RULES, EVERYTHING, {"block1_conv1": 2, "block1_conv2": 3}),
        (RULES, Choice(filters=1), {"block1_conv1": 1, "block1_conv2": 1}),
        (RULES, Choice(filters="all"), {"block1_conv1": 6, "block1_conv2": 3}),
        (RULES, Choice(("*conv1",)), {"block1_conv1": 2}),
        (entry(), Choice(("stem", "*conv2"), (0, 2)), {"stem": 2, "block1_conv2": 2}),
    ],
)
def test_layers_and_how_many_filters_they_show(of: ModelEntry, choice: Choice, expected: dict[str, int]) -> None:
    assert {c.layer.name: len(c.filters) for c in chosen_layers(of, NETWORK, choice)} == expected


def test_the_first_rule_that_matches_gives_the_settings() -> None:
    (first,), (second,) = (chosen.settings for chosen in chosen_layers(RULES, NETWORK))
    assert (first.size, first.steps) == (32, 7)
    assert (second.size, second.steps) == (RenderSettings().size, 9)


def direction(glob: str, filters: tuple[int, ...]) -> ModelEntry:
    """Return an entry with a direction of these filters for the layers that a pattern names."""
    objective = (ObjectiveSpec(), ObjectiveSpec("direction", tuple((index, 1.0) for index in filters)))
    return entry(layers=(LayerRule(glob, None, (("objective", objective),)), LayerRule("*")))


def test_a_direction_for_one_layer_need_not_fit_the_others() -> None:
    assert [len(c.settings) for c in chosen_layers(direction("stem", (7,)), NETWORK)] == [2, 1, 1]


@pytest.mark.parametrize(
    ("of", "choice", "message"),
    [
        (
            entry(layers=(LayerRule("stem"), LayerRule("conv*"))),
            EVERYTHING,
            "net: no convolutional layer matches 'conv*'. See: filter-gallery layers net",
        ),
        (
            entry(layers=(LayerRule("block1_conv3"),)),
            EVERYTHING,
            "net: no convolutional layer matches 'block1_conv3'. Did you mean block1_conv2?",
        ),
        (entry(), Choice(filters=(5,)), "net/block1_conv2: no filter 5. The layer has 3, from 0 to 2"),
        (direction("*", (0, 5, 7)), EVERYTHING, "net/block1_conv1: no filter 7. The layer has 6, from 0 to 5"),
        (direction("stem", (8,)), EVERYTHING, "net/stem: no filter 8. The layer has 8, from 0 to 7"),
        (direction("stem", (9,)), Choice(filters=1), "net/stem: no filter 9. The layer has 8, from 0 to 7"),
    ],
)
def test_a_configuration_that_names_nothing_is_told(of: ModelEntry, choice: Choice, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        chosen_layers(of, NETWORK, choice)
    assert str(caught.value) == message


BOTH = [(RULES, NETWORK), (entry("other"), summary(conv(1, "own", 2)))]


@pytest.mark.parametrize(
    ("glob", "message"),
    [
        ("block1_conv3", "no convolutional layer matches 'block1_conv3'. Did you mean block1_conv2?"),
        ("zzz", "no convolutional layer matches 'zzz'. See: filter-gallery plan"),
        ("Own", "no convolutional layer matches 'Own'. Did you mean own?"),
        ("stem", "no convolutional layer matches 'stem'. See: filter-gallery plan"),  # the configuration leaves it out
    ],
)
def test_a_pattern_that_no_model_has_is_told(glob: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_layers(Choice(("own", glob)), BOTH)
    assert str(caught.value) == message


def test_a_pattern_may_be_of_any_of_the_models() -> None:
    choice = Choice(("own", "*conv1"))
    check_layers(choice, BOTH)
    assert [[c.layer.name for c in chosen_layers(*one, choice)] for one in BOTH] == [["block1_conv1"], ["own"]]


@pytest.mark.parametrize(
    ("choice", "narrows"),
    [(EVERYTHING, False), (Choice(("a",)), True), (Choice(filters="all"), True), (Choice(filters=3), True)],
)
def test_a_choice_knows_whether_it_leaves_anything_out(choice: Choice, narrows: bool) -> None:
    assert choice.narrows is narrows


def dense(index: int, name: str, units: int, **fields: object) -> ConvLayer:
    return conv(index, name, units, type="Dense", output_shape=(units,), is_head=True, activation="linear", **fields)


@pytest.mark.parametrize(
    ("layers", "filters", "units", "expected"),
    [
        ((LayerRule("*"),), "all", 10, 10),
        ((LayerRule("*"),), 4, 10, 10),  # few are all shown
        ((LayerRule("*"),), 4, 40, 4),
        ((LayerRule("*"),), "all", 1000, 100),
        ((LayerRule("*"),), 200, 1000, 100),
        ((LayerRule("*"),), MostActive(5), 1000, 5),
        ((LayerRule("*"),), (0, 3), 10, 10),  # the filters that are named are those of convolutions
        ((LayerRule("*"), LayerRule("dense", 16)), "all", 1000, 16),
        ((LayerRule("*"), LayerRule("dense", "all")), 3, 1000, 1000),
        ((LayerRule("dense", (3, 7)),), "all", 1000, 2),
        ((LayerRule("stem"),), "all", 10, 0),
        ((LayerRule("head", 3),), "all", 10, 3),
    ],
)
def test_the_units_of_a_dense_layer(layers: tuple[LayerRule, ...], filters: Filters, units: int, expected: int) -> None:
    network = summary(LAYERS[0], dense(2, "head", units))
    chosen = {own.layer.name: own.filters for own in chosen_layers(entry(layers=layers, filters=filters), network)}
    assert len(chosen.get("head", ())) == expected


def test_units_alone_leave_the_other_layers_as_they_are() -> None:
    network = summary(LAYERS[0], dense(2, "head", 1000))
    chosen = chosen_layers(entry(layers=(LayerRule("dense", 2),)), network)
    assert [(own.layer.name, own.filters) for own in chosen] == [("stem", tuple(range(8))), ("head", (0, 500))]


def test_dense_of_a_network_without_any() -> None:
    with pytest.raises(UsageError) as caught:
        chosen_layers(entry(layers=(LayerRule("*"), LayerRule("dense", 2))), NETWORK)
    assert str(caught.value) == "net: no dense layer ends the network. Leave `dense` out of `layers:`"


@pytest.mark.parametrize(
    ("labels", "network", "message"),
    [
        (3, summary(LAYERS[0], dense(2, "head", 4)), "net: labels: 3 names, but head has 4. Name each class once"),
        (3, NETWORK, "net: labels: 3 names, but the network ends without classes. Name each class once"),
    ],
)
def test_labels_of_the_wrong_number(labels: int, network: ModelSummary, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        chosen_layers(entry(labels=tuple(map(str, range(labels)))), network)
    assert str(caught.value) == message


def test_filters_that_are_chosen_now_are_those_of_convolutions() -> None:
    network = summary(LAYERS[0], dense(2, "head", 4))
    for choice, expected in (
        (Choice(filters=(1, 7)), {"stem": (1, 7), "head": (1,)}),
        (Choice(filters=(6, 7)), {"stem": (6, 7)}),
        (Choice(layers=("dense",)), {"head": (0, 1, 2, 3)}),
        (Choice(layers=("head",), filters=(2,)), {"head": (2,)}),
    ):
        assert {own.layer.name: own.filters for own in chosen_layers(entry(), network, choice)} == expected
    check_layers(Choice(layers=("dense",)), [(entry(), network)])


def test_a_direction_of_convolutions_leaves_units_out_that_do_not_have_it() -> None:
    network = summary(LAYERS[0], dense(2, "head", 4))
    of_stem = (("objective", (ObjectiveSpec("direction", ((7, 1.0),)),)),)
    assert [own.layer.name for own in chosen_layers(entry(render=of_stem), network)] == ["stem"]
    rules = (LayerRule("*"), LayerRule("dense"))
    with pytest.raises(UsageError, match="net/head: no filter 7"):
        chosen_layers(entry(render=of_stem, layers=rules), network)
