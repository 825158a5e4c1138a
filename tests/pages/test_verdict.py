from __future__ import annotations

import pytest

from generator.pages.verdict import CONVERGED, DEAD, WEAK, verdict


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
def test_what_became_of_a_picture(score: float, reached: float, photos: list[float], expected: str) -> None:
    assert verdict(score, reached, photos) == expected
