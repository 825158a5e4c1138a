"""The verdict on a picture and on a filter: whether the optimisation succeeded."""

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


def picture_verdict(score: float, reached: float, photos: Sequence[float]) -> Verdict:
    """Return ``converged``, ``weak`` (a photo excites the filter more) or ``dead`` (nothing ever did).

    ``reached`` is the largest value of the objective from the start to the end, ``photos`` its values on the photos, as
    far as they can be compared with the picture (see ``photo_value``).
    """
    if max(score, reached, *photos) <= 0:
        return DEAD
    return WEAK if score <= 0 or (photos and score < max(photos)) else CONVERGED


def photo_value(settings: RenderSettings, index: int, responses: Mapping[int, float], peak: float) -> float | None:
    """Return the value of a picture's objective on a photo, or None if that was not measured.

    ``responses`` are the layer's to the photo, by filter, and ``peak`` is the largest value of the filter ``index``
    on it: a unit is at one position, and on a photo its pattern can be anywhere. How far below zero a photo drives a
    filter is not recorded, so a negative picture has nothing to be compared with.
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
    return sum(weight * responses[channel] for channel, weight in weights.items())


def filter_verdict(main: Verdict, others: Sequence[Verdict], responses: Sequence[float]) -> Verdict:
    """Return the verdict on a filter: that on its main picture, but not ``dead`` if anything made it respond.

    ``others`` are the verdicts on its further positive pictures, ``responses`` are those to the photos.
    """
    responds = any(other != DEAD for other in others) or any(response > 0 for response in responses)
    return WEAK if main == DEAD and responds else main
