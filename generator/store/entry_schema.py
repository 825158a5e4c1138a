"""The schemas of a store's entries besides the records of tasks. What does not follow them is as if it were absent.

The summary of a model is checked by ``ModelSummary.from_json``: its schema is the class.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, RootModel, Strict, ValidationError

from generator.store.entries import Entry
from generator.store.record_schema import Blob, Count, Number, Pixels

Text = Annotated[str, Field(max_length=10_000)]
Ratios = list[Number | None]
Batch = Annotated[tuple[Annotated[Number, Field(gt=0)], Annotated[Count, Field(ge=1)]], Strict(False)]


class _Schema(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class Name(_Schema):
    """Which model last had a name."""

    name: str
    digest: Annotated[str, Field(pattern=r"^[^/\\]{1,200}$")]


class Tuning(_Schema):
    """How pictures of a model are optimised fastest: batches by a layer's activations per pixel of the input."""

    version: Count
    precision: Text
    batches: list[Batch]


class Sheet(_Schema):
    """The blob that is a sheet of thumbnails."""

    blob: Blob


class Site(_Schema):
    """What the site in a folder was made of; earlier versions noted no times."""

    inputs: Blob
    manifest: Blob
    verdicts: dict[str, Count]
    times: list[int] = []


class _Filters(_Schema):
    change: Ratios
    cosine: Ratios
    biases: Annotated[list[Ratios], Field(min_length=2, max_length=2)] | None


class _Layer(_Schema):
    folded: bool
    change: Number | None
    filters: _Filters


class Comparison(_Schema):
    """How much the weights of two models differ, layer by layer."""

    layers: list[_Layer]


class Dataset(_Schema):
    """The images of a model's dataset, and the records of what its filters did on them; see ``dataset.stored``."""

    dataset: Text
    model: Text
    record_group: Blob
    keys: list[Blob]
    names: list[str]
    labels: list[Annotated[int, Field(ge=-1, le=10**9)]]
    classes: list[str]
    digests: list[Blob]
    size: Pixels
    publish: bool
    examples: Count
    total: Count
    left_out: Count


class Circuit(_Schema):
    """What a model's filters are made of: measured on how many images, and the blob of the numbers of some layers.

    ``answers`` are the layer and filter of each answer, and ``effects`` the blob of what the filters of ``affecting``
    layers say to them. ``linked`` are layers, and ``links`` the blob of the links of their filters to what lies
    further back.
    """

    count: Count
    layers: list[Count]
    numbers: Blob
    answers: list[Annotated[list[Count], Field(min_length=2, max_length=2)]]
    affecting: list[Count]
    effects: Blob | None
    linked: list[Count]
    links: Blob | None


class Activity(RootModel[dict[Annotated[str, Field(pattern=r"^[0-9]{1,9}$")], list[Number]]]):
    """The responses of a model's filters to some photos, by a layer's index."""

    model_config = ConfigDict(strict=True, frozen=True)


class Speed(RootModel[dict[str, Annotated[Number, Field(ge=0)]]]):
    """How fast this machine was."""

    model_config = ConfigDict(strict=True, frozen=True)


def shape_of(schema: type[BaseModel]) -> Callable[[Entry, bool], bool]:
    """Return what tells whether an entry follows a schema, and, where it must be exact, holds nothing else."""
    known = {*schema.model_fields}

    def has_shape(entry: dict[str, Any], exact: bool) -> bool:
        if exact and known != {"root"} and entry.keys() - known:
            return False
        try:
            schema.model_validate(entry)
        except (ValidationError, RecursionError):
            return False
        return True

    return has_shape


def any_shape(entry: Entry, exact: bool) -> bool:
    """Accept any entry: whoever reads it checks its shape."""
    return True
