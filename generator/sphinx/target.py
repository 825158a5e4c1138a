"""What a directive names: a model, one of its layers, or one of that layer's filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from generator.models.summary import layer_title
from generator.site.addresses import LayerNames, ModelNames, check, resolve

Entry = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """A model of the manifest, and a layer and a filter of it where they are named."""

    model: Entry
    layer: Entry | None = None
    filter: Entry | None = None


def title(layer: Entry) -> str:
    """Return a layer's name, told apart from its other calls."""
    return layer_title(layer["name"], layer["call"])


def find(models: Sequence[Entry], name: str) -> Target:
    """Return what ``model``, ``model/layer`` or ``model/layer/filter`` names.

    Models and layers go by their names, which may hold slashes themselves, or by the folders of their pages.
    Raises UsageError, with the nearest name, if there is no such thing.
    """
    layers = [tuple(_names(layer) for layer in model["layers"]) for model in models]
    known = [ModelNames((str(one["name"]), _folder(one)), held) for one, held in zip(models, layers, strict=True)]
    place = resolve(name, known)
    model = models[place.model]
    layer = None if place.layer is None else model["layers"][place.layer]
    return Target(model, layer, None if layer is None or place.filter is None else filter_of(layer, place.filter, name))


def filter_of(layer: Entry, index: int, where: str) -> Entry:
    """Return the filter of that index.

    Raises UsageError if the gallery does not show it; ``where`` says what asked for it.
    """
    check(index, _names(layer), where)
    found: Entry = next(one for one in layer["filters"] if one["index"] == index)
    return found


def _names(layer: Entry) -> LayerNames:
    names = (title(layer), str(layer["name"]), _folder(layer))
    return LayerNames(names, tuple(one["index"] for one in layer["filters"]))


def _folder(entry: Entry) -> str:
    """Return the folder of an entry's page."""
    return str(entry["page"].rsplit("/", 2)[-2])
