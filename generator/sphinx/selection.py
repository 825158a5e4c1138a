"""The filters of a site that a directive shows, each with its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generator.errors import UsageError, printable
from generator.numbers import significant
from generator.site import selection
from generator.site.addresses import Address, filter_of, find_address, technique_of
from generator.site.built import BuiltSite
from generator.site.records import PICTURE_KIND, Filter, Layer, Model, Technique
from generator.site.sheets import KERNEL_SLUG, MAIN_SLUG

DEFAULT_FILTERS = 12
"""Filters of a layer that are shown if none are selected."""


@dataclass(frozen=True)
class Request:
    """The argument and options of a directive, as they were written; ``filters`` is empty if it was not given."""

    target: str
    filters: str = ""
    technique: str = MAIN_SLUG


@dataclass(frozen=True)
class ShownFilter:
    """One filter: its label, the alternative text of its picture, a note on its score, and its page.

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
    """The filters that are shown, and their caption."""

    cells: tuple[ShownFilter, ...]
    caption: str


def select(site: BuiltSite, request: Request) -> Selected:
    """Return the filters of a site for a request.

    Raises UsageError, with the nearest name where there is one, if the site does not hold it.
    """
    address = find_address(site.manifest.models, request.target)
    if address.layer is None:
        return _of_model(site, address.model, request)
    technique = technique_of(address.layer, request.technique, request.target)
    filters, caption = _of_layer(address, address.layer, technique, request)
    cells = (_cell(site, address.layer, record, technique) for record in filters)
    return Selected(tuple(cells), printable(caption))


def _of_model(site: BuiltSite, model: Model, request: Request) -> Selected:
    """Return filters of every layer that has the technique: the strongest one of each by default."""
    chosen = _parse(request.filters) if request.filters else selection.Strongest(1)
    if not isinstance(chosen, int | selection.Strongest):
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
        cells += (_cell(site, layer, record, technique, layer.title) for record in _filters(layer, chosen, request))
    if technique is None:
        raise missing or UsageError(f"{request.target!r}: the gallery shows no layer of it")
    count = chosen if isinstance(chosen, int) else chosen.count
    strongest = "" if isinstance(chosen, int) else "the strongest "
    words = f"{strongest or 'one '}filter" if count == 1 else f"{strongest}{count} filters"
    caption = f"{model.name}, {words} of each layer: {phrase(technique, 'each')}."
    return Selected(tuple(cells), printable(caption))


def _of_layer(address: Address, layer: Layer, technique: Technique, request: Request) -> tuple[Sequence[Filter], str]:
    name = f"{layer.title} of {address.model.name}"
    if address.filter is not None:
        if request.filters:
            raise UsageError(f"filters {request.filters!r}: {request.target} is one filter already")
        return [address.filter], f"{name}, filter {address.filter.index}: {phrase(technique, 'it')}."
    chosen = _parse(request.filters or str(DEFAULT_FILTERS))
    filters = _filters(layer, chosen, request)
    if len(filters) == len(layer.filters):
        words = "the filter" if len(filters) == 1 else f"all {len(filters)} filters"
    elif isinstance(chosen, selection.Strongest):
        words = f"the strongest {len(filters)} of {len(layer.filters)} filters"
        words = words if len(filters) > 1 else "the strongest filter"
    else:
        words = f"{len(filters)} of {len(layer.filters)} filters"
    return filters, f"{name}, {words}: {phrase(technique, 'each')}."


def _parse(text: str) -> selection.SiteSelection:
    try:
        return selection.parse_selection(text)
    except ValueError as error:
        raise UsageError(f"filters {text!r}: {error}") from None


def _filters(layer: Layer, chosen: selection.SiteSelection, request: Request) -> list[Filter]:
    return [filter_of(layer, index, request.target) for index in selection.select_filters(chosen, layer)]


def _cell(site: BuiltSite, layer: Layer, record: Filter, technique: Technique, layer_name: str = "") -> ShownFilter:
    """Return a filter; ``layer_name`` is given where several layers are shown together."""
    path = technique.files[layer.places[record.index]] or ""
    alt = alt_text(technique, record.index)
    if not path:
        is_dead = record.verdict == "dead" and technique.slug == MAIN_SLUG
        alt = f"nothing excites filter {record.index}" if is_dead else f"no picture ({alt})"
    return ShownFilter(
        label=printable(f"{layer_name} {record.index}".strip()),
        alt=printable(f"{layer_name}: {alt}" if layer_name else f"{alt[0].upper()}{alt[1:]}"),
        note=f"score {significant(record.pictures[0].score)}, {record.verdict}",
        page=record.page,
        picture=path,
        digest=site.by_path[path].digest if path else "",
        sharp=technique.kind != PICTURE_KIND,
    )


def phrase(technique: Technique, pronoun: str) -> str:
    """Return what a technique shows of a filter, which is named by a pronoun such as it or each."""
    if technique.slug == MAIN_SLUG:
        return f"what excites {pronoun} most"
    if technique.photo is not None:
        return f"where {pronoun} responds to {technique.photo}"
    if technique.slug == KERNEL_SLUG:
        return f"the kernel of {pronoun}"
    return f"{technique.title[:1].lower()}{technique.title[1:]}"


def alt_text(technique: Technique, index: int) -> str:
    """Return the alternative text of a filter's picture in a technique."""
    name = f"filter {index}"
    words = phrase(technique, name)
    return words if name in words else f"{name}, {words}"
