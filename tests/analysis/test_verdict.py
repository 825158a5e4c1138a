from __future__ import annotations

import pytest

from generator.analysis.verdict import CONVERGED, DEAD, WEAK, Verdict, filter_verdict, photo_value, picture_verdict
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


CHANNEL, NEURON = ObjectiveSpec(), ObjectiveSpec("neuron")
MIXED = ObjectiveSpec("direction", ((3, 1.0), (7, -0.5)))


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
    ("main", "others", "responses", "expected"),
    [
        (CONVERGED, [], [], CONVERGED),
        (CONVERGED, [DEAD], [0.0], CONVERGED),
        (WEAK, [CONVERGED], [2.0], WEAK),
        (DEAD, [], [], DEAD),
        (DEAD, [DEAD, DEAD], [0.0, -1.0], DEAD),
        (DEAD, [], [0.0, 0.1], WEAK),
        (DEAD, [DEAD, WEAK], [0.0], WEAK),
        (DEAD, [CONVERGED], [], WEAK),
    ],
)
def test_a_filter_is_dead_only_if_nothing_made_it_respond(
    main: Verdict, others: list[Verdict], responses: list[float], expected: Verdict
) -> None:
    assert filter_verdict(main, others, responses) == expected
