"""Random changes of the picture before every step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidatorFunctionWrapHandler,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from generator.config import values
from generator.config.types.annotations import Omittable, Strict, Takes, TakesList, near
from generator.config.types.numbers import NumberOrFraction
from generator.errors import quoted


@dataclass(frozen=True)
class _Limit:
    """Annotation of the limit of a transform: a number within bounds."""

    kind: str
    low: float
    high: float

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(self._within, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        number, fraction = handler(core)["anyOf"]
        return {"anyOf": [{**number, "minimum": self.low, "maximum": self.high}, fraction]}

    def _within(self, value: object, handler: ValidatorFunctionWrapHandler) -> object:
        number = handler(value)
        if not self.low <= number <= self.high:
            raise ValueError(f"{self.kind}: expected {self.low:g} to {self.high:g}, got {quoted(value)}")
        return number


class TransformPart(Strict):
    """A random transform and its limit: one key."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    shift: Annotated[Omittable[NumberOrFraction], _Limit("shift", 0, 0.5)] = None
    """Parts of the shorter side."""
    scale: Annotated[Omittable[NumberOrFraction], _Limit("scale", 1, 4)] = None
    """A factor, and its inverse."""
    rotate: Annotated[Omittable[NumberOrFraction], _Limit("rotate", 0, 180)] = None
    """Degrees, either way."""
    noise: Annotated[Omittable[NumberOrFraction], _Limit("noise", 0, 1)] = None
    """The standard deviation, the range of values being 1."""


def _one_transform(value: object) -> object:
    kinds = tuple(TransformPart.model_fields)
    if not isinstance(value, dict) or len(value) != 1:
        raise ValueError(f"expected one transform such as {{shift: 1/16}}, got {quoted(value)}")
    (kind,) = value
    if kind not in kinds:
        raise ValueError(f"expected {' or '.join(kinds)}, got {quoted(kind)}{near(*kinds)(kind)}")
    return value


def _kind_and_limit(part: TransformPart) -> tuple[str, float]:
    (kind,) = part.model_fields_set
    return kind, getattr(part, kind)


_OneTransform = Annotated[
    tuple[str, float],
    Takes(
        Annotated[TransformPart, BeforeValidator(_one_transform)],
        make=_kind_and_limit,
    ),
]
TransformList = Annotated[
    values.Transforms,
    TakesList(
        _OneTransform,
        "a list such as [{shift: 1/16}, {rotate: 10}], [] for none;",
        examples=([{"shift": "1/16"}, {"rotate": 10}], []),
    ),
]
"""Random transforms in their order, each with its limit."""
