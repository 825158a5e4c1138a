"""The typed records of manifest.json, which is written from them and parsed into them; its JSON Schema is made of them.

A manifest that is read is untrusted input: each value is checked, and every path must be one of its listed files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from generator.site.fields import (
    Digest,
    FilterIndex,
    FiniteNumber,
    LongText,
    NonNegative,
    NonNegativeNumber,
    Positive,
    Seed,
    Several,
    SitePath,
)
from generator.terms import MethodName, ObjectiveName

SCHEMA_VERSION = 2
"""Raised when a program that reads the former one would go wrong."""

Kind = Literal["picture", "cells", "strip"]
PICTURE_KIND: Final = "picture"
CELLS_KIND: Final = "cells"
STRIP_KIND: Final = "strip"
"""What a technique shows: pictures, which are scaled smoothly; maps and colour kernels, whose cells stay sharp; and
strips of kernel slices, which thumbnails show in rows."""


Verdict = Literal["converged", "weak", "dead"]
Flag = Literal["overactive", "redundant", "rare"]
FLAGS: Final[tuple[Flag, ...]] = ("overactive", "redundant", "rare")


class _Record(BaseModel):
    """A frozen part of the manifest.

    Lists of JSON are tuples here; nothing else is converted, and keys of later versions are passed over.
    """

    model_config = ConfigDict(
        strict=True, frozen=True, extra="ignore", json_schema_extra={"additionalProperties": False}
    )


class SiteFile(_Record):
    """A file that the build wrote: its path in the site, its bytes, and their SHA-256."""

    path: SitePath
    size: NonNegative
    digest: Digest


class DirectionWeights(_Record):
    """A direction over the filters of a layer."""

    direction: Annotated[
        dict[Annotated[str, Field(pattern="^[0-9]+$")], FiniteNumber],
        Field(min_length=1, description="the weight of each filter, by its index"),
    ]


_LIMITS: Final = ("shift", "scale", "rotate", "noise")
Transform = Annotated[
    dict[Literal["shift", "scale", "rotate", "noise"], FiniteNumber],
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
    objective: ObjectiveName | DirectionWeights
    sign: Literal["positive", "negative"]
    size: Annotated[Positive, Field(description="pixels of the picture's side")]
    margin: Annotated[NonNegative, Field(description="pixels at each side that were optimised and cut off")]
    steps: Positive
    learning_rate: Annotated[FiniteNumber, Field(gt=0)]
    transforms: Annotated[
        Several[Transform],
        Field(description="in the order in which they are applied at every step, each with its limit"),
    ]
    diversity: Annotated[Positive, Field(description="how many pictures were optimised together and kept apart")]
    crops: Annotated[NonNegative, Field(description="random crops of each picture at every step")]
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
    seed: Seed
    score: Annotated[
        FiniteNumber,
        Field(
            description="the objective, under its own sign, of the picture as decoded from its file: the filter's"
            " response, where the objective is channel"
        ),
    ]
    trace: Annotated[
        Several[FiniteNumber],
        Field(max_length=32, description="the objective over the steps, at evenly spaced ones"),
    ]
    verdict: Verdict
    empty: Annotated[
        bool,
        Field(
            description="whether the objective was never above zero, from the start image to the finished file, or,"
            " where it can be negative, always the same, so that pages show no picture"
        ),
    ]
    start: Annotated[
        Literal["noise", "example"],
        Field(description="what the optimisation began with: faint noise, or the filter's best example of the dataset"),
    ] = "noise"


class FeatureMap(_Record):
    """The feature map of a filter on a photo."""

    path: SitePath
    photo: LongText
    response: FiniteNumber


Share = Annotated[FiniteNumber, Field(ge=0, le=1)]


class Quantile(_Record):
    """Response and peak that so large a share of the images do not pass."""

    share: Share
    response: FiniteNumber
    peak: FiniteNumber


class ClassResponse(_Record):
    """A class of the dataset, and a filter's mean response to its images."""

    name: LongText
    response: FiniteNumber


