"""Draws contact sheets: pictures on white with their labels, below a title."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from generator.imaging.thumbnails import scaled

COLUMNS, SIDE = 8, 96
"""Tiles in a row, and pixels of a tile's side: 876 pixels in all, about the width of a README on GitHub."""

MIN_COLUMNS = 3
"""The least width of a sheet, in tiles: its title needs the room."""

COLOURS = 256
PAPER, INK, SOFT, LINE = "#ffffff", "#1c1a17", "#645e55", "#ddd7cb"


@dataclass(frozen=True)
class Tile:
    """One filter: its label and a function that opens its picture, or the ``placeholder`` written instead."""

    label: str
    picture: Callable[[], Image.Image] | None
    placeholder: str = ""


@dataclass(frozen=True)
class Section:
    """Tiles below a heading of their own; a sheet of one section needs none."""

    heading: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class Sheet:
    """The content of a contact sheet.

    ``side`` is that of a tile in pixels. ``sharp`` is for feature maps and kernels, whose cells are enlarged unblurred.
    """

    title: str
    about: str
    sections: tuple[Section, ...]
    columns: int = COLUMNS
    side: int = SIDE
    sharp: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Return its (width, height) in pixels."""
        metrics = _Metrics(self.side)
        heights = (metrics.section(section, self.columns) for section in self.sections)
        across = max(self.columns, MIN_COLUMNS)
        return metrics.margin + across * metrics.across, metrics.head + sum(heights) + metrics.margin


def as_png(image: Image.Image, few_colours: bool = False) -> bytes:
    """Return an image as PNG; with few colours it has a third of the bytes, and hardly visible grain."""
    buffer = io.BytesIO()
    (image.quantize(COLOURS) if few_colours else image).save(buffer, "PNG")
    return buffer.getvalue()


def draw(sheet: Sheet) -> Image.Image:
    """Return a contact sheet as an RGB image of ``sheet.size``."""
    metrics = _Metrics(sheet.side)
    width, _ = sheet.size
    image = Image.new("RGB", sheet.size, PAPER)
    pen = ImageDraw.Draw(image)
    room = width - 2 * metrics.margin
    _write(pen, (metrics.margin, metrics.margin), sheet.title, metrics.title, INK, room)
    _write(pen, (metrics.margin, metrics.margin + round(1.5 * metrics.title)), sheet.about, metrics.text, SOFT, room)
    tiles = [tile for section in sheet.sections for tile in section.tiles]
    with ThreadPoolExecutor() as pool:  # Pillow works outside the interpreter's lock
        pictures = iter(list(pool.map(lambda tile: _fitted(tile, sheet), tiles)))
    top = metrics.head
    for section in sheet.sections:
        if section.heading:
            _write(pen, (metrics.margin, top), section.heading, metrics.text, INK, room)
        below = top + (metrics.heading if section.heading else 0)
        for number, tile in enumerate(section.tiles):
            row, column = divmod(number, sheet.columns)
            corner = metrics.margin + column * metrics.across, below + row * metrics.down
            _paste_tile(image, pen, corner, tile, next(pictures), metrics)
        top += metrics.section(section, sheet.columns)
    return image


def _fitted(tile: Tile, sheet: Sheet) -> Image.Image | None:
    return scaled(tile.picture(), sheet.side, not sheet.sharp) if tile.picture else None


class _Metrics:
    """A sheet's lengths in pixels; all scale with a tile's side, so that a large sheet can be printed small."""

    def __init__(self, side: int) -> None:
        self.side = side
        self.text, self.title = max(9, round(side * 0.15)), max(14, round(side * 0.25))
        self.margin = max(4, round(side * 0.125))
        self.head = self.margin + round(1.5 * self.title) + 2 * self.text
        self.heading = 2 * self.text
        self.across, self.down = side + self.margin, side + round(1.8 * self.text)

    def section(self, section: Section, columns: int) -> int:
        rows = -(-len(section.tiles) // columns)
        return (self.heading + self.text if section.heading else 0) + rows * self.down


def _paste_tile(
    image: Image.Image,
    pen: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    tile: Tile,
    picture: Image.Image | None,
    metrics: _Metrics,
) -> None:
    x, y = corner
    side = metrics.side
    if picture is None:
        pen.rectangle((x, y, x + side - 1, y + side - 1), outline=LINE)
        box = pen.textbbox((0, 0), tile.placeholder, _font(metrics.text))
        start = (x + max(2, (side - round(box[2])) // 2), y + (side - metrics.text) // 2)
        _write(pen, start, tile.placeholder, metrics.text, SOFT, side - 4)
    else:
        mask = picture if picture.mode == "RGBA" else None
        image.paste(picture, (x + (side - picture.width) // 2, y + (side - picture.height) // 2), mask)
    _write(pen, (x, y + side + round(0.15 * metrics.text)), tile.label, metrics.text, SOFT, side)


def _write(
    pen: ImageDraw.ImageDraw, corner: tuple[float, float], text: str, size: int, colour: str, room: float
) -> None:
    """Write a line of text; where it is wider than ``room`` pixels, its end is replaced by three dots."""
    font = _font(size)
    line = ascii_text(text)
    if pen.textlength(line, font) > room:
        while line and pen.textlength(f"{line}...", font) > room:
            line = line[:-1]
        line += "..."
    pen.text(corner, line, colour, font)


def ascii_text(text: str) -> str:
    """Return a text in ASCII, all that Pillow's own font has: accents are dropped, other letters become ``?``."""
    plain = unicodedata.normalize("NFKD", " ".join(text.split()))
    return "".join(c for c in plain if not unicodedata.combining(c)).encode("ascii", "replace").decode()


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
