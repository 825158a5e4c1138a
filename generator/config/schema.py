"""The shape of config.yaml: which keys there are, what they mean, and which values they take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    WrapValidator,
    model_validator,
)
from pydantic_core import CoreSchema

from generator.config import checks, shapes
from generator.config.colours import hex_colour
from generator.config.values import METHODS, PRECISIONS, SIGNS, LayerRule, PreprocessChoice
from generator.errors import nearest

STYLES, ORDERS = ("auto", "none", "caffe", "tf", "torch"), ("rgb", "bgr")


class Strict(BaseModel):
    """A mapping whose keys are all known; YAML's own types are kept, so that ``steps: yes`` is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


Text = Annotated[str, PlainValidator(checks.as_text), shapes.TEXT]
PathText = Annotated[Path, PlainValidator(checks.as_path), shapes.PATH]
MarkdownText = Annotated[str, PlainValidator(checks.as_markdown), shapes.MARKDOWN]
Filters = Annotated[
    Any,
    PlainValidator(checks.as_filters),
    shapes.FILTERS,
]

# Items are validated one by one, so that each that is wrong is told with its own line.
ObjectiveItem = Annotated[Any, PlainValidator(checks.as_objective)]
TransformItem = Annotated[Any, PlainValidator(checks.as_transform)]


class RenderPart(Strict):
    """Settings of ``render:``; what is left out comes from the level above, then from the method."""

    method: Annotated[str | None, BeforeValidator(checks.one_of(*METHODS)), shapes.one_word(*METHODS)] = None
    """How pictures are optimised."""
    size: Annotated[int, Field(ge=16, le=2048)] | None = None
    """Pixels of a side."""
    margin: Annotated[int, Field(ge=0, le=512)] | None = None
    """Pixels that are cut off at each side when the picture is done."""
    steps: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Steps of the ascent."""
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False, strict=False)] | None = None
    """Length of a step."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    """Of the start and of all that is random."""
    objective: Annotated[
        list[ObjectiveItem] | None,
        WrapValidator(checks.as_objectives),
        shapes.OBJECTIVES,
    ] = None
    """What is maximised, and what the finished file is scored by."""
    sign: Annotated[str | None, BeforeValidator(checks.one_of(*SIGNS)), shapes.one_word(*SIGNS)] = None
    """What excites a filter, what drives it down, or both."""
    transforms: Annotated[list[TransformItem] | None, WrapValidator(checks.as_transforms), shapes.TRANSFORMS] = None
    """Random changes of the picture before every step, in their order, each with its limit; none of an empty list."""
    diversity: Annotated[int, Field(ge=1, le=16)] | None = None
    """Pictures of each filter that are kept apart."""
    repeats: Annotated[int, Field(ge=1, le=16)] | None = None
    """How many seeds, from ``seed`` on."""
    crops: Annotated[int, Field(ge=1, le=256)] | None = None
    """Random crops that the network sees at each step of ``maco``."""
    precision: Annotated[str | None, BeforeValidator(checks.one_of(*PRECISIONS)), shapes.one_word(*PRECISIONS)] = None
    """Of the climb; scores are read in float32."""

    def chosen(self) -> dict[str, object]:
        """Return only what was said."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}


class PreprocessPart(Strict):
    """The mapping form of ``preprocess:``."""

    mean: Annotated[tuple[float, ...], PlainValidator(checks.as_channels), shapes.CHANNELS] = (0.0,)
    """What is taken away, of each channel or of all."""
    std: Annotated[tuple[float, ...], PlainValidator(checks.as_deviations), shapes.CHANNELS] = (1.0,)
    """What the rest is divided by; above zero."""
    scale: Annotated[float, PlainValidator(checks.as_number), shapes.FRACTIONS] = 1.0
    """What pixels from 0 to 255 are multiplied by first."""
    order: Annotated[str, BeforeValidator(checks.one_of(*ORDERS)), shapes.one_word(*ORDERS)] = "rgb"
    """The order of the channels."""

    def choice(self) -> PreprocessChoice:
        """Return the value that the rest of the program knows."""
        return PreprocessChoice("custom", **self.model_dump())


class LayerPart(Strict):
    """What one glob of ``layers:`` gets."""

    filters: Filters = None
    """Which filters of these layers; else those of the model."""
    render: RenderPart = RenderPart()
    """Settings for these layers; what is left out comes from the model's."""


