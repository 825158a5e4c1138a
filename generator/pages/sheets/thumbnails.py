"""Sheets of thumbnails: 64 filters in one file, one technique each, so that a layer's page needs few requests."""

from __future__ import annotations

import io
import math
import os
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from PIL import Image

from generator.analysis.records import File
from generator.models.identity import digest
from generator.store import Store

CELL = 96
"""Pixels of a thumbnail's side."""

ACROSS = 8
PER_SHEET = ACROSS * ACROSS
"""Thumbnails of a sheet. Larger ones are slow to show the first of (../shared/facts/site.md, "Pictures")."""

BEST = 12
"""How many of a layer's strongest pictures are gathered in a sheet of their own, for pages that show many layers."""

QUALITY, COLOURS = 80, 256
VERSION = 2
"""Raised when the same pictures give other sheets than before."""

PICTURE, CELLS, STRIP = "picture", "cells", "strip"
"""What is on a sheet: pictures, which are scaled smoothly; maps and colour kernels, whose cells stay sharp; and
strips of kernel slices, which are laid out in rows."""

GAP = 6
"""Pixels between two slices of a strip, as ``build.images.slice_strip`` makes them."""


@dataclass(frozen=True)
class Cell:
    """What is drawn as one thumbnail: a picture file, of so many slices side by side."""

    file: File
    slices: int = 1


@dataclass(frozen=True)
class Technique:
    """One way to show all filters of a layer, in their order.

    A cell is None where a filter has no such picture.
    """

    slug: str
    title: str
    kind: str
    cells: tuple[Cell | None, ...]
    sheets: tuple[File, ...] = ()


def with_sheets(technique: Technique, folder: str, store: Store) -> Technique:
    """Return a technique with its sheets, made where the store does not hold them yet.

    Raises GalleryError if a picture is missing from the store or damaged.
    """
    parts = [technique.cells[i : i + PER_SHEET] for i in range(0, len(technique.cells), PER_SHEET)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow works outside the interpreter's lock
        blobs = list(pool.map(lambda part: _sheet(part, technique.kind, store), parts))
    sheets = (
        File(f"{folder}/{technique.slug}-{number:03d}.webp", blob, *_size(len(part)))
        for number, (part, blob) in enumerate(zip(parts, blobs, strict=True))
    )
    return replace(technique, sheets=tuple(sheets))


def place(number: int) -> tuple[int, int, int]:
    """Return the sheet, the column and the row of a filter's thumbnail, by its place among the layer's filters."""
    sheet, rest = divmod(number, PER_SHEET)
    return sheet, rest % ACROSS, rest // ACROSS


def _size(count: int) -> tuple[int, int]:
    return min(count, ACROSS) * CELL, -(-count // ACROSS) * CELL


def _sheet(part: Sequence[Cell | None], kind: str, store: Store) -> str:
    """Return the blob of a sheet."""
    cells = [cell and [cell.file.blob, cell.slices] for cell in part]
    key = digest({"version": VERSION, "kind": kind, "side": CELL, "cells": cells})
    return kept(store, key, lambda: _drawn(part, kind, store))


def kept(store: Store, key: str, make: Callable[[], bytes]) -> str:
    """Return the blob of a sheet of thumbnails, made where the store does not hold it yet."""
    blob = store.sheet(key)
    if blob is None:
        blob = store.put_blob(make())
        store.put_sheet(key, blob)
    return blob


def _drawn(part: Sequence[Cell | None], kind: str, store: Store) -> bytes:
    cells = [cell and fitted(store.blob(cell.file.blob), kind, cell.slices) for cell in part]
    plain = all(cell and cell.mode == "RGB" and cell.size == (CELL, CELL) for cell in cells)
    sheet = Image.new("RGB" if plain else "RGBA", _size(len(cells)))
    for number, image in enumerate(cells):
        if image:
            _, column, row = place(number)
            inside = ((CELL - image.width) // 2, (CELL - image.height) // 2)
            sheet.paste(image, (column * CELL + inside[0], row * CELL + inside[1]))
    if kind == STRIP:  # a few flat colours: sharper and a quarter of the size without the loss, once they are few
        sheet = sheet.convert("RGBA").quantize(COLOURS).convert("RGBA")
    buffer = io.BytesIO()
    sheet.save(buffer, "WEBP", quality=QUALITY, lossless=kind == STRIP, method=4)
    return buffer.getvalue()


def fitted(content: bytes, kind: str, slices: int = 1) -> Image.Image:
    """Return a picture file's pixels as a thumbnail, whose longer side is ``CELL`` pixels."""
    with Image.open(io.BytesIO(content)) as opened:
        image = _plain(opened)
    return scaled(_laid_out(image, slices) if kind == STRIP else image, CELL, kind == PICTURE)


def in_rows(image: Image.Image) -> Image.Image:
    """Return a strip of kernel slices in rows, as its thumbnail has them; any other picture as it is."""
    if not image.has_transparency_data or image.width < 2 * image.height:
        return image
    strip = image.convert("RGBA")
    line = strip.getchannel("A").crop((0, 0, strip.width, 1)).tobytes()
    slices = len(re.findall(b"[^\\0]+", line))
    return _laid_out(strip, slices) if (strip.width + GAP) % max(1, slices) == 0 else image


def scaled(image: Image.Image, side: int, smooth: bool) -> Image.Image:
    """Return an image whose longer side is ``side`` pixels; one that is not smooth keeps sharp cells as it grows."""
    image = _plain(image)
    scale = side / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS if smooth or scale < 1 else Image.Resampling.NEAREST)


def _plain(image: Image.Image) -> Image.Image:
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _laid_out(strip: Image.Image, slices: int) -> Image.Image:
    """Return the slices of a strip in rows: side by side, eight would be a line in a square thumbnail."""
    width, across = (strip.width + GAP) // slices - GAP, math.ceil(math.sqrt(slices))
    laid = Image.new("RGBA", (across * (width + GAP) - GAP, -(-slices // across) * (strip.height + GAP) - GAP))
    for number in range(slices):
        row, column = divmod(number, across)
        left = number * (width + GAP)
        one = strip.crop((left, 0, left + width, strip.height))
        laid.paste(one, (column * (width + GAP), row * (strip.height + GAP)))
    return laid
