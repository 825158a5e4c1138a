"""What a snippet shows: a model, a layer, some of its filters, or one, found in a built site by name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.errors import UsageError, nearest
from generator.pages.data import SITE_DATA
from generator.pages.sheets.contact import MOST
from generator.plan import spread
from generator.site.addresses import LayerNames, ModelNames, check, listed, resolve
from generator.site.listing import MANIFEST
from generator.site.selection import Strongest, Wanted, choose


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

    def chosen(self, wanted: Wanted) -> tuple[int, ...]:
        """Return the filters that are wanted."""
        return choose(wanted, self.filters, self.best)


@dataclass(frozen=True)
class Model:
    """What a site shows of a model."""

    name: str
    slug: str
    page: str
    layers: tuple[Layer, ...]


@dataclass(frozen=True)
class Target:
    """What is to be shown; without a layer the whole model, then ``each`` says which filters of each layer.

    ``filters`` is empty where nothing was said of them.
    """

    model: Model
    layer: Layer | None = None
    technique: Technique | None = None
    filters: tuple[int, ...] = ()
    each: Wanted | None = None

    @property
    def written(self) -> str:
        """Return the target as TARGET writes it, with its filter if it is one."""
        one = f"/{self.filters[0]}" if len(self.filters) == 1 else ""
        return f"{self.layer_written}{one}"

    @property
    def layer_written(self) -> str:
        """Return model and layer as TARGET writes them."""
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

    Raises UsageError, with the nearest name, for what the site does not show.
    """
    place = resolve(target, [ModelNames((model.name, model.slug), _names(model)) for model in models])
    model = models[place.model]
    if place.layer is None:
        if technique is not None or not isinstance(filters, int | Strongest | None):
            what = "a technique is" if technique is not None else "such filters are"
            raise UsageError(f"{target}: {what} a layer's", f"Name one, such as {model.name}/LAYER")
        return Target(model, each=filters)
    layer = model.layers[place.layer]
    if place.filter is not None and filters is not None:
        raise UsageError(f"{target}: names a filter, and --filters names others", "Leave one of them out")
    shown = () if filters is None else layer.chosen(filters)
    for index in shown:
        check(index, _names(model)[place.layer], target)
    way = None if technique is None else _technique_named(technique, layer, target)
    return Target(model, layer, way, shown if place.filter is None else (place.filter,))


def _names(model: Model) -> tuple[LayerNames, ...]:
    return tuple(LayerNames((one.title, one.folder.rpartition("/")[2]), one.filters) for one in model.layers)


def _technique_named(name: str, layer: Layer, target: str) -> Technique:
    """Return the technique that goes by a name or a title, whatever its case."""
    known = {each.lower(): one for one in reversed(layer.techniques) for each in (one.title, one.slug)}
    if name.lower() not in known:
        slugs = [one.slug for one in layer.techniques]
        hint = nearest(name, known) or f"There are {listed(slugs)}"
        raise UsageError(f"{target!r}: no technique {name!r} in the gallery", hint)
    return known[name.lower()]


def drawn(target: Target) -> tuple[int, ...]:
    """Return the filters that a layer's picture shows: those that were asked for, or else a spread of at most 64."""
    if target.filters or target.layer is None:
        return target.filters
    return tuple(target.layer.filters[place] for place in spread(len(target.layer.filters), MOST))


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
