"""What a directive shows: filters chosen from a site, each with its picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from generator.errors import UsageError
from generator.pages.sheets import BEST
from generator.pages.techniques import MAIN_SLUG
from generator.pages.text import significant
from generator.pages.verdict import DEAD, RANK
from generator.sphinx.site import Site
from generator.sphinx.target import Target, filter_of, find, title
from generator.sphinx.techniques import Technique, technique_of

Entry = dict[str, Any]
ALL = "all"


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


def choose(site: Site, request: Request) -> Showing:
    """Return what a site has to show for a request.

    Raises UsageError, with the nearest name where there is one, if the site does not hold it.
    """
    target = find(site.models, request.target)
    if target.layer is None:
        return _of_model(site, target, request)
    technique = technique_of(target.layer, request.technique, request.target)
    chosen, caption = _of_layer(target, target.layer, technique, request)
    cells = (_cell(site, one, technique) for one in chosen)
    return Showing(tuple(cells), caption)


def _of_model(site: Site, target: Target, request: Request) -> Showing:
    """Return the strongest filters of every layer that has the technique."""
    wanted = request.filters or "1"
    if not (wanted.isdecimal() and int(wanted)):
        raise UsageError(
            f"filters {wanted!r}: expected how many of each layer, such as 2",
            f"Choose others of a layer: {request.target}/NAME",
        )
    cells: list[Cell] = []
    found: Technique | None = None
    trouble: UsageError | None = None
    for layer in target.model["layers"]:
        try:
            found = technique_of(layer, request.technique, request.target)
        except UsageError as error:  # first layers may have kernels in colours that later ones have not
            trouble = error
            continue
        strongest = _strongest(layer["filters"])[: int(wanted)]
        cells += (_cell(site, one, found, title(layer)) for one in strongest)
    if found is None:
        raise trouble or UsageError(f"{request.target!r}: the gallery shows no layer of it")
    which = "the strongest filter" if wanted == "1" else f"the {wanted} strongest filters"
    return Showing(tuple(cells), f"{target.model['name']}, {which} of each layer: {found.about('each')}.")


def _of_layer(target: Target, layer: Entry, technique: Technique, request: Request) -> tuple[Sequence[Entry], str]:
    name, every = f"{title(layer)} of {target.model['name']}", layer["filters"]
    if target.filter is not None:
        if request.filters:
            raise UsageError(f"filters {request.filters!r}: {request.target} is one filter already")
        return [target.filter], f"{name}, filter {target.filter['index']}: {technique.about('it')}."
    chosen = list(_chosen(layer, request))
    if len(chosen) == len(every):
        which = "the filter" if len(every) == 1 else f"all {len(every)} filters"
    elif "," in request.filters:
        which = f"{len(chosen)} of {len(every)} filters"
    else:
        which = f"the strongest {len(chosen)} of {len(every)} filters" if len(chosen) > 1 else "the strongest filter"
    return chosen, f"{name}, {which}: {technique.about('each')}."


def _chosen(layer: Entry, request: Request) -> Iterator[Entry]:
    """Yield the filters that are asked for: those listed, in that order, or so many, the strongest first."""
    wanted, every = request.filters or str(BEST), layer["filters"]
    if wanted == ALL:
        yield from every
        return
    parts = [part.strip() for part in wanted.split(",")]
    if len(parts) == 1 and wanted.isdecimal() and int(wanted):
        yield from every if int(wanted) >= len(every) else _strongest(every)[: int(wanted)]
    elif len(parts) > 1 and all(part.isdecimal() for part in parts if part) and parts[0]:
        yield from (filter_of(layer, int(part), request.target) for part in dict.fromkeys(parts) if part)
    else:
        raise UsageError(f"filters {wanted!r}: expected indices such as 0,5,7, a number above zero, or {ALL}")


def _strongest(filters: Sequence[Entry]) -> list[Entry]:
    """Return the filters in the order in which the site's overviews show them."""
    return sorted(filters, key=lambda one: (RANK[one["verdict"]], -one["pictures"][0]["score"], one["index"]))


def _cell(site: Site, one: Entry, technique: Technique, layer: str = "") -> Cell:
    """Return a filter; ``layer`` is that layer's name where several are shown together."""
    path, score = technique.paths.get(one["index"], ""), one["pictures"][0]["score"]
    says = technique.of(one["index"])
    if not path:
        nothing = one["verdict"] == DEAD and technique.name == MAIN_SLUG
        says = f"nothing excites filter {one['index']}" if nothing else f"no picture ({says})"
    elif path not in site.digests:
        raise UsageError(f"{site.folder}: the manifest does not list {path}", "Build the site again")
    return Cell(
        label=f"{layer} {one['index']}".strip(),
        says=f"{layer}: {says}" if layer else f"{says[0].upper()}{says[1:]}",
        note=f"score {significant(score)}, {one['verdict']}",
        page=one["page"],
        picture=path,
        digest=site.digests.get(path, ""),
    )
