"""Sheets of thumbnails: 64 filters in one file, one technique each, so that a layer's page needs few requests."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from PIL import Image

from generator.analysis.filter_views import ImageFile
from generator.digests import digest
from generator.imaging.thumbnails import strip_thumbnail, thumbnail
from generator.pages.technique import Cell, TechniqueView
from generator.site.records import PICTURE_KIND, STRIP_KIND
from generator.site.sheets import ACROSS, CELL, PER_SHEET, place
from generator.store import Store

QUALITY, COLOURS = 80, 256
VERSION = 2
"""Raised when the same pictures give other sheets than before."""


def with_sheets(technique: TechniqueView, folder: str, store: Store) -> TechniqueView:
    """Return a technique with its sheets, made where the store does not hold them yet.

    Raises GalleryError if a picture is missing from the store or damaged.
    """
    cells_of_sheets = [technique.cells[i : i + PER_SHEET] for i in range(0, len(technique.cells), PER_SHEET)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow works outside the interpreter's lock
        blobs = list(pool.map(lambda cells: _sheet(cells, technique.kind, store), cells_of_sheets))
    sheets = (
        ImageFile(f"{folder}/{technique.slug}-{number:03d}.webp", blob, *_size(len(cells)))
        for number, (cells, blob) in enumerate(zip(cells_of_sheets, blobs, strict=True))
    )
    return replace(technique, sheets=tuple(sheets))


def _size(count: int) -> tuple[int, int]:
    return min(count, ACROSS) * CELL, -(-count // ACROSS) * CELL


def _sheet(cells: Sequence[Cell | None], kind: str, store: Store) -> str:
    """Return the blob of a sheet."""
    sources = [cell and [cell.file.blob, cell.slices] for cell in cells]
    key = digest({"version": VERSION, "kind": kind, "side": CELL, "cells": sources})
    return cached_sheet(store, key, lambda: _drawn(cells, kind, store))


def cached_sheet(store: Store, key: str, make: Callable[[], bytes]) -> str:
    """Return the blob of a sheet of thumbnails, made where the store does not hold it yet."""
    blob = store.sheet(key)
    if blob is None:
        blob = store.put_blob(make())
        store.put_sheet(key, blob)
    return blob


def _drawn(cells: Sequence[Cell | None], kind: str, store: Store) -> bytes:
    images = [cell and _thumbnail(cell, kind, store) for cell in cells]
    opaque = all(image and image.mode == "RGB" and image.size == (CELL, CELL) for image in images)
    sheet = Image.new("RGB" if opaque else "RGBA", _size(len(images)))
    for number, image in enumerate(images):
        if image:
            _, column, row = place(number)
            offset = ((CELL - image.width) // 2, (CELL - image.height) // 2)
            sheet.paste(image, (column * CELL + offset[0], row * CELL + offset[1]))
    if kind == STRIP_KIND:  # a few flat colours: sharper and a quarter of the size without the loss, once they are few
        sheet = sheet.convert("RGBA").quantize(COLOURS).convert("RGBA")
    buffer = io.BytesIO()
    sheet.save(buffer, "WEBP", quality=QUALITY, lossless=kind == STRIP_KIND, method=4)
    return buffer.getvalue()


def _thumbnail(cell: Cell, kind: str, store: Store) -> Image.Image:
    content = store.blob(cell.file.blob)
    return (
        strip_thumbnail(content, CELL, cell.slices)
        if kind == STRIP_KIND
        else thumbnail(content, CELL, kind == PICTURE_KIND)
    )
