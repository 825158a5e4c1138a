"""Contact sheets: a layer's pictures on white with their numbers, as PNG, which READMEs and papers take."""

from __future__ import annotations

import io

from PIL import Image

from generator.analysis.records import File
from generator.digests import digest
from generator.imaging.contact_sheet import Part, Sheet, Tile, as_png, draw
from generator.pages.sheets.thumbnails import cached_sheet
from generator.pages.views import FilterView, LayerView
from generator.plan import spread
from generator.site.selection import filter_count_text
from generator.site.sheets import CONTACT_SHEET
from generator.store import Store

VERSION = 1
"""Raised when the same pictures give another sheet than before."""


def chosen(view: LayerView) -> tuple[FilterView, ...]:
    """Return the filters of a layer that stand for it where there is no room for all: a spread, not the best."""
    return tuple(view.filters[place] for place in spread(len(view.filters), CONTACT_SHEET))


def contact(view: LayerView, model: str, folder: str, store: Store) -> File:
    """Return a layer's contact sheet, made where the store does not hold it yet.

    Raises GalleryError if a picture is missing from the store or damaged.
    """
    filters = chosen(view)
    tiles = tuple(_tile(one, store) for one in filters)
    about = f"{model}, {view.layer.type}: {filter_count_text(len(filters), view.layer.filters)}"
    sheet = Sheet(view.layer.title, about, (Part("", tiles),))
    blobs = [None if one.main.empty else one.picture.blob for one in filters]
    said = [[tile.label, tile.word] for tile in tiles]
    key = digest({"version": VERSION, "contact": [sheet.title, about, sheet.columns, sheet.side], "of": [blobs, said]})
    blob = cached_sheet(store, key, lambda: as_png(draw(sheet), few_colours=True))
    return File(f"{folder}/contact.png", blob, *sheet.size)


def _tile(one: FilterView, store: Store) -> Tile:
    if one.main.empty:
        return Tile(str(one.index), None, "dead" if one.verdict == "dead" else "no picture")
    blob = one.picture.blob
    return Tile(str(one.index), lambda: Image.open(io.BytesIO(store.blob(blob))))
