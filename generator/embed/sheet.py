"""A contact sheet of whatever a built site shows, made of the site's own files."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PIL import Image

from generator.embed.target import Layer, Target, drawn
from generator.errors import GalleryError
from generator.pages.sheets.contact import COLUMNS, SIDE, Part, Sheet, Tile, as_png, counted, draw
from generator.pages.sheets.thumbnails import BEST, CELL, PICTURE, STRIP, place
from generator.site.selection import Strongest


def contact_png(site: Path, target: Target, columns: int | None = None, side: int = SIDE) -> bytes:
    """Return a target's contact sheet as PNG, with all its colours; ``side`` is in pixels, of a tile.

    Of a model it shows each layer's strongest filters, a row of them for each.
    Raises GalleryError if a file of the site is missing or damaged.
    """
    try:
        return as_png(draw(sheet(site, target, columns, side)))
    except (OSError, SyntaxError) as error:  # the latter is Pillow's for a file that is broken
        raise GalleryError(f"{site}: a picture cannot be read: {error}", "Run: filter-gallery build") from None


def sheet(site: Path, target: Target, columns: int | None = None, side: int = SIDE) -> Sheet:
    """Return what a target's contact sheet shows; its pictures are read when it is drawn."""
    layer = target.layer
    if layer is None:
        wanted = target.each or Strongest(min(columns or COLUMNS, BEST))
        parts = tuple(
            Part(one.title, tuple(_tile(site, Target(target.model, one), one, index) for index in one.chosen(wanted)))
            for one in target.model.layers
        )
        across = max(1, min(columns or COLUMNS, max(len(part.tiles) for part in parts)))
        about = f"{wanted} filters of each layer" if isinstance(wanted, int) else "The strongest filters of each layer"
        return Sheet(target.model.name, about, parts, across, side)
    filters = drawn(target)
    technique = target.technique or layer.techniques[0]
    about = f"{target.model.name}, {layer.type}: {counted(len(filters), layer.of)}"
    about += f", {technique.title}" if technique is not layer.techniques[0] else ""
    tiles = tuple(_tile(site, target, layer, index) for index in filters)
    across = max(1, min(columns or COLUMNS, len(tiles)))
    return Sheet(layer.title, about, (Part("", tiles),), across, side, sharp=technique.kind != PICTURE)


def _tile(site: Path, target: Target, layer: Layer, index: int) -> Tile:
    path = target.picture(index)
    if path is None:
        dead = layer.verdicts[layer.filters.index(index)] == "d"
        return Tile(str(index), None, "dead" if dead else "no picture")
    technique = target.technique or layer.techniques[0]
    if technique.kind == STRIP:  # laid out in rows on its sheet alone
        number, column, row = place(layer.filters.index(index))
        corner = (column * CELL, row * CELL)
        return Tile(str(index), partial(_cell, site / f"{layer.folder}/{technique.slug}-{number:03d}.webp", corner))
    return Tile(str(index), partial(Image.open, site / path))


def _cell(path: Path, corner: tuple[int, int]) -> Image.Image:
    with Image.open(path) as image:
        return image.crop((*corner, corner[0] + CELL, corner[1] + CELL))
