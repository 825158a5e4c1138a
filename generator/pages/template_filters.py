"""The templates' filters: numbers, shapes and settings as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from generator import terms
from generator.analysis.filter_views import ImageFile
from generator.config.values import RenderSettings, Transforms
from generator.models.summary import WHOLE_INPUT
from generator.numbers import MINUS, significant
from generator.site.sheets import place

TIMES = "\N{MULTIPLICATION SIGN}"

DIRECTION_TERMS = 4
"""How many terms of a direction are shown; the manifest has all."""


def shape(value: Sequence[int | None]) -> str:
    """Return ``96 × 96 × 3``; a free side is an en dash."""
    return f" {TIMES} ".join("\N{EN DASH}" if n is None else str(n) for n in value)


def input_shape(value: Sequence[int | None]) -> str:
    """Return ``96 × 96 × 3``, or ``any size × 3`` where both sides are free."""
    if len(value) == 3 and value[:2] == (None, None):
        return f"any size {TIMES} {value[2]}"
    return f" {TIMES} ".join("any" if n is None else str(n) for n in value)


def receptive_field(value: Sequence[int] | None) -> str:
    """Return ``7 × 7``, ``whole input``, or ``not known``."""
    if value is None:
        return "not known"
    return "whole input" if WHOLE_INPUT in value else shape(value)


def grouped(number: int) -> str:
    """Return a count with thin spaces between its thousands."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def percent(share: float) -> str:
    """Return a share as whole percents."""
    return f"{100 * share:.0f}\N{NARROW NO-BREAK SPACE}%"


def small_percent(share: float) -> str:
    """Return a share as percents, with a decimal where it is small."""
    return f"{100 * share:.{0 if share >= 0.0995 else 1}f}\N{NARROW NO-BREAK SPACE}%"


def direction(weights: Sequence[tuple[int, float]]) -> str:
    """Return ``3 − 7`` or ``0.5 × 3 + 2 × 7``: the filters of a direction, at most the ``DIRECTION_TERMS`` largest."""
    largest = sorted(sorted(weights, key=lambda pair: -abs(pair[1]))[:DIRECTION_TERMS])
    terms: list[str] = []
    for index, weight in largest:
        factor = "" if abs(weight) == 1 else f"{significant(abs(weight))} {TIMES} "
        sign = (f"{MINUS} " if terms else MINUS) if weight < 0 else ("+ " if terms else "")
        terms.append(f"{sign}{factor}{index}")
    more = len(weights) - len(largest)
    return " ".join(terms) + (f" and {more} more" if more else "")


def objective(value: RenderSettings, index: int) -> str:
    """Return what was maximised for a filter."""
    if value.objective.weights:
        return f"spatial mean of channels {direction(value.objective.weights)}"
    return f"{terms.OBJECTIVES[value.objective.kind].meaning} of channel {index}"


def transforms(value: Transforms) -> str:
    """Return the random transforms of every step in words."""
    words = {
        "shift": lambda limit: f"shift up to {fraction(limit)} of the side",
        "scale": lambda limit: f"scale up to {significant(limit)}",
        "rotate": lambda limit: f"rotation up to {significant(limit)}°",
        "noise": lambda limit: f"noise of {percent(limit)} of the range",
    }
    return ", ".join(words[kind](limit) for kind, limit in value) or "none"


def fraction(share: float) -> str:
    """Return ``1/16`` for a unit fraction, else percents."""
    nearest = Fraction(share).limit_denominator(64)
    return f"{nearest}" if nearest.numerator == 1 and abs(nearest - share) < 1e-6 else percent(share)


def settings(value: RenderSettings, index: int) -> list[tuple[str, str]]:
    """Return the settings of a filter's picture, line by line; what has no effect with its method is left out."""
    fourier, maco = value.method == "fourier", value.method == "maco"
    high, low = "positive: maximised", "negative: minimised, before the activation function"
    lines = {
        "Method": terms.METHODS[value.method].meaning,
        "Objective": objective(value, index),
        "Sign": high if value.sign == "positive" else low,
        "Steps": str(value.steps),
        "Learning rate": significant(value.learning_rate) if value.start == "noise" else "small steps",
        "Transforms": transforms(value.transforms) if fourier else "",
        "Crops": f"{value.crops} at each step, of decreasing size, with noise" if maco else "",
        "Margin": (f"{value.margin} pixels at each side, cut off" if value.margin else "none") if fourier else "",
        "Diversity": f"{value.diversity} pictures, with a penalty on similar ones" if value.diversity > 1 else "",
        "Precision": f"{value.precision} (the score always in float32)" if value.precision != "float32" else "float32",
        "Start": "its best example" if value.start == "example" else "",
        "Seed": str(value.seed),
    }
    return [(name, line) for name, line in lines.items() if line]


def basenames(files: Sequence[ImageFile]) -> list[ImageFile]:
    """Return files with their names as paths, for a page in the same folder: it has hundreds of them."""
    return [replace(file, path=file.path.rpartition("/")[2]) for file in files]


def beside(path: str) -> str:
    """Return the address of a file of the same model, from a page of one of its layers."""
    return "../" + path.split("/", 1)[1]


def term(name: str) -> terms.Term | None:
    """Return the words for a method or an objective, or None where a name is neither."""
    return {**terms.METHODS, **terms.OBJECTIVES}.get(name)


def is_shown(source: tuple[int, int] | None, model: Any) -> bool:
    """Tell whether a model's pages show a filter, given with its layer's index."""
    return source is not None and source[0] in model.by_index and source[1] in model.by_index[source[0]].by_index


FILTERS: dict[str, Callable[..., object]] = {
    "shape": shape,
    "input_shape": input_shape,
    "receptive_field": receptive_field,
    "small_percent": small_percent,
    "grouped": grouped,
    "significant": significant,
    "percent": percent,
    "direction": direction,
    "settings": settings,
    "place": place,
    "basenames": basenames,
    "beside": beside,
    "term": term,
}
