"""manifest.json as typed records: what it is written from, what it is read into, and where its JSON Schema comes from.

A manifest that is read is somebody else's input: each value is checked, and every path is one of the files that it lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from generator.site.listing import DIGEST
from generator.site.paths import fault
from generator.terms import MethodName, ObjectiveName

SCHEMA = 2
"""Raised when a program that reads the former one would go wrong."""

LARGEST = 2**53
"""What JavaScript counts to: sizes and numbers of parameters."""

Kind = Literal["picture", "cells", "strip"]
PICTURE: Final = "picture"
CELLS: Final = "cells"
STRIP: Final = "strip"
"""What a technique shows: pictures, which are scaled smoothly; maps and colour kernels, whose cells stay sharp; and
strips of kernel slices, which thumbnails have in rows."""


def _inside(path: str) -> str:
    if reason := fault(path):
        raise ValueError(f"{path[:80]!r} {reason}")
    return path


SitePath = Annotated[
    str,
    AfterValidator(_inside),
    WithJsonSchema(
        {"type": "string", "pattern": r"^[^/\\][^\\]*$", "description": "relative to the site's root"},
    ),
]
Digest = Annotated[str, Field(pattern=f"^{DIGEST}$")]
Text = Annotated[str, Field(max_length=100_000)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=LARGEST)]
Position = Annotated[int, Field(ge=1, le=LARGEST)]
Index = Annotated[int, Field(ge=0, lt=10_000_000)]
Verdict = Literal["converged", "weak", "dead"]
Flag = Literal["overactive", "redundant"]
FLAGS: Final[tuple[Flag, ...]] = ("overactive", "redundant")


class _Record(BaseModel):
    """Lists of JSON are tuples here; nothing else is converted, and keys of later versions are passed over."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="ignore", json_schema_extra={"additionalProperties": False}
    )


class SiteFile(_Record):
    """A file that the build wrote: its path in the site, its bytes, and their SHA-256."""

    path: SitePath
    size: Count
    digest: Digest


class Direction(_Record):
    """A direction over the filters of a layer."""

    direction: Annotated[
        dict[Annotated[str, Field(pattern="^[0-9]+$")], Number],
        Field(min_length=1, description="the weight of each filter, by its index"),
    ]


_LIMITS: Final = ("shift", "scale", "rotate", "noise")
Transform = Annotated[
    dict[Literal["shift", "scale", "rotate", "noise"], Number],
    Field(min_length=1, max_length=1),
    WithJsonSchema(
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
            "properties": {name: {"type": "number"} for name in _LIMITS},
        }
    ),
]


class PictureSettings(_Record):
    """The settings that made a picture."""

    method: MethodName
    objective: ObjectiveName | Direction
    sign: Literal["positive", "negative"]
    size: Annotated[Position, Field(description="pixels of the picture's side")]
    margin: Annotated[Count, Field(description="pixels at each side that were optimised and cut off")]
    steps: Position
    learning_rate: Annotated[Number, Field(gt=0)]
    transforms: Annotated[
        tuple[Transform, ...],
        Field(description="in the order in which they are applied at every step, each with its limit"),
    ]
    diversity: Annotated[Position, Field(description="how many pictures were optimised together and kept apart")]
    crops: Annotated[Count, Field(description="random crops of each picture at every step")]
    precision: Annotated[
        Literal["auto", "float32", "bfloat16"],
        Field(description="of the optimisation; the score is always in float32"),
    ]


class Picture(_Record):
    """One picture of a filter."""

    path: SitePath
    settings: Annotated[
        PictureSettings,
        Field(description="as config.yaml writes them; 0 or an empty list where the method has no such thing"),
    ]
    seed: Count
    score: Annotated[
        Number,
        Field(
            description="the objective, under its own sign, of the picture as decoded from its file: the filter's"
            " response, where the objective is channel"
        ),
    ]
    trace: Annotated[
        tuple[Number, ...], Field(max_length=32, description="the objective over the steps, at evenly spaced ones")
    ]
    verdict: Verdict
    empty: Annotated[
        bool, Field(description="whether the search reached nothing at any step, so that pages show no picture")
    ]


class FeatureMap(_Record):
    """The feature map of a filter on a photo."""

    path: SitePath
    photo: Text
    response: Number


class Filter(_Record):
    """What is shown of a filter."""

    index: Index
    page: SitePath
    verdict: Verdict
    picture: SitePath
    pictures: Annotated[
        tuple[Picture, ...],
        Field(min_length=1, description='the main one first; its path is that of "picture"'),
    ]
    feature_maps: tuple[FeatureMap, ...]
    kernels: tuple[SitePath, ...]
    flags: Annotated[
        tuple[Flag, ...],
        Field(description="what it stands out by among the filters of its layer"),
    ]


