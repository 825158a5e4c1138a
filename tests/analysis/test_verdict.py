from __future__ import annotations

import pytest

from generator.analysis.verdict import (
    CONVERGED,
    DEAD,
    WEAK,
    Verdict,
    filter_verdict,
    is_signed,
    photo_value,
    picture_verdict,
    responds_to_photo,
    same,
)
from generator.config.values import ObjectiveSpec, RenderSettings


@pytest.mark.parametrize(
    ("score", "reached", "photos", "expected"),
    [
        (2.0, 2.0, [1.0, 0.0], CONVERGED),
        (2.0, 2.0, [2.0], CONVERGED),
        (2.0, 2.0, [], CONVERGED),
        (0.1, 0.0, [0.0], CONVERGED),
        (2.0, 2.0, [1.0, 2.1], WEAK),
        (0.0, 0.0, [0.1], WEAK),
        (-1.0, -1.0, [0.1], WEAK),
        # it fired on the way, but does not on the picture as saved
        (0.0, 0.1, [], WEAK),
        (0.0, 0.1, [0.0], WEAK),
        (-0.2, 0.1, [-0.3], WEAK),
        (0.0, 0.0, [0.0, 0.0], DEAD),
        (-1.0, -1.0, [-3.0], DEAD),
        (0.0, 0.0, [], DEAD),
    ],
)
def test_the_verdict_on_a_picture(score: float, reached: float, photos: list[float], expected: str) -> None:
    assert picture_verdict(score, reached, photos) == expected


@pytest.mark.case("linear-dead")
@pytest.mark.parametrize(
    ("score", "photos", "responds", "expected"),
    [
        (-0.2, [-0.5, -1.0], True, CONVERGED),
        (-0.5, [-0.2], True, WEAK),
        (0.5, [-0.2], True, CONVERGED),
        (0.5, [0.7], True, WEAK),
        (-0.2, [], True, CONVERGED),
        (-0.2, [-0.2], False, DEAD),
        (0.3, [0.3], False, DEAD),
        (0.0, [0.0], False, DEAD),
    ],
)
def test_zero_is_no_threshold_where_values_can_be_negative(
    score: float, photos: list[float], responds: bool, expected: str
) -> None:
    assert picture_verdict(score, score, photos, signed=True, responds=responds) == expected


def test_a_photo_with_active_places_keeps_a_filter_from_being_dead() -> None:
    assert picture_verdict(-0.1, -0.1, [-0.05]) == DEAD
    assert picture_verdict(-0.1, -0.1, [-0.05], responds=True) == WEAK  # swish: below zero in the mean, not everywhere


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.0], True), ([0.0, 0.0], True), ([2.0, 2.00001], True), ([2.0, 2.001], False), ([-1e-9, 1e-9], False)],
)
def test_when_values_are_the_same(values: list[float], expected: bool) -> None:
    assert same(values) is expected


@pytest.mark.parametrize(
    ("response", "peak", "signed", "expected"),
    [
        (0.1, 0.5, False, True),
        (-0.1, 0.5, False, True),
        (0.0, 0.0, False, False),
        (-0.5, -0.1, False, False),
        (-0.5, -0.1, True, True),
        (-0.5, -0.5, True, False),
        (0.5, 0.5, True, False),
    ],
)
def test_whether_a_filter_responds_to_a_photo(response: float, peak: float, signed: bool, expected: bool) -> None:
    assert responds_to_photo(response, peak, signed) is expected


CHANNEL, NEURON = ObjectiveSpec(), ObjectiveSpec("neuron")
MIXED = ObjectiveSpec("direction", ((3, 1.0), (7, -0.5)))


@pytest.mark.parametrize(
    ("objective", "sign", "signed_layer", "expected"),
    [
        (CHANNEL, "positive", False, False),
        (CHANNEL, "positive", True, True),
        (MIXED, "positive", False, True),
        (ObjectiveSpec("direction", ((3, 1.0),)), "positive", False, False),
        # how far below zero: never negative
        (CHANNEL, "negative", True, False),
        (MIXED, "negative", True, False),
    ],
)
def test_whether_an_objective_can_be_negative(
    objective: ObjectiveSpec, sign: str, signed_layer: bool, expected: bool
) -> None:
    assert is_signed(RenderSettings(objective=objective, sign=sign), signed_layer) is expected


@pytest.mark.parametrize(
    ("objective", "sign", "responses", "expected"),
    [
        (CHANNEL, "positive", {3: 2.0}, 2.0),
        (CHANNEL, "positive", {3: -2.0}, -2.0),
        (NEURON, "positive", {3: 2.0}, 5.0),
        (MIXED, "positive", {3: 2.0, 7: 6.0, 9: 1.0}, -1.0),
        # the record does not have all that the direction names
        (MIXED, "positive", {3: 2.0}, None),
        # how far below zero a photo drives a filter is not measured
        (ObjectiveSpec("another"), "positive", {3: 2.0}, None),
        (CHANNEL, "negative", {3: 2.0}, None),
        (NEURON, "negative", {3: 2.0}, None),
        (MIXED, "negative", {3: 2.0, 7: 6.0}, None),
    ],
)
def test_the_value_of_an_objective_on_a_photo(
    objective: ObjectiveSpec, sign: str, responses: dict[int, float], expected: float | None
) -> None:
    assert photo_value(RenderSettings(objective=objective, sign=sign), 3, responses, peak=5.0) == expected


@pytest.mark.parametrize(
    ("main", "others", "responds", "expected"),
    [
        (CONVERGED, [], False, CONVERGED),
        (CONVERGED, [DEAD], False, CONVERGED),
        (WEAK, [CONVERGED], True, WEAK),
        (DEAD, [], False, DEAD),
        (DEAD, [DEAD, DEAD], False, DEAD),
        (DEAD, [], True, WEAK),
        (DEAD, [DEAD, WEAK], False, WEAK),
        (DEAD, [CONVERGED], False, WEAK),
    ],
)
def test_a_filter_is_dead_only_if_nothing_made_it_respond(
    main: Verdict, others: list[Verdict], responds: bool, expected: Verdict
) -> None:
    assert filter_verdict(main, others, responds) == expected
