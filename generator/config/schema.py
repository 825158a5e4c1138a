"""The shape of config.yaml: which keys there are, which values they take, and what to say about others."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WrapValidator, model_validator

from generator.config.colours import hex_colour
from generator.config.values import (
    METHODS,
    PRECISIONS,
    SIGNS,
    TRANSFORMS,
    Filters,
    LayerRule,
    MostActive,
    Objective,
    PreprocessChoice,
    Transforms,
)
from generator.errors import nearest

STYLES = ("auto", "none", "caffe", "tf", "torch")


class Strict(BaseModel):
    """A mapping whose keys are all known; YAML's own types are kept, so that ``steps: yes`` is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _one_of(*allowed: str) -> Callable[[object], object]:
    def check(value: object) -> object:
        if value not in allowed:
            raise ValueError(f"expected {' or '.join(allowed)}, got {value!r}. {nearest(str(value), allowed)}".strip())
        return value

    return check


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _filters(value: object) -> Filters:
    if value == "all":
        return "all"
    if isinstance(value, int) and _is_count(value) and value > 0:
        return value
    if isinstance(value, list) and value and all(_is_count(index) and index >= 0 for index in value):
        return tuple(dict.fromkeys(value))
    count = value["most_active"] if isinstance(value, dict) and set(value) == {"most_active"} else 0
    if _is_count(count) and count > 0:
        return MostActive(count)
    said = str(next(iter(value), "")) if isinstance(value, dict) else "most_active"
    hint = "" if said == "most_active" else nearest(said, ("most_active",))
    expected = "expected all, a number above zero, a list of filter indices, or {most_active: 8}"
    raise ValueError(f"{expected}, got {value!r}{hint and '. '}{hint}")


