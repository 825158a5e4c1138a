"""The pictures of a layer's filters by technique, named as the site names its sheets of thumbnails."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from generator.config.values import ObjectiveSpec, RenderSettings
from generator.errors import UsageError, nearest
from generator.names import unique_slugs
from generator.pages.pictures import title
from generator.pages.techniques import KERNEL_SLUG, MAIN_SLUG

Entry = dict[str, Any]
_MAP = re.compile(r"-(feature-map-\d+)\.\w+$")


@dataclass(frozen=True)
class Technique:
    """One way to show a layer's filters: what it shows of one, of each or of it, and the paths by filter."""

    name: str
    shows: str
    paths: dict[int, str]

    def of(self, index: int) -> str:
        """Return what it shows of a filter, as a phrase that stands alone."""
        named = f"filter {index}"
        said = self.shows.format(named)
        return said if named in said else f"{named}, {said}"

    def about(self, word: str) -> str:
        """Return what it shows of a filter that was named already, by a word such as it or each."""
        return self.shows.format(word)


def technique_of(layer: Entry, name: str, where: str) -> Technique:
    """Return a layer's technique of that name.

    Raises UsageError, with the nearest name, if none of its filters has such a picture.
    """
    known = {technique.name: technique for technique in techniques(layer)}
    if name not in known:
        hint = nearest(name, known) or f"There are {', '.join(known)}"
        raise UsageError(f"{where!r}: no technique {name!r} in the gallery", hint)
    return known[name]


def techniques(layer: Entry) -> Iterator[Technique]:
    """Yield the techniques in which a layer's filters are shown."""
    filters = layer["filters"]
    main = {one["index"]: one["pictures"][0] for one in filters}
    yield Technique(MAIN_SLUG, "what excites {} most", _alive(main))
    others: dict[str, dict[int, Entry]] = {}
    order = _order(filters)
    for one in filters:
        for called, picture in list(_named(one["pictures"], order))[1:]:
            others.setdefault(called, {}).setdefault(one["index"], picture)
    for called, slug in zip(others, unique_slugs(list(others)), strict=True):
        yield Technique(slug, f"{called[0].lower()}{called[1:]}", _alive(others[called]))
    maps: dict[str, tuple[str, dict[int, str]]] = {}
    for one in filters:
        for answer in one["feature_maps"]:
            if found := _MAP.search(answer["path"]):
                maps.setdefault(found[1], (answer["photo"], {}))[1][one["index"]] = answer["path"]
    for name, (photo, paths) in sorted(maps.items()):
        yield Technique(name, "where {} answers to " + _plain(photo), paths)
    if kernels := {one["index"]: one["kernels"][0] for one in filters if one["kernels"]}:
        yield Technique(KERNEL_SLUG, "the kernel of {}", kernels)


def _plain(text: str) -> str:
    """Return a text without meaning for ``str.format``."""
    return text.replace("{", "{{").replace("}", "}}")


def _alive(pictures: dict[int, Entry]) -> dict[int, str]:
    """Return the paths; what a search that reached nothing has left is no picture, as on the site."""
    return {
        index: picture["path"]
        for index, picture in pictures.items()
        if picture["verdict"] != "dead" and max(picture["score"], *picture["trace"]) > 0
    }


def _order(filters: list[Entry]) -> list[RenderSettings]:
    """Return the settings in the order of the plan: what most filters have, as some let a later picture go first."""
    orders = Counter(tuple(_settings(picture) for picture in one["pictures"]) for one in filters)
    return list(dict.fromkeys(settings for order, _ in orders.most_common() for settings in order))


def _named(pictures: list[Entry], order: list[RenderSettings]) -> Iterator[tuple[str, Entry]]:
    """Yield a filter's pictures with the titles that tell them apart."""
    settings = [_settings(picture) for picture in pictures]
    every = sorted(settings, key=order.index)
    seen: Counter[RenderSettings] = Counter()
    for own, picture in zip(settings, pictures, strict=True):
        seen[own] += 1
        yield title(own, seen[own], every), picture


def _settings(picture: Entry) -> RenderSettings:
    """Return what the manifest writes of a picture's settings as the value that they were."""
    written = picture["settings"]
    objective = written["objective"]
    weights = objective["direction"].items() if isinstance(objective, dict) else ()
    return RenderSettings(
        **{
            **written,
            "seed": picture["seed"],
            "objective": ObjectiveSpec("direction", tuple((int(index), weight) for index, weight in weights))
            if weights
            else ObjectiveSpec(objective),
            "transforms": tuple(next(iter(transform.items())) for transform in written["transforms"]),
        }
    )
