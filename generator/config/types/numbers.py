"""Numbers, and lists of one for each channel or side."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, Field

from generator.config.types.annotations import Takes

Index = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]


def _computable(number: float) -> float:
    """Return a number that a network can compute with: neither infinite nor beyond a float.

    Raises ValueError for any other.
    """
    if not abs(number) < 1e300:
        raise ValueError(number)
    return number


Number = Annotated[float, AfterValidator(_computable)]
_Fraction = Annotated[
    str,
    Field(
        pattern=r"^\s*[-+]?[\d._]+([eE][-+]?\d+)?\s*(/\s*[\d_]+\s*)?$",
        json_schema_extra={"words": "fraction such as 1/255"},
    ),
]


MAX_FRACTION_LENGTH = 100
MAX_EXPONENT = 400
"""More than a float has; exact powers of ten take a long time where they are huge."""


def _number(given: float | str) -> float | None:
    try:
        return _computable(_fraction(given) if isinstance(given, str) else given)
    except (ValueError, ArithmeticError):
        return None


def _fraction(text: str) -> float:
    """Return the float next to a fraction: "1/255" says more than 0.00392156862745098.

    Raises ValueError or ArithmeticError for what is none, and for what a float cannot tell from infinity or zero.
    """
    exponent = re.search(r"[eE]([-+]?\d+)", text)
    if len(text) > MAX_FRACTION_LENGTH or (exponent and abs(int(exponent[1])) > MAX_EXPONENT):
        raise ValueError(text)
    exact = Fraction(text.replace(" ", ""))
    number = float(exact)
    if exact and not number:
        raise ValueError(text)
    return number


NumberOrFraction = Annotated[
    float,
    Takes(Number | _Fraction, "a number or a fraction such as 1/255,", _number, examples=(0.5, "1/255")),
]

_ChannelNumbers = Number | Annotated[list[Number], Field(min_length=1)]
Channels = Annotated[
    tuple[float, ...],
    Takes(
        _ChannelNumbers,
        "a number, or a list of one number for each channel,",
        lambda given: tuple(given) if isinstance(given, list) else (given,),
        examples=(0.5, [0.485, 0.456, 0.406]),
    ),
]
"""A number for each channel, or one for all."""

Deviations = Annotated[
    tuple[float, ...],
    Takes(Channels, "numbers above zero,", lambda numbers: numbers if min(numbers) > 0 else None),
]

_Side = Count | None
InputShape = Annotated[
    tuple[int | None, ...],
    Takes(
        Annotated[tuple[_Side, _Side, Count], Field(strict=False)],
        "[height, width, channels],",
        words="[height, width, channels]",
        examples=([224, 224, 3], [None, None, 1]),
    ),
]

_Bands = (
    Index
    | Annotated[list[Index], Field(min_length=1, max_length=1)]
    | Annotated[list[Index], Field(min_length=3, max_length=3)]
)
BandList = Annotated[
    tuple[int, ...],
    Takes(
        _Bands,
        "three channels of the input such as [3, 2, 1], or one;",
        lambda given: tuple(given) if isinstance(given, list) else (given,),
        examples=(0, [0], [3, 2, 1]),
    ),
]
"""The channels that are shown as red, green and blue, or the one that is shown as gray."""
