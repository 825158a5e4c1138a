"""What the words of an address mean in a site: ``model``, ``model/layer`` or ``model/layer/filter``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from generator.errors import UsageError, nearest
from generator.site.records import Filter, Layer, Model, Technique

LISTED = 12


@dataclass(frozen=True)
class Address:
    """A model of a site, and a layer and a filter of it where they are named."""

    model: Model
    layer: Layer | None = None
    filter: Filter | None = None


def find(models: Sequence[Model], address: str) -> Address:
    """Return what an address means, whatever its case.

    Models and layers go by their names or by the folders of their pages. Names may hold slashes: of several ways to
    read an address, the one with the longest names that are there. Of a layer that is called twice, its name alone
    means the first call.
    Raises UsageError, with the nearest name, for what the site does not show.
    """
    layers: list[Layer] = []
    known: list[str] = []
    for place, rest in _split(address, [(model.name, model.slug) for model in models]):
        model = models[place]
        if not rest:
            return Address(model)
        for position, index in _split(rest, [_names(layer) for layer in model.layers]):
            layer = model.layers[position]
            if not index:
                return Address(model, layer)
            if index.isdecimal():
                return Address(model, layer, filter_of(layer, int(index), address))
        layers += model.layers
        known += [f"{model.name}/{name}" for layer in model.layers for name in _names(layer)]
    head = address.rpartition("/")[0]  # what stands behind a layer's name is no reason not to know it
    if known:
        hint = nearest(address, known) or (nearest(head, known) if "/" in head else "")
        raise UsageError(
            f"{address!r}: no such layer in the gallery", hint or f"There are {listed(one.title for one in layers)}"
        )
    names = [name for model in models for name in (model.name, model.slug)]
    hint = nearest(address, names) or nearest(address.partition("/")[0], names)
    raise UsageError(
        f"{address!r}: no such model in the gallery", hint or f"There are {listed(model.name for model in models)}"
    )


def filter_of(layer: Layer, index: int, address: str) -> Filter:
    """Return the filter of that index.

    Raises UsageError if the site does not show it; ``address`` is what named it.
    """
    indices = layer.indices
    if index not in layer.places:
        gaps = len(indices) <= indices[-1] - indices[0]
        hint = f"It shows {listed(map(str, indices))}" if gaps else f"It shows {indices[0]} to {indices[-1]}"
        raise UsageError(f"{address!r}: no filter {index} of {layer.title} in the gallery", hint)
    return layer.filters[layer.places[index]]


def technique_of(layer: Layer, name: str, address: str) -> Technique:
    """Return the technique that goes by a slug or a title, whatever its case.

    Raises UsageError, with the nearest name, if the layer is not shown so.
    """
    known = {
        each.lower(): technique for technique in reversed(layer.techniques) for each in (technique.title, technique.slug)
    }
    if name.lower() not in known:
        hint = nearest(name, known) or f"There are {listed(technique.slug for technique in layer.techniques)}"
        raise UsageError(f"{address!r}: no technique {name!r} in the gallery", hint)
    return known[name.lower()]


def listed(names: Iterable[str]) -> str:
    """Return the first of some names, and how many more there are."""
    every = list(names)
    return ", ".join(every[:LISTED]) + (f" and {len(every) - LISTED} more" if len(every) > LISTED else "")


def _names(layer: Layer) -> tuple[str, ...]:
    return tuple(dict.fromkeys((layer.title, layer.name, layer.slug)))


def _split(text: str, known: Sequence[tuple[str, ...]]) -> list[tuple[int, str]]:
    """Return which of some entries a text begins with, the longest name first, each with what follows behind a slash.

    Names as they are written go before those in another case.
    """
    matches = []
    for place, names in enumerate(known):
        for name in names:
            head, tail = text[: len(name)], text[len(name) :]
            if head.lower() == name.lower() and (not tail or tail[0] == "/"):
                matches.append((-len(name), head != name, place, tail[1:]))
    return [(place, rest) for _, _, place, rest in sorted(matches)]
