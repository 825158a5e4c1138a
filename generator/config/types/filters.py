"""Which filters of a layer are meant."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from generator.config import values
from generator.config.types.annotations import Strict, Takes, key_hint
from generator.config.types.numbers import Count, Index
from generator.config.values import MostActive


class MostActivePart(Strict):
    """The mapping form of ``filters:``."""

    most_active: Count
    """How many of a layer's filters."""


_Filters = Literal["all"] | Count | Annotated[list[Index], Field(min_length=1)] | MostActivePart


def _filters(given: str | int | list[int] | MostActivePart) -> values.Filters:
    if isinstance(given, MostActivePart):
        return MostActive(given.most_active)
    return tuple(dict.fromkeys(given)) if isinstance(given, list) else given


def _filters_hint(value: object) -> str:
    hint = key_hint(value, "most_active")
    return hint and f". {hint}"


FilterSelection = Annotated[
    values.Filters,
    Takes(
        _Filters,
        "all, a number above zero, a list of filter indices, or {most_active: 8},",
        _filters,
        _filters_hint,
        examples=("all", 16, [0, 3, 7], {"most_active": 8}),
    ),
]
