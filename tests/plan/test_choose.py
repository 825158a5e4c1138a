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
CARD: ModelSummary = summary(*LAYERS)


@pytest.mark.parametrize(
    ("wanted", "expected"),
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
def test_filters_are_all_or_spread_or_named(wanted: Filters, expected: tuple[int, ...]) -> None:
    assert choose_filters(wanted, LAYERS[0], "net") == expected


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
    assert {c.layer.name: len(c.filters) for c in chosen_layers(of, CARD, choice)} == expected


def test_the_first_rule_that_matches_gives_the_settings() -> None:
    (first,), (second,) = (chosen.settings for chosen in chosen_layers(RULES, CARD))
    assert (first.size, first.steps) == (32, 7)
    assert (second.size, second.steps) == (RenderSettings().size, 9)


def direction(glob: str, filters: tuple[int, ...]) -> ModelEntry:
    """Return an entry with a direction of these filters for the layers that a pattern names."""
    objective = (ObjectiveSpec(), ObjectiveSpec("direction", tuple((index, 1.0) for index in filters)))
    return entry(layers=(LayerRule(glob, None, (("objective", objective),)), LayerRule("*")))


def test_a_direction_for_one_layer_need_not_fit_the_others() -> None:
    assert [len(c.settings) for c in chosen_layers(direction("stem", (7,)), CARD)] == [2, 1, 1]


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
        chosen_layers(of, CARD, choice)
    assert str(caught.value) == message


BOTH = [(RULES, CARD), (entry("other"), summary(conv(1, "own", 2)))]


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
