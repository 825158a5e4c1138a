"""Whose names the words of a target are: ``model``, ``model/layer`` or ``model/layer/filter``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from generator.errors import UsageError, nearest

LISTED = 12


@dataclass(frozen=True)
class LayerNames:
    """What a layer of a gallery goes by, what it is offered by first, and its filters."""

    names: tuple[str, ...]
    filters: tuple[int, ...]


@dataclass(frozen=True)
class ModelNames:
    """What a model of a gallery goes by, what it is offered by first, and its layers."""

    names: tuple[str, ...]
    layers: tuple[LayerNames, ...]


@dataclass(frozen=True)
class Place:
    """Where a target leads: the number of a model, and of a layer of it; a filter by its index."""

    model: int
    layer: int | None = None
    filter: int | None = None


def resolve(target: str, models: Sequence[ModelNames]) -> Place:
    """Return what a target names, whatever its case.

    Names may hold slashes: of several ways to read a target, the one with the longest names that are there. Of a
    layer that is called twice, its name alone means the first call.
    Raises UsageError, with the nearest name, for what the gallery does not show.
    """
    inside: list[LayerNames] = []
    known: list[str] = []
    for number, rest in _split(target, [model.names for model in models]):
        model = models[number]
        if not rest:
            return Place(number)
        for at, index in _split(rest, [layer.names for layer in model.layers]):
            if not index:
                return Place(number, at)
            if index.isdecimal():
                check(int(index), model.layers[at], target)
                return Place(number, at, int(index))
        inside += model.layers
        known += [f"{model.names[0]}/{name}" for layer in model.layers for name in layer.names]
    head = target.rpartition("/")[0]  # what stands behind a layer's name is no reason not to know it
    if known:
        hint = nearest(target, known) or (nearest(head, known) if "/" in head else "")
        raise UsageError(
            f"{target!r}: no such layer in the gallery", hint or f"There are {listed(one.names[0] for one in inside)}"
        )
    names = [name for model in models for name in model.names]
    hint = nearest(target, names) or nearest(target.partition("/")[0], names)
    raise UsageError(
        f"{target!r}: no such model in the gallery", hint or f"There are {listed(one.names[0] for one in models)}"
    )


def check(index: int, layer: LayerNames, where: str) -> None:
    """Raise UsageError if a layer does not show a filter; ``where`` says what asked for it."""
    shown = layer.filters
    if index not in shown:
        gaps = len(shown) <= shown[-1] - shown[0]
        hint = f"It shows {listed(map(str, shown))}" if gaps else f"It shows {shown[0]} to {shown[-1]}"
        raise UsageError(f"{where!r}: no filter {index} of {layer.names[0]} in the gallery", hint)


def listed(names: Iterable[str]) -> str:
    """Return the first of some names, and how many more there are."""
    every = list(names)
    return ", ".join(every[:LISTED]) + (f" and {len(every) - LISTED} more" if len(every) > LISTED else "")


def _split(text: str, known: Sequence[tuple[str, ...]]) -> list[tuple[int, str]]:
    """Return which of some entries a text begins with, the longest name first, each with what follows behind a slash.

    Names as they are written go before those in another case.
    """
    found = []
    for number, names in enumerate(known):
        for name in names:
            head, tail = text[: len(name)], text[len(name) :]
            if head.lower() == name.lower() and (not tail or tail[0] == "/"):
                found.append((-len(name), head != name, number, tail[1:]))
    return [(number, rest) for _, _, number, rest in sorted(found)]