def _is_number(value: object) -> bool:
    """Tell whether a value is a number that a network can compute with: neither infinite nor beyond a float."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _channels(value: object) -> tuple[float, ...]:
    numbers: list[Any] = value if isinstance(value, list) else [value]
    if not numbers or not all(map(_is_number, numbers)):
        raise ValueError(f"expected a number, or a list of one number for each channel, got {value!r}")
    return tuple(float(n) for n in numbers)


def _deviations(value: object) -> tuple[float, ...]:
    numbers = _channels(value)
    if min(numbers) <= 0:
        raise ValueError(f"expected numbers above zero, got {value!r}")
    return numbers


def _number(value: object) -> float:
    number = value
    if isinstance(value, str):
        try:
            number = float(Fraction(value.replace(" ", "")))  # "1/255" says more than 0.00392156862745098
        except (ValueError, ArithmeticError):
            number = math.nan
    if isinstance(number, int | float) and _is_number(number):
        return float(number)
    raise ValueError(f"expected a number or a fraction such as 1/255, got {value!r}")


def _shape(value: object) -> tuple[int | None, ...]:
    if (
        isinstance(value, list)
        and len(value) == 3
        and all(n is None or (isinstance(n, int) and _is_count(n) and n > 0) for n in value)
        and value[2] is not None
    ):
        return tuple(value)
    raise ValueError(f"expected [height, width, channels], got {value!r}")


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or any("\ud800" <= sign <= "\udfff" for sign in value):
        raise ValueError(f"expected a text, got {value!r}")
    return value.strip()


def _markdown(value: object) -> str:
    """Return a text with its lines where they were."""
    _text(value)
    return str(value)


def _path(value: object) -> Path:
    text = _text(value)
    try:
        if "\0" not in text:
            return Path(text).expanduser()
    except RuntimeError:  # ~someone, and there is no such user
        pass
    raise ValueError(f"expected a path, got {value!r}")


def is_import_path(text: str) -> bool:
    """Tell whether a text has the form ``package.module:object``."""
    module, colon, name = text.partition(":")
    return bool(colon) and all(part.isidentifier() for part in (*module.split("."), *name.split(".")))


def _import_path(value: object) -> str:
    text = _text(value)
    if not is_import_path(text):
        raise ValueError(f"expected package.module:Name, got {value!r}")
    return text


def _custom_objects(value: object) -> tuple[tuple[str, str], ...]:
    """Return (name, import path) of a list of import paths, or of a mapping from the names that a file uses."""
    if isinstance(value, dict) and value:
        return tuple((_text(name), _import_path(path)) for name, path in value.items())
    paths = [_import_path(path) for path in (value if isinstance(value, list) and value else [value])]
    return tuple((path.rpartition(":")[2].rpartition(".")[2], path) for path in paths)


def _bands(value: object) -> tuple[int, ...]:
    found: list[Any] = value if isinstance(value, list) else [value]
    if len(found) not in (1, 3) or not all(_is_count(band) and band >= 0 for band in found):
        raise ValueError(f"expected three channels of the input such as [3, 2, 1], or one; got {value!r}")
    return tuple(found)


def name_pair(value: object) -> tuple[str, str]:
    """Return the names of two models that are to be compared.

    Raises ValueError for anything else.
    """
    if isinstance(value, list) and len(value) == 2 and all(isinstance(name, str) for name in value):
        return _text(value[0]), _text(value[1])
    raise ValueError(f"expected the names of two models such as [before, after], got {value!r}")


Text = Annotated[str, PlainValidator(_text)]
PathText = Annotated[Path, PlainValidator(_path)]
MarkdownText = Annotated[str, PlainValidator(_markdown)]
Count = Annotated[int, Field(gt=0)]


Items = Callable[[object], list[Any]]
"""Validates each item of a list."""

OBJECTIVES = ("channel", "neuron")
LIMITS = {"shift": (0.0, 0.5), "scale": (1.0, 4.0), "rotate": (0.0, 180.0), "noise": (0.0, 1.0)}


def _objective(value: object) -> Objective:
    if isinstance(value, str) and value in OBJECTIVES:
        return Objective(value)
    weights = value.get("direction") if isinstance(value, dict) and set(value) == {"direction"} else None
    if isinstance(weights, dict) and weights:
        # YAML's keys come as texts; a filter is its index.
        pairs = [(str(index), weight) for index, weight in weights.items()]
        if all(index.isdecimal() and _is_number(weight) and weight != 0 for index, weight in pairs):
            return Objective("direction", tuple(sorted((int(index), float(weight)) for index, weight in pairs)))
    expected = "expected channel, neuron, or {direction: {filter: weight}}, weights not zero"
    if isinstance(value, dict):
        said, known = str(next(iter(value), "")), ("direction",)
        hint = "" if said in known else nearest(said, known)
    else:
        hint = nearest(str(value), (*OBJECTIVES, "direction"))
    raise ValueError(f"{expected}; got {value!r}. {hint}".strip())


def _objectives(value: object, items: Items) -> tuple[Objective, ...]:
    """Return one objective, or a list of them, as a tuple."""
    return tuple(dict.fromkeys(items(value))) if isinstance(value, list) and value else (_objective(value),)


def _transforms(value: object, items: Items) -> Transforms:
    if not isinstance(value, list):
        raise ValueError(f"expected a list such as [{{shift: 1/16}}, {{rotate: 10}}], [] for none; got {value!r}")
    return tuple(items(value))


def _transform(value: object) -> tuple[str, float]:
    if not isinstance(value, dict) or len(value) != 1:
        raise ValueError(f"expected one transform such as {{shift: 1/16}}, got {value!r}")
    kind, amount = next(iter(value.items()))
    if kind not in TRANSFORMS:
        raise ValueError(f"expected {' or '.join(TRANSFORMS)}, got {kind!r}. {nearest(str(kind), TRANSFORMS)}".strip())
    number, (low, high) = _number(amount), LIMITS[kind]
    if not low <= number <= high:
        raise ValueError(f"{kind}: expected {low:g} to {high:g}, got {amount!r}")
    return kind, number


# Items are validated one by one, so that each that is wrong is told with its own line.
ObjectiveItem = Annotated[Any, PlainValidator(_objective)]
TransformItem = Annotated[Any, PlainValidator(_transform)]


class RenderPart(Strict):
    """Settings of ``render:``; what is left out comes from the level above, then from the method."""

    method: Annotated[str | None, BeforeValidator(_one_of(*METHODS))] = None
    size: Annotated[int, Field(ge=16, le=2048)] | None = None
    margin: Annotated[int, Field(ge=0, le=512)] | None = None
    steps: Annotated[int, Field(ge=1, le=100_000)] | None = None
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False, strict=False)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    objective: Annotated[list[ObjectiveItem] | None, WrapValidator(_objectives)] = None
    sign: Annotated[str | None, BeforeValidator(_one_of(*SIGNS))] = None
    transforms: Annotated[list[TransformItem] | None, WrapValidator(_transforms)] = None
    diversity: Annotated[int, Field(ge=1, le=16)] | None = None
    repeats: Annotated[int, Field(ge=1, le=16)] | None = None
    crops: Annotated[int, Field(ge=1, le=256)] | None = None
    precision: Annotated[str | None, BeforeValidator(_one_of(*PRECISIONS))] = None

    def chosen(self) -> dict[str, object]:
        """Return only what was said."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}


