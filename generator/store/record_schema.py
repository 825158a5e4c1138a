"""The schema of the records that tasks leave. One that does not follow it is of no use: it is as if absent.

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
FailedFilter = Annotated[tuple[Count, str], Strict(False)]
"""A filter that has no result, and why."""


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
    trace: Annotated[list[Number], Field(min_length=1)]
    second: Number | None = None


class _FilterPictures(_Schema):
    filter: Count
    pictures: Annotated[list[_Picture], Field(min_length=1)]


class _PooledMap(_Schema):
    low: Number
    high: Number
    cells: Annotated[str, Field(pattern="^[A-Za-z0-9+/]{86}==$")]  # 8 x 8 bytes in base64


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
    of: Annotated[Count, Field(ge=1)]
    alike: list[Alike]
    size: Pixels


class _Record(_Schema):
    blobs: list[Blob]
    failed: list[FailedFilter] = []


class _PictureRecord(_Record):
    technique: Literal["picture"]
    filters: list[_FilterPictures]
    size: Pixels


class _MapRecord(_Record):
    technique: Literal["feature-map"]
    photo: Blob
    filters: list[_FilterMap]


class _KernelRecord(_Record):
    technique: Literal["kernel"]
    filters: list[_FilterKernel]


Pixel = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
_Window = Annotated[tuple[Pixel, Pixel], Strict(False)] | None
_Windows = Annotated[tuple[list[_Window], list[_Window]], Strict(False)]


class _LayerImages(_Schema):
    """What a dataset's record holds of a layer besides the numbers: how many filters, its map, what units see."""

    layer: Count
    filters: Count
    map: Pixels
    fields: _Windows | None


class _DatasetRecord(_Record):
    """What the filters of some layers did on some images: digest and class of each, and the blob of the numbers."""

    technique: Literal["dataset"]
    images: list[Annotated[tuple[Blob, str], Strict(False)]]
    unread: list[Annotated[tuple[Blob, str, str], Strict(False)]]
    layers: Annotated[list[_LayerImages], Field(min_length=1)]
    classes: list[str]
    threshold: Annotated[int, Field(ge=0, le=2**32)]
    numbers: Blob


_Any = _PictureRecord | _MapRecord | _KernelRecord | _DatasetRecord
_RECORD: TypeAdapter[_Any] = TypeAdapter(Annotated[_Any, Field(discriminator="technique")])


def is_sound(record: dict[str, Any], exact: bool = False) -> bool:
    """Tell whether a record follows the schema of its technique, and lists every blob that it names.

    Where it must be ``exact`` it also holds nothing else.
    """
    try:
        shaped = _RECORD.validate_python(record)
    except (ValidationError, RecursionError):
        return False
    known = {*type(shaped).model_fields, "size"}  # some versions wrote a size for all techniques
    if isinstance(shaped, _KernelRecord) and any(len(entry.inputs) != len(entry.shares) for entry in shaped.filters):
        return False
    return {*_named(shaped)} <= {*shaped.blobs} and not (exact and record.keys() - known)


def _named(record: _Any) -> Iterator[str]:
    if isinstance(record, _DatasetRecord):
        yield record.numbers
    elif isinstance(record, _KernelRecord):
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
