"""What a directive shows: filters chosen from a site, each with its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from generator.analysis.verdict import DEAD, RANK
from generator.errors import UsageError
from generator.pages.filters import significant
from generator.pages.sheets.techniques import MAIN_SLUG
from generator.site import selection as words
from generator.site.built import BuiltSite
from generator.sphinx.target import Target, filter_of, find, title
from generator.sphinx.techniques import Technique, technique_of, techniques

Entry = dict[str, Any]
SHOWN = 12
"""Filters of a layer that are shown where no number is said."""


@dataclass(frozen=True)
class Request:
    """What a directive asks for, as it was written; ``filters`` is empty where nothing was."""

    target: str
    filters: str = ""
    technique: str = MAIN_SLUG


@dataclass(frozen=True)
class Cell:
    """One filter: its label, what its picture shows, what is known of it, and its page.

    ``picture`` is the path of the picture, from the site's root, and ``digest`` that of its bytes; both are empty for
    a filter that has none.
    """

    label: str
    says: str
    note: str
    page: str
    picture: str
    digest: str


@dataclass(frozen=True)
class Showing:
    """The filters that are shown, and one sentence on them all."""

    cells: tuple[Cell, ...]
    caption: str


def choose(site: BuiltSite, request: Request) -> Showing:
    """Return what a site has to show for a request.

    Raises UsageError, with the nearest name where there is one, if the site does not hold it.
    """
    target = find(site.manifest["models"], request.target)
    if target.layer is None:
        return _of_model(site, target, request)
    technique = technique_of(target.layer, request.technique, request.target)
    chosen, caption = _of_layer(target, target.layer, technique, request)
    cells = (_cell(site, one, technique) for one in chosen)
    return Showing(tuple(cells), caption)


def _of_model(site: BuiltSite, target: Target, request: Request) -> Showing:
    """Return filters of every layer that has the technique: the strongest one where nothing is said."""
    wanted = _parse(request.filters) if request.filters else words.Strongest(1)
    if not isinstance(wanted, int | words.Strongest):
        raise UsageError(
            f"filters {request.filters!r}: expected how many of each layer, such as 2 or strongest:2",
            f"Choose others of a layer: {request.target}/NAME",
        )
    cells: list[Cell] = []
    found: Technique | None = None
    failures: UsageError | None = None
    for layer in target.model["layers"]:
        try:
            found = technique_of(layer, request.technique, request.target)
        except UsageError as error:  # first layers may have kernels in colours that later ones have not
            failures = error
            continue
        cells += (_cell(site, one, found, title(layer)) for one in _chosen(layer, wanted, request))
    if found is None:
        raise failures or UsageError(f"{request.target!r}: the gallery shows no layer of it")
    count = wanted if isinstance(wanted, int) else wanted.count
    strongest = "" if isinstance(wanted, int) else "the strongest "
    which = f"{strongest or 'one '}filter" if count == 1 else f"{strongest}{count} filters"
    return Showing(tuple(cells), f"{target.model['name']}, {which} of each layer: {found.about('each')}.")


def _of_layer(target: Target, layer: Entry, technique: Technique, request: Request) -> tuple[Sequence[Entry], str]:
    name, every = f"{title(layer)} of {target.model['name']}", layer["filters"]
    if target.filter is not None:
        if request.filters:
            raise UsageError(f"filters {request.filters!r}: {request.target} is one filter already")
        return [target.filter], f"{name}, filter {target.filter['index']}: {technique.about('it')}."
    wanted = _parse(request.filters or str(SHOWN))
    chosen = _chosen(layer, wanted, request)
    if len(chosen) == len(every):
        which = "the filter" if len(every) == 1 else f"all {len(every)} filters"
    elif isinstance(wanted, words.Strongest):
        which = f"the strongest {len(chosen)} of {len(every)} filters" if len(chosen) > 1 else "the strongest filter"
    else:
        which = f"{len(chosen)} of {len(every)} filters"
    return chosen, f"{name}, {which}: {technique.about('each')}."


def _parse(text: str) -> words.Wanted:
    try:
        return words.parse(text)
    except ValueError as error:
        raise UsageError(f"filters {text!r}: {error}") from None


def _chosen(layer: Entry, wanted: words.Wanted, request: Request) -> list[Entry]:
    indices = words.choose(wanted, [one["index"] for one in layer["filters"]], _strongest(layer))
    return [filter_of(layer, index, request.target) for index in indices]


def _strongest(layer: Entry) -> list[int]:
    """Return filters in the order in which the site's overviews show them: of those that have a picture, if any has."""
    pictures = next(techniques(layer)).paths
    alive = [one for one in layer["filters"] if one["index"] in pictures] or layer["filters"]
    ranked = sorted(alive, key=lambda one: (RANK[one["verdict"]], -one["pictures"][0]["score"], one["index"]))
    return [one["index"] for one in ranked]


def _cell(site: BuiltSite, one: Entry, technique: Technique, layer: str = "") -> Cell:
    """Return a filter; ``layer`` is that layer's name where several are shown together."""
    path, score = technique.paths.get(one["index"], ""), one["pictures"][0]["score"]
    says = technique.of(one["index"])
    if not path:
        nothing = one["verdict"] == DEAD and technique.name == MAIN_SLUG
        says = f"nothing excites filter {one['index']}" if nothing else f"no picture ({says})"
    elif path not in site.by_path:
        raise UsageError(f"{site.folder}: the manifest does not list {path}", "Build the site again")
    return Cell(
        label=f"{layer} {one['index']}".strip(),
        says=f"{layer}: {says}" if layer else f"{says[0].upper()}{says[1:]}",
        note=f"score {significant(score)}, {one['verdict']}",
        page=one["page"],
        picture=path,
        digest=site.by_path[path].digest if path else "",
    )