class PreprocessPart(Strict):
    """The mapping form of ``preprocess:``."""

    mean: Annotated[tuple[float, ...], PlainValidator(_channels)] = (0.0,)
    std: Annotated[tuple[float, ...], PlainValidator(_deviations)] = (1.0,)
    scale: Annotated[float, PlainValidator(_number)] = 1.0
    order: Annotated[str, BeforeValidator(_one_of("rgb", "bgr"))] = "rgb"

    def choice(self) -> PreprocessChoice:
        """Return the value that the rest of the program knows."""
        return PreprocessChoice("custom", **self.model_dump())


class LayerPart(Strict):
    """What one glob of ``layers:`` gets."""

    filters: Annotated[Any, PlainValidator(_filters)] = None
    render: RenderPart = RenderPart()


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
        return {_text(glob): {} if part is None else part for glob, part in value.items()}
    globs = value if isinstance(value, list) and value else [value]
    return {_text(glob): {} for glob in globs}


class ModelPart(Strict):
    """One entry of ``models:``."""

    source: Text
    name: Annotated[str | None, PlainValidator(_text)] = None
    weights: Text | None = None
    include_top: bool | None = None
    input_shape: Annotated[Any, PlainValidator(_shape)] = None
    preprocess: Annotated[Any, PlainValidator(_preprocess)] = "auto"
    custom_objects: Annotated[Any, PlainValidator(_custom_objects)] = ()
    bands: Annotated[Any, PlainValidator(_bands)] = ()
    layers: Annotated[dict[str, LayerPart], BeforeValidator(_layers)] = Field(default={"*": LayerPart()})
    filters: Annotated[Any, PlainValidator(_filters)] = None
    render: RenderPart = RenderPart()

    def rules(self) -> tuple[LayerRule, ...]:
        """Return what the layers get, in the order of the file."""
        return tuple(
            LayerRule(glob, part.filters, tuple(sorted(part.render.chosen().items())))
            for glob, part in self.layers.items()
        )

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        return {"source": value} if isinstance(value, str) else value


class ConfigFile(Strict):
    """The whole file."""

    title: Text = "Filter Gallery"
    introduction: MarkdownText = ""
    logo: Annotated[Path | None, PlainValidator(_path)] = None
    accent: Annotated[str, PlainValidator(hex_colour)] = ""
    footer: MarkdownText = ""
    templates: Annotated[Path | None, PlainValidator(_path)] = None
    output: PathText = Path("site")
    cache: PathText = Path(".filter-gallery")
    photos: list[Text] = Field(default=["chelsea"], min_length=1)
    filters: Annotated[Any, PlainValidator(_filters)] = "all"
    render: RenderPart = RenderPart()
    models: list[ModelPart] = Field(min_length=1)
    compare: list[Annotated[Any, PlainValidator(name_pair)]] | None = None
