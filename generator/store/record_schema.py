"""The schema of the records that tasks leave. One that does not follow it was damaged or forged: it is as if absent.

Fields keep the names of the first stores, so that these stay valid: ``growth`` are the snapshots, ``sketch`` the pooled
map, ``places`` the active share, ``of`` the input count, ``alike`` the similar filters. ``uncapped`` is what a photo
gives without the ceiling of the layer's activation, where it has one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict, TypeAdapter, ValidationError

from generator.digests import DIGEST

Blob = Annotated[str, Field(pattern=f"^{DIGEST}$")]
Number = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=10**9)]
Side = Annotated[int, Field(gt=0, le=100_000)]
# JSON knows no tuples, so here lists count as such; nothing else is converted.
Pixels = Annotated[tuple[Side, Side], Strict(False)]
Snapshot = Annotated[tuple[Count, Blob], Strict(False)]
Alike = Annotated[tuple[Count, Number], Strict(False)]


class _Schema(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class _Channels(_Schema):
    sheet: Blob
    size: Pixels


class _Picture(_Schema):
    picture: Blob
    growth: list[Snapshot]
    channels: _Channels | None = None
    transparent: bool
    score: Number
    reached: Number
    trace: list[Number]


class _FilterPictures(_Schema):
    filter: Count
    pictures: Annotated[list[_Picture], Field(min_length=1)]


class _PooledMap(_Schema):
    low: Number
    high: Number
    cells: str


class _Measured(_Schema):
    response: Number
    peak: Number


class _FilterMap(_Schema):
    filter: Count
    map: Blob
    response: Number
    peak: Number
    uncapped: _Measured | None = None
    places: Number
    sketch: _PooledMap
    size: Pixels


class _FilterKernel(_Schema):
    filter: Count
    kernel: Blob
    colour: bool
    inputs: list[Count]
    shares: list[Number]
    of: Count
    alike: list[Alike]
    size: Pixels


class _PictureRecord(_Schema):
    technique: Literal["picture"]
    filters: list[_FilterPictures]
    size: Pixels
    blobs: list[Blob]


class _MapRecord(_Schema):
    technique: Literal["feature-map"]
    photo: Blob
    filters: list[_FilterMap]
    blobs: list[Blob]


class _KernelRecord(_Schema):
    technique: Literal["kernel"]
    filters: list[_FilterKernel]
    blobs: list[Blob]


_RECORD: TypeAdapter[_PictureRecord | _MapRecord | _KernelRecord] = TypeAdapter(
    Annotated[_PictureRecord | _MapRecord | _KernelRecord, Field(discriminator="technique")]
)


def is_sound(record: dict[str, Any]) -> bool:
    """Tell whether a record follows the schema of its technique, and lists every blob that it names."""
    try:
        shaped = _RECORD.validate_python(record)
    except (ValidationError, RecursionError):
        return False
    return {*_named(shaped)} <= {*shaped.blobs}


def _named(record: _PictureRecord | _MapRecord | _KernelRecord) -> Iterator[str]:
    if isinstance(record, _KernelRecord):
        yield from (entry.kernel for entry in record.filters)
    elif isinstance(record, _MapRecord):
        yield record.photo
        yield from (entry.map for entry in record.filters)
    else:
        for picture in (picture for entry in record.filters for picture in entry.pictures):
            yield picture.picture
            yield from (blob for _, blob in picture.growth)
            if picture.channels:
                yield picture.channels.sheet
