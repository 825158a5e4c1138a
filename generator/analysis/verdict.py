"""The verdict on a picture and on a filter: whether the optimisation succeeded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

from generator.config.values import RenderSettings

Verdict = Literal["converged", "weak", "dead"]
CONVERGED: Final = "converged"
WEAK: Final = "weak"
DEAD: Final = "dead"
RANK: dict[Verdict, int] = {CONVERGED: 0, WEAK: 1, DEAD: 2}
"""The order in which overviews show filters."""


SAME_WITHIN = 1e-5
"""Of the larger of two values: what they may differ by and still be the same, as records hold six digits."""


def same(values: Iterable[float], negligible: float = 0.0) -> bool:
    """Tell whether all of some values, at least one, are the same; those at most ``negligible`` below zero are zero."""
    values = [0.0 if -negligible <= value <= 0 else value for value in values]
    return max(values) - min(values) <= SAME_WITHIN * max(map(abs, values))


def picture_verdict(
    score: float, reached: float, photos: Sequence[float], signed: bool = False, responds: bool = False
) -> Verdict:
    """Return ``converged``, ``weak`` (a photo excites the filter more) or ``dead`` (nothing ever did).

    ``reached`` is the largest value of the objective from the start to the end, ``photos`` its values on the photos, as
    far as they can be compared with the picture (see ``photo_value``). Where the objective is ``signed``, it can be
    negative, and zero is no threshold: there a picture is ``dead`` if what it is of is always the same. ``responds``
    says what else is known: of a signed objective, that it differed anywhere; of any other, that it was above zero at
    some place of a photo.
    """
    fell_short = bool(photos) and score < max(photos)
    if signed:
        dead = not responds
    else:
        dead = max(score, reached, *photos) <= 0 and not responds
        fell_short = fell_short or score <= 0
    return DEAD if dead else WEAK if fell_short else CONVERGED


def is_signed(settings: RenderSettings, signed_layer: bool) -> bool:
    """Tell whether the objective of a picture can be negative; ``signed_layer`` tells whether the activations can.

    A negative picture's cannot: it is how far below zero the filter is.
    """
    mixed = any(weight < 0 for _, weight in settings.objective.weights)
    return settings.sign == "positive" and (signed_layer or mixed)


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


def responds_to_photo(response: float, peak: float, signed: bool, negligible: float = 0.0) -> bool:
    """Tell whether a filter responds anywhere on a photo, of which its mean and largest activation are known."""
    return not same((response, peak), negligible) if signed else peak > 0


def filter_verdict(main: Verdict, others: Sequence[Verdict], responds: bool) -> Verdict:
    """Return the verdict on a filter: that on its main picture, but not ``dead`` if anything made it respond.

    ``others`` are the verdicts on its further positive pictures; ``responds`` tells whether it does to any photo.
    """
    return WEAK if main == DEAD and (responds or any(other != DEAD for other in others)) else main
