"""The shape of config.yaml: which keys there are, what they mean, and which values they take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, PlainValidator

from generator.config.types.annotations import Omittable, Strict, Takes, TakesList, near, one_of
from generator.config.types.colours import Colour
from generator.config.types.filters import FilterSelection
from generator.config.types.numbers import BandList, Channels, Deviations, InputShape, NumberOrFraction
from generator.config.types.objectives import ObjectiveList
from generator.config.types.texts import CustomObjects, MarkdownText, Pair, PathText, Text, as_text
from generator.config.types.transforms import TransformList
from generator.config.values import LayerRule, PreprocessChoice
from generator.errors import quoted
from generator.terms import MethodName

Style = Literal["auto", "none", "caffe", "tf", "torch"]
Order = Literal["rgb", "bgr"]
Sign = Literal["positive", "negative", "both"]
Precision = Literal["auto", "float32", "bfloat16"]
NO_DATASET = "none"
MOST_WORKERS = 1024
Workers = Annotated[
    int,
    Takes(
        Literal["auto"] | Annotated[int, Field(ge=1, le=MOST_WORKERS)],
        f"auto or a number from 1 to {MOST_WORKERS},",
        lambda given: 0 if given == "auto" else given,
        near("auto"),
        examples=("auto", 2),
    ),
]
Labels = Annotated[tuple[str, ...], TakesList(Text, "a list of names,", (["cat", "dog"],))]
ModelLabels = Annotated[
    tuple[str, ...] | str,
    Takes(
        Text | Annotated[list[Text], Field(min_length=1)],
        "a list of names, or a file,",
        lambda given: tuple(given) if isinstance(given, list) else given,
        examples=(["cat", "dog"], "labels.txt"),
    ),
]


class RenderPart(Strict):
    """Settings of ``render:``; what is left out comes from the level above, then from the method."""

    method: Omittable[Annotated[MethodName, one_of(MethodName)]] = None
    """How pictures are optimised."""
    size: Annotated[int, Field(ge=16, le=2048)] | None = None
    """Pixels of a side."""
    margin: Annotated[int, Field(ge=0, le=512)] | None = None
    """Pixels that are cut off at each side when the picture is done."""
    steps: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Steps of the optimisation."""
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False, strict=False)] | None = None
    """Length of a step."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    """Of the start image and of everything else that is random."""
    objective: Omittable[ObjectiveList] = None
    """What is maximised, and what the finished file is scored by."""
    sign: Omittable[Annotated[Sign, one_of(Sign)]] = None
    """What excites a filter, what drives it down, or both."""
    transforms: Omittable[TransformList] = None
    """Random changes of the picture before every step, in their order, each with its limit; none of an empty list."""
    diversity: Annotated[int, Field(ge=1, le=16)] | None = None
    """Pictures of each filter that are kept apart."""
    repeats: Annotated[int, Field(ge=1, le=16)] | None = None
    """How many seeds, from ``seed`` on."""
    crops: Annotated[int, Field(ge=1, le=256)] | None = None
    """Random crops that the network sees at each step of ``maco``."""
    precision: Omittable[Annotated[Precision, one_of(Precision)]] = None
    """Of the optimisation; scores are computed in float32."""

    def chosen(self) -> dict[str, object]:
        """Return the settings that were given."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}


class PreprocessPart(Strict):
    """The mapping form of ``preprocess:``."""

    mean: Channels = (0.0,)
    """What is taken away, of each channel or of all."""
    std: Deviations = (1.0,)
    """What the rest is divided by; above zero."""
    scale: NumberOrFraction = 1.0
    """What pixels from 0 to 255 are multiplied by first."""
    order: Annotated[Order, one_of(Order)] = "rgb"
    """The order of the channels."""

    def choice(self) -> PreprocessChoice:
        """Return the value that the rest of the program knows."""
        return PreprocessChoice("custom", **dict(self))


class LayerPart(Strict):
    """What one glob of ``layers:`` gets."""

    filters: Omittable[FilterSelection] = None
    """Which filters of these layers; else those of the model."""
    render: RenderPart = RenderPart()
    """Settings for these layers; what is left out comes from the model's."""


