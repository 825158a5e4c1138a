"""The drawing of a contact sheet: pictures on white with their labels, below a title."""

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
"""Tiles of a row, and pixels of a tile's side: 876 pixels in all, about what a README on GitHub is wide."""

LEAST = 3
"""As many tiles a sheet is wide at least: its title needs the room."""

COLOURS = 256
PAPER, INK, SOFT, LINE = "#ffffff", "#1c1a17", "#645e55", "#ddd7cb"


@dataclass(frozen=True)
class Tile:
    """One filter: its label, and how to get its picture. Without one, ``word`` says why, in its place."""

    label: str
    picture: Callable[[], Image.Image] | None
    word: str = ""


@dataclass(frozen=True)
class Part:
    """Tiles below a heading of their own; a sheet of one part needs none."""

    heading: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class Sheet:
    """What a contact sheet says and shows; ``sharp`` pictures are maps or kernels, whose cells stay sharp."""

    title: str
    about: str
    parts: tuple[Part, ...]
    columns: int = COLUMNS
    side: int = SIDE
    sharp: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Return its (width, height) in pixels."""
        measure = _Measure(self.side)
        heights = (measure.part(part, self.columns) for part in self.parts)
        across = max(self.columns, LEAST)
        return measure.margin + across * measure.across, measure.head + sum(heights) + measure.margin


def as_png(image: Image.Image, few_colours: bool = False) -> bytes:
    """Return an image as PNG; with few colours it has a third of the bytes, and a grain that is hard to see."""
    buffer = io.BytesIO()
    (image.quantize(COLOURS) if few_colours else image).save(buffer, "PNG")
    return buffer.getvalue()


def draw(sheet: Sheet) -> Image.Image:
    """Return a contact sheet as an RGB image of ``sheet.size``."""
    measure = _Measure(sheet.side)
    width, _ = sheet.size
    image = Image.new("RGB", sheet.size, PAPER)
    pen = ImageDraw.Draw(image)
    room = width - 2 * measure.margin
    _write(pen, (measure.margin, measure.margin), sheet.title, measure.title, INK, room)
    _write(pen, (measure.margin, measure.margin + round(1.5 * measure.title)), sheet.about, measure.text, SOFT, room)
    tiles = [tile for part in sheet.parts for tile in part.tiles]
    with ThreadPoolExecutor() as pool:  # Pillow works outside the interpreter's lock
        pictures = iter(list(pool.map(lambda tile: _fitted(tile, sheet), tiles)))
    top = measure.head
    for part in sheet.parts:
        if part.heading:
            _write(pen, (measure.margin, top), part.heading, measure.text, INK, room)
        below = top + (measure.heading if part.heading else 0)
        for number, tile in enumerate(part.tiles):
            row, column = divmod(number, sheet.columns)
            corner = measure.margin + column * measure.across, below + row * measure.down
            _paste_tile(image, pen, corner, tile, next(pictures), measure)
        top += measure.part(part, sheet.columns)
    return image


def _fitted(tile: Tile, sheet: Sheet) -> Image.Image | None:
    return scaled(tile.picture(), sheet.side, not sheet.sharp) if tile.picture else None


class _Measure:
    """A sheet's measures in pixels; all grow with its tiles, so that a large sheet can be printed small."""

    def __init__(self, side: int) -> None:
        self.side = side
        self.text, self.title = max(9, round(side * 0.15)), max(14, round(side * 0.25))
        self.margin = max(4, round(side * 0.125))
        self.head = self.margin + round(1.5 * self.title) + 2 * self.text
        self.heading = 2 * self.text
        self.across, self.down = side + self.margin, side + round(1.8 * self.text)

    def part(self, part: Part, columns: int) -> int:
        rows = -(-len(part.tiles) // columns)
        return (self.heading + self.text if part.heading else 0) + rows * self.down


def _paste_tile(
    image: Image.Image,
    pen: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    tile: Tile,
    picture: Image.Image | None,
    measure: _Measure,
) -> None:
    x, y = corner
    side = measure.side
    if picture is None:
        pen.rectangle((x, y, x + side - 1, y + side - 1), outline=LINE)
        box = pen.textbbox((0, 0), tile.word, _font(measure.text))
        start = (x + max(2, (side - round(box[2])) // 2), y + (side - measure.text) // 2)
        _write(pen, start, tile.word, measure.text, SOFT, side - 4)
    else:
        mask = picture if picture.mode == "RGBA" else None
        image.paste(picture, (x + (side - picture.width) // 2, y + (side - picture.height) // 2), mask)
    _write(pen, (x, y + side + round(0.15 * measure.text)), tile.label, measure.text, SOFT, side)


def _write(
    pen: ImageDraw.ImageDraw, corner: tuple[float, float], text: str, size: int, colour: str, room: float
) -> None:
    """Write a line; what has no room is cut off and told by three dots."""
    font = _font(size)
    line = lettered(text)
    if pen.textlength(line, font) > room:
        while line and pen.textlength(f"{line}...", font) > room:
            line = line[:-1]
        line += "..."
    pen.text(corner, line, colour, font)


def lettered(text: str) -> str:
    """Return a text in the letters that Pillow's own font has, which are ASCII's: accents go, others become ``?``."""
    plain = unicodedata.normalize("NFKD", " ".join(text.split()))
    return "".join(c for c in plain if not unicodedata.combining(c)).encode("ascii", "replace").decode()


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
