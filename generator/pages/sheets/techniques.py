"""The techniques of a layer: for each, what its sheets of thumbnails show of every filter."""

from __future__ import annotations

from collections.abc import Sequence

from generator.analysis.filter_views import PictureView
from generator.names import unique_slugs
from generator.pages.pictures import MAIN
from generator.pages.technique import Cell, TechniqueView
from generator.pages.views import FilterView
from generator.site.records import CELLS_KIND, PICTURE_KIND, STRIP_KIND, Kind
from generator.site.sheets import BEST_SLUG, EXAMPLES_SLUG, KERNEL_SLUG, MAIN_SLUG

_TAKEN = (MAIN_SLUG, BEST_SLUG, KERNEL_SLUG, "feature-map", "contact", "embed", "index", EXAMPLES_SLUG)


def techniques(filters: Sequence[FilterView]) -> list[TechniqueView]:
    """Return the techniques of a layer: pictures by what they show, examples, feature maps by their photo, kernels."""
    titles = list(dict.fromkeys(p.title for f in filters for p in f.pictures[1:]))
    listed = [TechniqueView(MAIN_SLUG, "Picture", PICTURE_KIND, tuple(_cell(f.main) for f in filters))]
    examples = [f.evidence and f.evidence.best_file for f in filters]
    if any(examples):
        cells = tuple(Cell(file) if file else None for file in examples)
        listed.append(TechniqueView(EXAMPLES_SLUG, "Examples", PICTURE_KIND, cells))
    for name, slug in zip(titles, unique_slugs(titles, _TAKEN), strict=True):
        of_filters = [next((p for p in f.pictures[1:] if p.title == name), None) for f in filters]
        title = "Main, where another picture is shown first" if name == MAIN else name
        listed.append(TechniqueView(slug, title, PICTURE_KIND, tuple(_cell(p) if p else None for p in of_filters)))
    for photo, number in dict.fromkeys((m.photo, m.number) for f in filters for m in f.maps):
        maps = [next((m for m in f.maps if m.number == number), None) for f in filters]
        cells = tuple(Cell(m.file) if m else None for m in maps)
        listed.append(TechniqueView(f"feature-map-{number}", f"Feature map of {photo}", CELLS_KIND, cells, photo=photo))
    kernels = [f.kernel for f in filters]
    if any(kernels):
        kind: Kind = CELLS_KIND if all(k.colour for k in kernels if k) else STRIP_KIND
        cells = tuple(Cell(k.file, max(1, len(k.inputs))) if k else None for k in kernels)
        listed.append(TechniqueView(KERNEL_SLUG, "Kernel", kind, cells))
    return listed


def best(filters: Sequence[FilterView]) -> TechniqueView:
    """Return the pictures of a layer's strongest filters, for pages that show many layers."""
    return TechniqueView(BEST_SLUG, "Strongest", PICTURE_KIND, tuple(_cell(f.main) for f in filters))


def _cell(picture: PictureView) -> Cell | None:
    return None if picture.empty else Cell(picture.file)