class DatasetNumbers(_Record):
    """What a filter does on the images of the model's dataset."""

    count: Annotated[Positive, Field(description="images")]
    fires_in: Annotated[Share, Field(description="share of the images in which it is above zero at any position")]
    mean: Annotated[FiniteNumber, Field(description="mean response")]
    deviation: Annotated[NonNegativeNumber, Field(description="standard deviation of the response")]
    quantiles: Annotated[
        Several[Quantile],
        Field(description="of all images, or of a random sample of at most 1024 where there are more"),
    ]
    selectivity: Annotated[
        Share | None,
        Field(description="class selectivity index (Morcos and others, 2018), null where there is none"),
    ]
    classes: Annotated[
        Several[ClassResponse],
        Field(max_length=10, description="the ten with the largest mean responses, the largest first"),
    ]


class Example(_Record):
    """An image of the dataset that excites a filter."""

    image: Annotated[LongText | None, Field(description="its path in the dataset; null where it is not published")]
    label: Annotated[LongText | None, Field(description="its class, null where it has none")]
    peak: Annotated[FiniteNumber, Field(description="the largest activation")]
    response: FiniteNumber
    box: Annotated[
        tuple[NonNegative, NonNegative, Positive, Positive],
        Field(description="what the peak's position sees: top, left, height and width in pixels of the fed image"),
    ]
    sheet: Annotated[SitePath | None, Field(description="the picture that shows it, null where it is not published")]
    place: Annotated[
        NonNegative | None, Field(description="which example of that picture it is, row by row, 96 pixels each")
    ]


class Connection(_Record):
    """A filter of another layer that this one is made of, or that it feeds."""

    layer: Annotated[Positive, Field(description="the layer's index")]
    filter: FilterIndex
    share: Annotated[Share, Field(description="of all that the inputs of the filter that is fed contribute")]
    sign: Annotated[
        Literal["positive", "negative"],
        Field(description="positive: it excites the filter that is fed; else it holds it back"),
    ]


class Effect(_Record):
    """What a filter says to one of the network's answers: how much that one's score would lose without it."""

    layer: Positive
    filter: FilterIndex
    effect: FiniteNumber


class Filter(_Record):
    """What is shown of a filter."""

    index: FilterIndex
    name: Annotated[
        LongText | None,
        Field(description="the class that it stands for in the layer that gives the network's answers; else null"),
    ] = None
    page: SitePath
    verdict: Verdict
    picture: SitePath
    pictures: Annotated[
        Several[Picture],
        Field(min_length=1, description='the main one first; its path is that of "picture"'),
    ]
    feature_maps: Several[FeatureMap]
    kernels: Several[SitePath]
    flags: Annotated[
        Several[Flag],
        Field(
            description="overactive: above zero at 99 of 100 positions of every photo; redundant: similar in weights"
            " and in feature maps to another filter of its layer; rare: fires in some, but less than a twentieth, of"
            " the dataset's images"
        ),
    ]
    dataset: Annotated[DatasetNumbers | None, Field(description="null where there is no dataset")] = None
    examples: Annotated[
        Several[Example], Field(description="the images with the highest peaks, the highest first")
    ] = ()
    inputs: Annotated[
        Several[Connection],
        Field(
            description="the filters that contribute most to it where it fires: those that excite it, then those that"
            " hold it back, the strongest first; several with one share are the sources of a sum"
        ),
    ] = ()
    outputs: Annotated[
        Several[Connection],
        Field(description="the filters to which it contributes most: excited ones, then others, the strongest first"),
    ] = ()
    tree: Annotated[
        SitePath | None,
        Field(description="the page that unfolds what it is made of; null where that is not made of anything in turn"),
    ] = None
    effects: Annotated[
        Several[Effect],
        Field(description="what it says to the network's answers, at most 16: the most for it first"),
    ] = ()


class Technique(_Record):
    """One way in which a layer's filters are shown."""

    slug: Annotated[LongText, Field(min_length=1)]
    title: LongText
    kind: Annotated[
        Kind,
        Field(
            description="pictures are scaled smoothly, cells stay sharp, strips are kernel slices that thumbnails have"
            " in rows"
        ),
    ]
    photo: Annotated[LongText | None, Field(description="the photo that the feature maps are of, else null")]
    files: Annotated[
        Several[SitePath | None],
        Field(description="of each filter in the layer's order, null where it has none"),
    ]
    sheets: Annotated[
        Several[SitePath], Field(description="thumbnails in the same order, 64 to a file, eight in a row")
    ]


