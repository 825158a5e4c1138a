"""Types of the fields of manifest.json, each with its validation and its JSON Schema."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import AfterValidator, FailFast, Field, WithJsonSchema

from generator.digests import DIGEST
from generator.site.paths import path_fault

MAX_INTEGER = 2**53
"""The largest integer that JavaScript represents exactly, with all below it."""


def _check_path(path: str) -> str:
    if fault := path_fault(path):
        raise ValueError(f"{path[:80]!r} {fault}")
    return path


T = TypeVar("T")

Several = Annotated[tuple[T, ...], FailFast()]
"""A list, read to the first item that is wrong: a fault of each of a million would take gigabytes."""

SitePath = Annotated[
    str,
    AfterValidator(_check_path),
    WithJsonSchema(
        {"type": "string", "pattern": r"^[^/\\][^\\]*$", "description": "relative to the site's root"},
    ),
]
Digest = Annotated[str, Field(pattern=f"^{DIGEST}$")]
LongText = Annotated[str, Field(max_length=100_000)]
FiniteNumber = Annotated[float, Field(allow_inf_nan=False)]
NonNegativeNumber = Annotated[float, Field(ge=0, allow_inf_nan=False)]
NonNegative = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
Positive = Annotated[int, Field(ge=1, le=MAX_INTEGER)]
Seed = Annotated[int, Field(ge=0, lt=2**64)]
"""One more than JavaScript represents exactly: config.yaml takes 63 bits, and repeats count on from there."""
FilterIndex = Annotated[int, Field(ge=0, lt=10_000_000)]