class Technique(_Record):
    """One way in which a layer's filters are shown."""

    slug: Annotated[Text, Field(min_length=1)]
    title: Text
    kind: Annotated[
        Kind,
        Field(
            description="pictures are scaled smoothly, cells stay sharp, strips are kernel slices that thumbnails have"
            " in rows"
        ),
    ]
    photo: Annotated[Text | None, Field(description="the photo that the feature maps are of, else null")]
    files: Annotated[
        tuple[SitePath | None, ...],
        Field(description="of each filter in the layer's order, null where it has none"),
    ]
    sheets: Annotated[
        tuple[SitePath, ...], Field(description="thumbnails in the same order, 64 to a file, eight in a row")
    ]


class Layer(_Record):
    """What is shown of a convolutional layer."""

    index: Position
    call: Position
    name: Text
    title: Annotated[Text, Field(description="the name, told apart from other calls of the same layer")]
    slug: Annotated[Text, Field(description="the folder of its page in that of the model")]
    type: Text
    kernel_shapes: tuple[tuple[Count, ...], ...]
    output_shape: tuple[Count | None, ...]
    parameters: Count
    receptive_field: Annotated[
        tuple[int, int] | None,
        Field(description="height and width in input pixels; -1 is the whole input, null not known"),
    ]
    read_at: Annotated[Text, Field(description="the layer at whose output responses are read")]
    page: SitePath
    filter_count: Annotated[Position, Field(description="filters that the layer has, shown or not")]
    strongest: Annotated[tuple[Index, ...], Field(description="filters by their score, the highest first, at most 12")]
    techniques: Annotated[tuple[Technique, ...], Field(min_length=1, description="the main picture's first")]
    filters: Annotated[tuple[Filter, ...], Field(min_length=1)]

    @property
    def folder(self) -> str:
        """Return the folder of its page."""
        return self.page.rpartition("/")[0]

    @cached_property
    def indices(self) -> tuple[int, ...]:
        """Return the indices of the filters that are shown, in the layer's order."""
        return tuple(shown.index for shown in self.filters)

    @cached_property
    def places(self) -> dict[int, int]:
        """Return the place of each filter that is shown, by its index."""
        return {index: place for place, index in enumerate(self.indices)}

    @model_validator(mode="after")
    def _fits(self) -> Layer:
        indices = self.indices
        if len({*indices}) < len(indices):
            raise ValueError("two filters of one index")
        if not {*self.strongest} <= {*indices}:
            raise ValueError("the strongest filters are not all shown")
        if any(len(technique.files) != len(indices) for technique in self.techniques):
            raise ValueError("a technique has not one file for each filter")
        return self


class Model(_Record):
    """What is shown of a model."""

    name: Text
    slug: Annotated[Text, Field(description="the folder of its page")]
    source: Text
    digest: Digest
    input_shape: tuple[Count | None, ...]
    preprocess: Text
    parameters: Count
    page: SitePath
    layers: tuple[Layer, ...]


class Manifest(_Record):
    """What a site built by filter-gallery shows, and exactly which files it wrote."""

    version: Annotated[Literal[2], Field(alias="schema", description="of this file's form")]
    made_by: Literal["filter-gallery"]
    generator: Annotated[Text, Field(description="version of filter-gallery")]
    title: Text
    models: tuple[Model, ...]
    files: tuple[SiteFile, ...]

    @model_validator(mode="after")
    def _names_its_files(self) -> Manifest:
        """Every path that a reader may follow is of a file that the build wrote."""
        listed = {file.path for file in self.files}
        if len(listed) < len(self.files):
            raise ValueError("a file is listed twice")
        for path in named_paths(self.models):
            if path not in listed:
                raise ValueError(f"{path[:80]!r} is not among its files")
        return self


def named_paths(models: Iterable[Model]) -> Iterator[str]:
    """Yield the paths of pages and pictures that models name, some of them twice."""
    for model in models:
        yield model.page
        for layer in model.layers:
            yield layer.page
            for technique in layer.techniques:
                yield from filter(None, technique.files)
                yield from technique.sheets
            for shown in layer.filters:
                yield shown.page
                yield shown.picture
                yield from (picture.path for picture in shown.pictures)
                yield from (feature_map.path for feature_map in shown.feature_maps)
                yield from shown.kernels


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of manifest.json, whole in one piece."""
    schema = Manifest.model_json_schema(by_alias=True)
    definitions = schema.pop("$defs")

    def whole(part: Any) -> Any:
        if isinstance(part, list):
            return [whole(item) for item in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            own = {key: value for key, value in part.items() if key != "$ref"}
            return {**whole(definitions[part["$ref"].rpartition("/")[2]]), **own}
        # The name of a record or a key is said by the key that it stands behind.
        return {key: whole(value) for key, value in part.items() if key != "title" or not isinstance(value, str)}

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Filter Gallery manifest",
        **whole(schema),
    }