class Layer(_Record):
    """What is shown of a convolutional layer."""

    index: Positive
    call: Positive
    name: LongText
    title: Annotated[
        LongText,
        Field(description="the name, with the number of the call where the same layer is called several times"),
    ]
    slug: Annotated[LongText, Field(description="the folder of its page in that of the model")]
    type: LongText
    kernel_shapes: Several[Several[NonNegative]]
    output_shape: Several[NonNegative | None]
    parameters: NonNegative
    receptive_field: Annotated[
        tuple[int, int] | None,
        Field(description="height and width in input pixels; -1 is the whole input, null not known"),
    ]
    read_at: Annotated[LongText, Field(description="the layer at whose output responses are read")]
    ceiling: Annotated[
        FiniteNumber | None,
        Field(
            description="what the layer's activation never passes in the network, null if nothing; scores and traces"
            " are without this ceiling, feature maps are with it"
        ),
    ] = None
    provenance: Annotated[
        Share | None,
        Field(description="share of its input channels of which it is known which filters they come from"),
    ] = None
    page: SitePath
    filter_count: Annotated[Positive, Field(description="filters that the layer has, shown or not")]
    strongest: Annotated[
        Several[FilterIndex],
        Field(
            description="at most 12 filters that have a picture: converged ones first, then weak, each by score, the"
            " highest first; those without one only if the layer has no others"
        ),
    ]
    techniques: Annotated[Several[Technique], Field(min_length=1, description="the main picture's first")]
    filters: Annotated[Several[Filter], Field(min_length=1)]

    @property
    def folder(self) -> str:
        """Return the folder of its page."""
        return self.page.rpartition("/")[0]

    @cached_property
    def indices(self) -> tuple[int, ...]:
        """Return the indices of the filters that are shown, in the layer's order."""
        return tuple(record.index for record in self.filters)

    @cached_property
    def places(self) -> dict[int, int]:
        """Return the place of each filter that is shown, by its index."""
        return {index: place for place, index in enumerate(self.indices)}

    @model_validator(mode="after")
    def _is_consistent(self) -> Layer:
        indices = self.indices
        if len({*indices}) < len(indices):
            raise ValueError("two filters of one index")
        if not {*self.strongest} <= {*indices}:
            raise ValueError("the strongest filters are not all shown")
        if any(len(technique.files) != len(indices) for technique in self.techniques):
            raise ValueError("a technique has not one file for each filter")
        return self


class ModelDataset(_Record):
    """The images that a model's filters were looked at on."""

    name: Annotated[LongText, Field(description="the last part of its path, or its function")]
    count: Positive
    total: Annotated[NonNegative, Field(description="images that it has, of which some may have been left out")]
    size: Annotated[tuple[Positive, Positive], Field(description="height and width at which they were fed")]
    classes: Several[LongText]


class Model(_Record):
    """What is shown of a model."""

    name: LongText
    slug: Annotated[LongText, Field(description="the folder of its page")]
    source: LongText
    digest: Digest
    input_shape: Several[NonNegative | None]
    preprocess: LongText
    parameters: NonNegative
    page: SitePath
    layers: Several[Layer]
    dataset: Annotated[ModelDataset | None, Field(description="null where there is none")] = None


class Manifest(_Record):
    """What a site built by filter-gallery shows, and exactly which files it wrote."""

    version: Annotated[Literal[2], Field(alias="schema", description="of this file's form")]
    made_by: Literal["filter-gallery"]
    generator: Annotated[LongText, Field(description="version of filter-gallery")]
    title: LongText
    models: Several[Model]
    files: Several[SiteFile]

    @model_validator(mode="after")
    def _lists_named_paths(self) -> Manifest:
        """Check that every path that a reader may follow is one of the listed files."""
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
            for record in layer.filters:
                yield record.page
                yield record.picture
                yield from (picture.path for picture in record.pictures)
                yield from (feature_map.path for feature_map in record.feature_maps)
                yield from record.kernels
                yield from (example.sheet for example in record.examples if example.sheet)
