"""What a directive shows: filters chosen from a site, each with its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generator.errors import UsageError
from generator.numbers import significant
from generator.site import selection
from generator.site.addresses import Address, filter_of, find_address, technique_of
from generator.site.built import BuiltSite
from generator.site.records import PICTURE_KIND, Filter, Layer, Model, Technique
from generator.site.sheets import KERNEL_SLUG, MAIN_SLUG

SHOWN = 12
"""Filters of a layer that are shown where no number is said."""


@dataclass(frozen=True)
class Request:
    """What a directive asks for, as it was written; ``filters`` is empty where nothing was."""

    target: str
    filters: str = ""
    technique: str = MAIN_SLUG


@dataclass(frozen=True)
class ShownFilter:
    """One filter: its label, what its picture shows, what is known of it, and its page.

    ``picture`` is the path of the picture, from the site's root, and ``digest`` that of its bytes; both are empty for
    a filter that has none. ``sharp`` cells stay sharp as the picture grows.
    """

    label: str
    alt: str
    note: str
    page: str
    picture: str
    digest: str
    sharp: bool


@dataclass(frozen=True)
class Selected:
    """The filters that are shown, and one sentence on them all."""

    cells: tuple[ShownFilter, ...]
    caption: str


def select(site: BuiltSite, request: Request) -> Selected:
    """Return what a site has to show for a request.

    Raises UsageError, with the nearest name where there is one, if the site does not hold it.
    """
    address = find_address(site.manifest.models, request.target)
    if address.layer is None:
        return _of_model(site, address.model, request)
    technique = technique_of(address.layer, request.technique, request.target)
    filters, caption = _of_layer(address, address.layer, technique, request)
    cells = (_cell(site, address.layer, shown, technique) for shown in filters)
    return Selected(tuple(cells), caption)


def _of_model(site: BuiltSite, model: Model, request: Request) -> Selected:
    """Return filters of every layer that has the technique: the strongest one where nothing is said."""
    which = _parse(request.filters) if request.filters else selection.Strongest(1)
    if not isinstance(which, int | selection.Strongest):
        raise UsageError(
            f"filters {request.filters!r}: expected how many of each layer, such as 2 or strongest:2",
            f"Choose others of a layer: {request.target}/NAME",
        )
    cells: list[ShownFilter] = []
    technique: Technique | None = None
    missing: UsageError | None = None
    for layer in model.layers:
        try:
            technique = technique_of(layer, request.technique, request.target)
        except UsageError as error:  # first layers may have kernels in colours that later ones have not
            missing = error
            continue
        cells += (_cell(site, layer, shown, technique, layer.title) for shown in _filters(layer, which, request))
    if technique is None:
        raise missing or UsageError(f"{request.target!r}: the gallery shows no layer of it")
    count = which if isinstance(which, int) else which.count
    strongest = "" if isinstance(which, int) else "the strongest "
    words = f"{strongest or 'one '}filter" if count == 1 else f"{strongest}{count} filters"
    return Selected(tuple(cells), f"{model.name}, {words} of each layer: {phrase(technique, 'each')}.")


def _of_layer(address: Address, layer: Layer, technique: Technique, request: Request) -> tuple[Sequence[Filter], str]:
    name = f"{layer.title} of {address.model.name}"
    if address.filter is not None:
        if request.filters:
            raise UsageError(f"filters {request.filters!r}: {request.target} is one filter already")
        return [address.filter], f"{name}, filter {address.filter.index}: {phrase(technique, 'it')}."
    which = _parse(request.filters or str(SHOWN))
    filters = _filters(layer, which, request)
    if len(filters) == len(layer.filters):
        words = "the filter" if len(filters) == 1 else f"all {len(filters)} filters"
    elif isinstance(which, selection.Strongest):
        words = f"the strongest {len(filters)} of {len(layer.filters)} filters"
        words = words if len(filters) > 1 else "the strongest filter"
    else:
        words = f"{len(filters)} of {len(layer.filters)} filters"
    return filters, f"{name}, {words}: {phrase(technique, 'each')}."


def _parse(text: str) -> selection.FilterSelection:
    try:
        return selection.parse_selection(text)
    except ValueError as error:
        raise UsageError(f"filters {text!r}: {error}") from None


def _filters(layer: Layer, which: selection.FilterSelection, request: Request) -> list[Filter]:
    return [filter_of(layer, index, request.target) for index in selection.select_filters(which, layer)]


def _cell(site: BuiltSite, layer: Layer, shown: Filter, technique: Technique, called: str = "") -> ShownFilter:
    """Return a filter; ``called`` is its layer's name where several are shown together."""
    path = technique.files[layer.places[shown.index]] or ""
    alt = alt_text(technique, shown.index)
    if not path:
        nothing = shown.verdict == "dead" and technique.slug == MAIN_SLUG
        alt = f"nothing excites filter {shown.index}" if nothing else f"no picture ({alt})"
    return ShownFilter(
        label=f"{called} {shown.index}".strip(),
        alt=f"{called}: {alt}" if called else f"{alt[0].upper()}{alt[1:]}",
        note=f"score {significant(shown.pictures[0].score)}, {shown.verdict}",
        page=shown.page,
        picture=path,
        digest=site.by_path[path].digest if path else "",
        sharp=technique.kind != PICTURE_KIND,
    )


def phrase(technique: Technique, word: str) -> str:
    """Return what a technique shows of a filter that was named already, by a word such as it or each."""
    if technique.slug == MAIN_SLUG:
        return f"what excites {word} most"
    if technique.photo is not None:
        return f"where {word} responds to {technique.photo}"
    if technique.slug == KERNEL_SLUG:
        return f"the kernel of {word}"
    return f"{technique.title[:1].lower()}{technique.title[1:]}"


def alt_text(technique: Technique, index: int) -> str:
    """Return what a technique shows of a filter, as a phrase that stands alone."""
    named = f"filter {index}"
    words = phrase(technique, named)
    return words if named in words else f"{named}, {words}"