class DatasetPart(Strict):
    """The mapping form of ``dataset:``."""

    source: Text
    """A folder of images, whose subfolders are classes; an .npz; ``package.module:function``; or ``bundled``."""
    limit: Annotated[int, Field(ge=1, le=10_000_000)] = 10_000
    """How many images are taken at most, spread over all."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """By which they are chosen where there are more."""
    size: Annotated[int, Field(ge=8, le=2048)] | None = None
    """The side, in pixels, at which images are fed that have not all one size."""
    publish: bool = True
    """Whether the site may show the images; the numbers are shown all the same."""
    examples: Annotated[int, Field(ge=1, le=36)] = 9
    """How many images each filter gets."""
    labels: Labels = ()
    """Names of the classes: of subfolders in their order, of labels from 0 on."""


def _dataset(value: object) -> object:
    """Return the short form, a source alone, as a mapping too; the word ``none`` stays."""
    if isinstance(value, dict):
        return DatasetPart.model_validate(value)
    text = as_text(value)
    return text if text == NO_DATASET else DatasetPart(source=text)


def _preprocess(value: object) -> object:
    styles = get_args(Style)
    if isinstance(value, dict):
        return PreprocessPart.model_validate(value)
    if not isinstance(value, str) or value not in styles:
        expected = f"expected {', '.join(styles)}, or a mapping with {', '.join(PreprocessPart.model_fields)}"
        raise ValueError(f"{expected}; got {quoted(value)}{near(*styles)(value)}")
    return value


def _layer_part(part: object) -> object:
    """Return the short forms, nothing or the filters alone, as a mapping too."""
    if part is None:
        return {}
    return {"filters": part} if isinstance(part, (int, list, str)) and not isinstance(part, bool) else part


def _layers(value: object) -> object:
    """Return the short forms, a glob or a list of globs, as a mapping too."""
    if isinstance(value, dict) and value:
        return {as_text(glob): _layer_part(part) for glob, part in value.items()}
    globs = value if isinstance(value, list) and value else [value]
    return {as_text(glob): {} for glob in globs}


# Not by Takes: what is wrong inside of a mapping is reported at its own place.
PreprocessSetting = Annotated[
    Style | PreprocessPart, PlainValidator(_preprocess, json_schema_input_type=Style | PreprocessPart)
]
_LayerParts = Annotated[
    dict[Text, LayerPart | FilterSelection | None],
    Field(min_length=1, json_schema_extra={"words": "mapping from glob"}),
]
_Layers = Text | Annotated[list[Text], Field(min_length=1)] | _LayerParts
DatasetSetting = Annotated[
    DatasetPart | Literal["none"], PlainValidator(_dataset, json_schema_input_type=Text | DatasetPart)
]
Layers = Annotated[dict[str, LayerPart], BeforeValidator(_layers, json_schema_input_type=_Layers)]


class ModelPart(Strict):
    """One entry of ``models:``."""

    source: Text
    """``demo``, a name of keras.applications, a file of a model or an architecture, or ``package.module:function``."""
    name: Omittable[Text] = None
    """How it is called and addressed; else by its source."""
    weights: Text | None = None
    """``imagenet``, ``random``, or a file of weights."""
    include_top: bool | None = None
    """Whether a network of keras.applications has its dense layers."""
    input_shape: Omittable[InputShape] = None
    """Height, width and channels of the network's input; null for a side of any length."""
    preprocess: PreprocessSetting = "auto"
    """What the network expects, for pixels from 0 to 255."""
    custom_objects: CustomObjects = ()
    """Import paths of layers of your own, or a mapping to them from the names that the file uses."""
    bands: BandList = ()
    """The channels of the input that are shown as red, green and blue, or the one that is shown as gray, from 0."""
    layers: Layers = Field(default={"*": LayerPart()})
    """A glob, a list of globs, or a mapping from glob to ``filters`` and ``render``; the first that matches decides.

    ``dense`` stands for the dense layers that end the network, and leaves the others as they are.
    """
    labels: ModelLabels = ()
    """Names of the network's classes in their order, or a file with a name in each line."""
    filters: Omittable[FilterSelection] = None
    """Which filters of each layer; else those of the file."""
    dataset: Omittable[DatasetSetting] = None
    """Images on which its filters are looked at; else those of the file. ``none`` for none at all."""
    render: RenderPart = RenderPart()
    """Settings for this model; what is left out comes from the file's."""

    def rules(self) -> tuple[LayerRule, ...]:
        """Return what the layers get, in the order of the file."""
        return tuple(
            LayerRule(glob, part.filters, tuple(sorted(part.render.chosen().items())))
            for glob, part in self.layers.items()
        )


def _model(value: object) -> object:
    """Return the short form, a source alone, as a mapping too."""
    return {"source": value} if isinstance(value, str) else value


ModelOrSource = Annotated[ModelPart, BeforeValidator(_model, json_schema_input_type=str | ModelPart)]


class ConfigFile(Strict):
    """The whole file."""

    title: Text = "Filter Gallery"
    """The site's title."""
    introduction: MarkdownText = ""
    """Stands at the top of the home page."""
    logo: Omittable[PathText] = None
    """A picture of at most 1 MB in place of our mark."""
    accent: Colour = ""
    """A colour, #rgb, #rrggbb or a CSS name."""
    footer: MarkdownText = ""
    """Stands at the foot of every page."""
    templates: Omittable[PathText] = None
    """A folder whose files replace our templates and style sheet."""
    output: PathText = Path("site")
    """The site's folder."""
    cache: PathText = Path(".filter-gallery")
    """The store of rendered pictures."""
    photos: list[Text] = Field(default=["chelsea"], min_length=1)
    """Names of bundled photos, or files."""
    dataset: Omittable[DatasetSetting] = None
    """Images that the networks are for: a folder, an .npz, ``package.module:function``, ``bundled``, or ``none``."""
    filters: FilterSelection = "all"
    """All, a number spread over each layer, indices, or those that respond most to the photos."""
    render: RenderPart = RenderPart()
    """Settings for all models."""
    models: list[ModelOrSource] = Field(min_length=1)
    """The models; one that is only a text is a ``source``."""
    compare: list[Pair] | None = None
    """Pairs of models by their names; else neighbours in ``models`` of one architecture."""
    workers: Workers = 0
    """Processes that render pictures: ``auto`` for as many as this machine has room for."""