def _preprocess(value: object) -> object:
    if isinstance(value, dict):
        return PreprocessPart.model_validate(value)
    if not isinstance(value, str) or value not in STYLES:
        expected = f"expected {', '.join(STYLES)}, or a mapping with mean, std, scale, order"
        raise ValueError(f"{expected}; got {value!r}. {nearest(str(value), STYLES)}".strip())
    return value


def _layers(value: object) -> object:
    """Return the short forms, a glob or a list of globs, as a mapping too."""
    if isinstance(value, dict) and value:
        return {checks.as_text(glob): {} if part is None else part for glob, part in value.items()}
    globs = value if isinstance(value, list) and value else [value]
    return {checks.as_text(glob): {} for glob in globs}


PREPROCESS = shapes.either({"enum": list(STYLES)}, PreprocessPart.model_json_schema())
LAYERS = shapes.globs(RenderPart.model_json_schema())


class ModelPart(Strict):
    """One entry of ``models:``."""

    source: Text
    """``demo``, a name of keras.applications, a file of a model or an architecture, or ``package.module:function``."""
    name: Annotated[str | None, PlainValidator(checks.as_text), shapes.TEXT] = None
    """How it is called and addressed; else by its source."""
    weights: Text | None = None
    """``imagenet``, ``random``, or a file of weights."""
    include_top: bool | None = None
    """Whether a network of keras.applications has its dense layers."""
    input_shape: Annotated[Any, PlainValidator(checks.as_shape), shapes.SHAPE] = None
    """Height, width and channels of the network's input; null for a side of any length."""
    preprocess: Annotated[Any, PlainValidator(_preprocess), PREPROCESS] = "auto"
    """What the network expects, for pixels from 0 to 255."""
    custom_objects: Annotated[Any, PlainValidator(checks.as_custom_objects), shapes.CUSTOM] = ()
    """Import paths of layers of your own, or a mapping to them from the names that the file uses."""
    bands: Annotated[Any, PlainValidator(checks.as_bands), shapes.BANDS] = ()
    """The channels of the input that are shown as red, green and blue, or the one that is shown as gray, from 0."""
    layers: Annotated[dict[str, LayerPart], BeforeValidator(_layers), LAYERS] = Field(default={"*": LayerPart()})
    """A glob, a list of globs, or a mapping from glob to ``filters`` and ``render``; the first that matches decides."""
    filters: Filters = None
    """Which filters of each layer; else those of the file."""
    render: RenderPart = RenderPart()
    """Settings for this model; what is left out comes from the file's."""

    def rules(self) -> tuple[LayerRule, ...]:
        """Return what the layers get, in the order of the file."""
        return tuple(
            LayerRule(glob, part.filters, tuple(sorted(part.render.chosen().items())))
            for glob, part in self.layers.items()
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return the schema with the short form, a source alone."""
        return {"anyOf": [{"type": "string"}, handler(core)]}

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        return {"source": value} if isinstance(value, str) else value


class ConfigFile(Strict):
    """The whole file."""

    title: Text = "Filter Gallery"
    """The site's title."""
    introduction: MarkdownText = ""
    """Stands at the top of the home page."""
    logo: Annotated[Path | None, PlainValidator(checks.as_path), shapes.PATH] = None
    """A picture of at most 1 MB in place of our mark."""
    accent: Annotated[str, PlainValidator(hex_colour), shapes.TEXT] = ""
    """A colour, #rgb, #rrggbb or a CSS name."""
    footer: MarkdownText = ""
    """Stands at the foot of every page."""
    templates: Annotated[Path | None, PlainValidator(checks.as_path), shapes.PATH] = None
    """A folder whose files go before our templates and style sheet."""
    output: PathText = Path("site")
    """The site's folder."""
    cache: PathText = Path(".filter-gallery")
    """The store of rendered pictures."""
    photos: list[Text] = Field(default=["chelsea"], min_length=1)
    """Names of bundled photos, or files."""
    filters: Filters = "all"
    """All, a number spread over each layer, indices, or those that answer the photos most."""
    render: RenderPart = RenderPart()
    """Settings for all models."""
    models: list[ModelPart] = Field(min_length=1)
    """The models; one that is only a text is a ``source``."""
    compare: list[Annotated[Any, PlainValidator(checks.as_pair), shapes.PAIR]] | None = None
    """Pairs of models by their names; else neighbours in ``models`` of one architecture."""
