"""What a snippet shows: a model, a layer, some of its filters, or one, found in a built site by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from generator.embed.wanted import Wanted, choose
from generator.errors import UsageError, nearest
from generator.pages.contact import MOST
from generator.pages.data import SITE_DATA
from generator.pages.output import MANIFEST
from generator.plan import spread

T = TypeVar("T")


@dataclass(frozen=True)
class Technique:
    """One way in which a layer's filters are shown.

    ``ends`` says for each filter how its picture's name ends, None where it has none; ``kind`` is one of ``sheets``.
    """

    slug: str
    title: str
    kind: str
    ends: tuple[str | None, ...]


@dataclass(frozen=True)
class Layer:
    """What a site shows of a layer; paths are relative to the site. ``of`` is how many filters the layer has."""

    title: str
    type: str
    folder: str
    of: int
    filters: tuple[int, ...]
    verdicts: str
    best: tuple[int, ...]
    techniques: tuple[Technique, ...]

    @property
    def page(self) -> str:
        """Return the path of its page."""
        return f"{self.folder}/index.html"


@dataclass(frozen=True)
class Model:
    """What a site shows of a model."""

    name: str
    slug: str
    page: str
    layers: tuple[Layer, ...]


@dataclass(frozen=True)
class Target:
    """What is to be shown; without a layer the whole model. ``filters`` is empty where nothing was said of them."""

    model: Model
    layer: Layer | None = None
    technique: Technique | None = None
    filters: tuple[int, ...] = ()

    @property
    def written(self) -> str:
        """Return the target as TARGET writes it, without its filters."""
        return f"{self.model.name}/{self.layer.title}" if self.layer else self.model.name

    @property
    def page(self) -> str:
        """Return the path of the page that shows most of it: a filter's own, if it is one."""
        if self.layer and len(self.filters) == 1:
            return self.filter_page(self.filters[0])
        return self.layer.page if self.layer else self.model.page

    def filter_page(self, index: int) -> str:
        """Return the path of a filter's page."""
        return f"{self._layer.folder}/{index:04d}.html"

    def picture(self, index: int) -> str | None:
        """Return the path of a filter's picture in the target's technique, None if it has none."""
        technique = self.technique or self._layer.techniques[0]
        end = technique.ends[self._layer.filters.index(index)]
        return end and f"{self._layer.folder}/{index:04d}{end}"

    @property
    def _layer(self) -> Layer:
        assert self.layer is not None, "a filter is a layer's"
        return self.layer


def read_models(folder: Path) -> tuple[Model, ...]:
    """Return the models of the site in a folder.

    Raises UsageError if no site is there, or one that an older version made.
    """
    if not (folder / MANIFEST).is_file():
        raise UsageError(f"{folder}: no site is built there", "Run: filter-gallery build")
    try:
        return tuple(_model(_data(folder / f"data/{one['slug']}.js")) for one in _data(folder / SITE_DATA)["models"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{folder}: the site's data cannot be read ({type(error).__name__})", "Run: filter-gallery build"
        ) from None


def find(models: Sequence[Model], target: str, filters: Wanted | None = None, technique: str | None = None) -> Target:
    """Return what TARGET means: ``vgg16``, ``vgg16/block3_conv1`` or ``vgg16/block3_conv1/12``.

    Names of models and layers may hold slashes: of several ways to read a target, the longest model's that is there.
    Raises UsageError, with the nearest name, for what the site does not show.
    """
    names = sorted({name for model in models for name in (model.name, model.slug)}, key=len, reverse=True)
    fitting = [name for name in names if f"{target}/".lower().startswith(f"{name}/".lower())]
    problems = []
    for said in fitting or [target.partition("/")[0]]:
        try:
            return _read(models, target, said, filters, technique)
        except UsageError as error:
            problems.append(error)
    raise problems[0]


def _read(models: Sequence[Model], target: str, said: str, filters: Wanted | None, technique: str | None) -> Target:
    """Return what a target means whose beginning names the model."""
    model = _named("the site shows no model", said, models, lambda one: (one.name, one.slug))
    rest = target[len(said) + 1 :]
    if not rest:
        if filters is not None or technique is not None:
            raise UsageError(f"{target}: filters and techniques are a layer's", f"Name one, such as {model.name}/LAYER")
        return Target(model)

    def names_of(layer: Layer) -> tuple[str, str]:
        return layer.title, layer.folder.rpartition("/")[2]

    known = {name for layer in model.layers for name in names_of(layer)}
    one: int | None = None
    start, _, end = rest.rpartition("/")
    if rest not in known and end.isdecimal():
        rest, one = start, int(end)
    layer = _named(f"{model.name} shows no layer", rest, model.layers, names_of)
    if one is not None and filters is not None:
        raise UsageError(f"{target}: names a filter, and --filters names others", "Leave one of them out")
    shown = _filters(f"{model.name}/{layer.title}", layer, (one,) if one is not None else filters)
    way = None
    if technique is not None:
        what = f"{model.name}/{layer.title} has no technique"
        way = _named(what, technique, layer.techniques, lambda each: (each.slug, each.title))
    return Target(model, layer, way, shown)


def drawn(target: Target) -> tuple[int, ...]:
    """Return the filters that a layer's picture shows: those that were asked for, or else a spread of at most 64."""
    if target.filters or target.layer is None:
        return target.filters
    return tuple(target.layer.filters[place] for place in spread(len(target.layer.filters), MOST))


def _filters(where: str, layer: Layer, wanted: Wanted | None) -> tuple[int, ...]:
    chosen = () if wanted is None else choose(wanted, layer.filters, layer.best)
    for index in chosen:
        if index not in layer.filters:
            near = min(layer.filters, key=lambda one: (abs(one - index), one))
            raise UsageError(f"{where}: the site shows no filter {index}", f"The nearest is {near}")
    return chosen


def _named(what: str, name: str, known: Iterable[T], names: Callable[[T], tuple[str, ...]]) -> T:
    """Return the one that goes by a name, whatever its case."""
    by_name = {each: one for one in reversed([*known]) for each in reversed(names(one))}
    by_lower = {each.lower(): one for each, one in by_name.items()}
    found = by_name.get(name) or by_lower.get(name.lower())
    if found is None:
        offered = ", ".join(list(by_name)[:8])
        raise UsageError(f"{what} {name!r}", nearest(name, by_name) or f"There is {offered}")
    return found


def _data(path: Path) -> dict[str, Any]:
    """Return what a script of data calls its function with."""
    text = path.read_text(encoding="utf-8")
    told: dict[str, Any] = json.loads(text[text.index("(") + 1 : text.rindex(")")])
    return told


def _model(told: dict[str, Any]) -> Model:
    return Model(told["name"], told["slug"], told["page"], tuple(_layer(one) for one in told["layers"]))


def _layer(told: dict[str, Any]) -> Layer:
    filters = told["filters"]
    indices = tuple(range(filters) if isinstance(filters, int) else filters)
    return Layer(
        title=told["title"],
        type=told["type"],
        folder=told["folder"],
        of=told["of"],
        filters=indices,
        verdicts=told["verdicts"],
        best=tuple(told["best"]),
        techniques=tuple(_technique(one, len(indices)) for one in told["techniques"]),
    )


def _technique(told: dict[str, Any], count: int) -> Technique:
    ends = told["file"] if isinstance(told["file"], list) else [told["file"]] * count
    none = {*told["none"]}
    kept = tuple(None if place in none else end for place, end in enumerate(ends))
    return Technique(told["slug"], told["title"], told["kind"], kept)
