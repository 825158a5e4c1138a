"""Contact sheets: a layer's pictures on white with their numbers, as PNG for READMEs and papers."""

from __future__ import annotations

import io

from PIL import Image

from generator.analysis.filter_views import ImageFile
from generator.digests import digest
from generator.imaging.contact_sheet import Section, Sheet, Tile, as_png, draw
from generator.pages.sheets.thumbnails import cached_sheet
from generator.pages.views import FilterView, LayerView
from generator.plan import spread
from generator.site.selection import filter_count_text
from generator.site.sheets import CONTACT_SHEET
from generator.store import Store

VERSION = 1
"""Raised when the same pictures give another sheet than before."""


def spread_filters(view: LayerView) -> tuple[FilterView, ...]:
    """Return filters spread evenly over a layer, for where there is no room for all: not the strongest ones."""
    return tuple(view.filters[position] for position in spread(len(view.filters), CONTACT_SHEET))


def contact_sheet(view: LayerView, model: str, folder: str, store: Store) -> ImageFile:
    """Return a layer's contact sheet, made where the store does not hold it yet.

    Raises GalleryError if a picture is missing from the store or damaged.
    """
    filters = spread_filters(view)
    tiles = tuple(_tile(shown, store) for shown in filters)
    about = f"{model}, {view.layer.type}: {filter_count_text(len(filters), view.layer.filters)}"
    sheet = Sheet(view.layer.title, about, (Section("", tiles),))
    blobs = [None if shown.main.empty else shown.picture.blob for shown in filters]
    captions = [[tile.label, tile.placeholder] for tile in tiles]
    key = digest(
        {"version": VERSION, "contact": [sheet.title, about, sheet.columns, sheet.side], "of": [blobs, captions]}
    )
    blob = cached_sheet(store, key, lambda: as_png(draw(sheet), few_colours=True))
    return ImageFile(f"{folder}/contact.png", blob, *sheet.size)


def _tile(view: FilterView, store: Store) -> Tile:
    if view.main.empty:
        return Tile(str(view.index), None, "dead" if view.verdict == "dead" else "no picture")
    blob = view.picture.blob
    return Tile(str(view.index), lambda: Image.open(io.BytesIO(store.blob(blob))))
