"""Contact sheets of models, layers and filters, made of a built site's files."""

from __future__ import annotations

from functools import partial

from PIL import Image

from generator.embed.target import EmbedTarget, filters_shown
from generator.errors import GalleryError, UsageError
from generator.imaging.contact_sheet import COLUMNS, SIDE, Section, Sheet, Tile, as_png, draw
from generator.imaging.opening import open_picture
from generator.site.built import BUILD_HINT, BuiltSite
from generator.site.records import PICTURE_KIND, STRIP_KIND, Layer
from generator.site.selection import Strongest, filter_count_text, select_filters
from generator.site.sheets import BEST, CELL, place

MAX_SHEET_PIXELS = 100_000_000
"""Of a contact sheet: 300 MB in memory."""


def contact_png(site: BuiltSite, target: EmbedTarget, columns: int | None = None, side: int = SIDE) -> bytes:
    """Return a target's contact sheet as PNG, with all its colours; ``side`` is in pixels, of a tile.

    Of a model it shows each layer's strongest filters, a row of them for each.
    Raises GalleryError if a file of the site is missing or damaged, UsageError if the sheet would be too large.
    """
    sheet = target_sheet(site, target, columns, side)
    width, height = sheet.size
    if width * height > MAX_SHEET_PIXELS:
        message = f"a contact sheet of {width:,} x {height:,} pixels is too large"
        raise UsageError(message, "Say a smaller --size, or fewer --filters")
    return as_png(draw(sheet))


def target_sheet(site: BuiltSite, target: EmbedTarget, columns: int | None = None, side: int = SIDE) -> Sheet:
    """Return a target's contact sheet; its pictures are read when it is drawn."""
    layer = target.layer
    if layer is None:
        each = target.each or Strongest(min(columns or COLUMNS, BEST))
        sections = tuple(_section(site, target, layer, select_filters(each, layer)) for layer in target.model.layers)
        across = max(1, min(columns or COLUMNS, max((len(section.tiles) for section in sections), default=1)))
        subtitle = f"{each} filters of each layer" if isinstance(each, int) else "The strongest filters of each layer"
        return Sheet(target.model.name, subtitle, sections, across, side)
    filters = filters_shown(target)
    technique = target.technique or layer.techniques[0]
    subtitle = f"{target.model.name}, {layer.type}: {filter_count_text(len(filters), layer.filter_count)}"
    subtitle += f", {technique.title}" if technique is not layer.techniques[0] else ""
    tiles = tuple(_tile(site, target, layer, index) for index in filters)
    across = max(1, min(columns or COLUMNS, len(tiles)))
    return Sheet(layer.title, subtitle, (Section("", tiles),), across, side, sharp=technique.kind != PICTURE_KIND)


def _section(site: BuiltSite, target: EmbedTarget, layer: Layer, filters: tuple[int, ...]) -> Section:
    own = EmbedTarget(target.model, layer)
    return Section(layer.title, tuple(_tile(site, own, layer, index) for index in filters))


def _tile(site: BuiltSite, target: EmbedTarget, layer: Layer, index: int) -> Tile:
    path, layer_place = target.picture(index), layer.places[index]
    if path is None:
        return Tile(str(index), None, "dead" if layer.filters[layer_place].verdict == "dead" else "no picture")
    technique = target.technique or layer.techniques[0]
    if technique.kind == STRIP_KIND:  # only the sheet has it in rows
        number, column, row = place(layer_place)
        corner = (column * CELL, row * CELL)
        return Tile(str(index), partial(_cell, site, technique.sheets[number], corner))
    return Tile(str(index), partial(_picture, site, path))


def _cell(site: BuiltSite, path: str, corner: tuple[int, int]) -> Image.Image:
    return _picture(site, path).crop((*corner, corner[0] + CELL, corner[1] + CELL))


def _picture(site: BuiltSite, path: str) -> Image.Image:
    content = site.read(path)
    try:
        return open_picture(content)
    except ValueError as error:
        raise GalleryError(f"{site.folder / path}: {error}", BUILD_HINT) from None
