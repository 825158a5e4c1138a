"""Addresses in a site, ``model``, ``model/layer`` or ``model/layer/filter``, and what they name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from generator.errors import UsageError, nearest
from generator.site.records import Filter, Layer, Model, Technique

MAX_NAMES = 12


@dataclass(frozen=True)
class Address:
    """A model of a site, and a layer and a filter of it where they are named."""

    model: Model
    layer: Layer | None = None
    filter: Filter | None = None


def find_address(models: Sequence[Model], address: str) -> Address:
    """Return what an address names; case does not matter.

    Models and layers are named by their names or by the folders of their pages. Names may contain slashes: of several
    ways to split an address, that with the longest known names counts. The name of a layer that is called twice
    means its first call.
    Raises UsageError, with the nearest name, for what the site does not show.
    """
    layers: list[Layer] = []
    known: list[str] = []
    for model_place, rest in _split(address, [(model.name, model.slug) for model in models]):
        model = models[model_place]
        if not rest:
            return Address(model)
        for layer_place, index in _split(rest, [_names(layer) for layer in model.layers]):
            layer = model.layers[layer_place]
            if not index:
                return Address(model, layer)
            if index.isdecimal():
                return Address(model, layer, filter_of(layer, int(index), address))
        layers += model.layers
        known += [f"{model.name}/{name}" for layer in model.layers for name in _names(layer)]
    head = address.rpartition("/")[0]  # without the filter, if there is one
    if known:
        hint = nearest(address, known) or (nearest(head, known) if "/" in head else "")
        raise UsageError(
            f"{address!r}: no such layer in the gallery",
            hint or f"There are {first_names(layer.title for layer in layers)}",
        )
    names = [name for model in models for name in (model.name, model.slug)]
    hint = nearest(address, names) or nearest(address.partition("/")[0], names)
    raise UsageError(
        f"{address!r}: no such model in the gallery", hint or f"There are {first_names(model.name for model in models)}"
    )


def filter_of(layer: Layer, index: int, address: str) -> Filter:
    """Return the filter of that index.

    Raises UsageError, with the ``address`` that named it, if the site does not show it.
    """
    indices = layer.indices
    if index not in layer.places:
        gaps = len(indices) <= indices[-1] - indices[0]
        hint = f"It shows {first_names(map(str, indices))}" if gaps else f"It shows {indices[0]} to {indices[-1]}"
        raise UsageError(f"{address!r}: no filter {index} of {layer.title} in the gallery", hint)
    return layer.filters[layer.places[index]]


def technique_of(layer: Layer, name: str, address: str) -> Technique:
    """Return the technique of a slug or a title; case does not matter.

    Raises UsageError, with the nearest name, if the layer has no such technique.
    """
    known = {
        label.lower(): technique
        for technique in reversed(layer.techniques)
        for label in (technique.title, technique.slug)
    }
    if name.lower() not in known:
        hint = nearest(name, known) or f"There are {first_names(technique.slug for technique in layer.techniques)}"
        raise UsageError(f"{address!r}: no technique {name!r} in the gallery", hint)
    return known[name.lower()]


def first_names(names: Iterable[str]) -> str:
    """Return the first of some names, and how many more there are."""
    every = list(names)
    return ", ".join(every[:MAX_NAMES]) + (f" and {len(every) - MAX_NAMES} more" if len(every) > MAX_NAMES else "")


def _names(layer: Layer) -> tuple[str, ...]:
    return tuple(dict.fromkeys((layer.title, layer.name, layer.slug)))


def _split(text: str, known: Sequence[tuple[str, ...]]) -> list[tuple[int, str]]:
    """Return the places of the entries that a text begins with, each with the text behind the slash that follows.

    The longest name comes first; names in the same case come before those in another.
    """
    matches = []
    for place, names in enumerate(known):
        for name in names:
            head, tail = text[: len(name)], text[len(name) :]
            if head.lower() == name.lower() and (not tail or tail[0] == "/"):
                matches.append((-len(name), head != name, place, tail[1:]))
    return [(place, rest) for _, _, place, rest in sorted(matches)]
