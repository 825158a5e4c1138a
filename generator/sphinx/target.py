"""What a directive names: a model, one of its layers, or one of that layer's filters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from generator.errors import UsageError, nearest
from generator.models.card import layer_title

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
    known: list[str] = []
    for model, rest in _split(models, name, ("name",)):
        if not rest:
            return Target(model)
        for layer, index in _split(model["layers"], rest, ("title", "name")):
            if not index:
                return Target(model, layer)
            if index.isdecimal():
                return Target(model, layer, filter_of(layer, int(index), name))
        known += [f"{model['name']}/{title(layer)}" for layer in model["layers"]]
    if known:
        head = name.rpartition("/")[0]  # what stands behind a layer's name is no reason not to know it
        hint = nearest(name, known) or (nearest(head, known) if "/" in head else "")
        raise UsageError(f"{name!r}: no such layer in the gallery", hint or f"There are {_listed(known)}")
    names = [str(model["name"]) for model in models]
    hint = nearest(name, names) or nearest(name.partition("/")[0], names)
    raise UsageError(f"{name!r}: no such model in the gallery", hint or f"There are {_listed(names)}")


def filter_of(layer: Entry, index: int, where: str) -> Entry:
    """Return the filter of that index.

    Raises UsageError if the gallery does not show it; ``where`` says what asked for it.
    """
    found: Entry | None = next((one for one in layer["filters"] if one["index"] == index), None)
    if found is None:
        shown = [one["index"] for one in layer["filters"]]
        gaps = len(shown) <= shown[-1] - shown[0]
        hint = f"It shows {_listed(map(str, shown))}" if gaps else f"It shows {shown[0]} to {shown[-1]}"
        raise UsageError(f"{where!r}: no filter {index} of {title(layer)} in the gallery", hint)
    return found


def _split(entries: Sequence[Entry], name: str, keys: tuple[str, ...]) -> Iterator[tuple[Entry, str]]:
    """Yield entries that a name begins with, the longest first, each with what follows behind a slash."""
    found = []
    for entry in entries:
        folder = entry["page"].rsplit("/", 2)[-2]
        for own in {*(title(entry) if key == "title" else str(entry[key]) for key in keys), folder}:
            if name == own or name.startswith(f"{own}/"):
                found.append((len(own), entry, name[len(own) + 1 :]))
    # of a layer that is called twice, the first call is what its name means
    yield from ((entry, rest) for _, entry, rest in sorted(found, key=lambda one: -one[0]))


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    return ", ".join(every[:12]) + (f" and {len(every) - 12} more" if len(every) > 12 else "")
