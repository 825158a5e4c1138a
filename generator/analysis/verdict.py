"""What became of a picture, and what it is measured by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from generator.config.values import RenderSettings

Verdict = Literal["converged", "weak", "dead"]
CONVERGED: Final = "converged"
WEAK: Final = "weak"
DEAD: Final = "dead"
RANK: dict[Verdict, int] = {CONVERGED: 0, WEAK: 1, DEAD: 2}
"""The order in which overviews show filters."""


def verdict(score: float, reached: float, photos: Sequence[float]) -> Verdict:
    """Return ``converged``, ``weak`` (a photo excites the filter more) or ``dead`` (nothing ever did).

    ``reached`` is the largest value seen from the start to the end, ``photos`` is what the photos give under the
    same objective, as far as they can be compared with the picture (see ``photo_level``).
    """
    if max(score, reached, *photos) <= 0:
        return DEAD
    return WEAK if score <= 0 or (photos and score < max(photos)) else CONVERGED


def photo_level(settings: RenderSettings, index: int, responses: Mapping[int, float], peak: float) -> float | None:
    """Return what a photo gives under a picture's objective, or None if that was not measured.

    ``responses`` are the layer's to the photo, by filter, and ``peak`` is the largest value of the filter ``index``
    on it: its unit is one place, and a photo shows its pattern wherever it likes. How far below zero a photo drives a
    filter is not recorded, so a negative has nothing to be compared with.
    """
    if settings.sign == "negative":
        return None
    if settings.objective.kind == "neuron":
        return peak
    if settings.objective.kind not in ("channel", "direction"):  # another objective's value on photos is not recorded
        return None
    weights = dict(settings.objective.weights) or {index: 1.0}
    if not weights.keys() <= responses.keys():
        return None
    return sum(weight * responses[one] for one, weight in weights.items())


def of_filter(main: Verdict, others: Sequence[Verdict], responses: Sequence[float]) -> Verdict:
    """Return the verdict on a filter: that on its main picture, but not ``dead`` if anything made it respond.

    ``others`` are the verdicts on its further positive pictures, ``responses`` are those to the photos.
    """
    alive = any(other != DEAD for other in others) or any(response > 0 for response in responses)
    return WEAK if main == DEAD and alive else main
