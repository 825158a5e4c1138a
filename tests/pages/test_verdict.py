from __future__ import annotations

import pytest

from generator.pages.verdict import CONVERGED, DEAD, WEAK, verdict


@pytest.mark.parametrize(
    ("score", "start", "trace", "photos", "expected"),
    [
        (2.0, 0.1, [0.1, 2.0], [1.0, 0.0], CONVERGED),
        (2.0, 0.1, [0.1, 2.0], [2.0], CONVERGED),
        (2.0, 0.1, [0.1, 2.0], [], CONVERGED),
        (2.0, 0.1, [0.1, 2.0], [1.0, 2.1], WEAK),
        (0.0, 0.0, [0.0, 0.0], [0.1], WEAK),
        (-1.0, -2.0, [-2.0, -1.0], [0.1], WEAK),
        (0.0, 0.0, [0.0, 0.0], [0.0, 0.0], DEAD),
        (-1.0, -2.0, [-2.0, -1.0], [-3.0], DEAD),
        (0.0, 0.0, [0.0], [], DEAD),
        # any sign of life is enough
        (0.0, 0.1, [0.0], [], CONVERGED),
        (0.0, 0.0, [0.0, 0.1, 0.0], [0.0], CONVERGED),
        (0.1, 0.0, [0.0], [0.0], CONVERGED),
    ],
)
def test_what_became_of_a_picture(
    score: float, start: float, trace: list[float], photos: list[float], expected: str
) -> None:
    assert verdict(score, start, trace, photos) == expected
