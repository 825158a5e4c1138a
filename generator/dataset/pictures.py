"""Which pictures examples need, under which keys the store keeps them, and making those that it lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from numpy.typing import NDArray
from PIL import Image

from generator.dataset import mosaics
from generator.dataset.boxes import Box
from generator.dataset.evidence import Example
from generator.dataset.images import Feed, ImageError, ImageSet, fed, in_groups
from generator.dataset.stored import LayerImages, Looked, images_in_use
from generator.digests import digest
from generator.store import Store

VERSION = 2
"""Raised when the same examples give other pictures than before."""

CELLS_AT_ONCE = 16_384
"""Examples that are held in memory together: half a gigabyte."""


@dataclass(frozen=True)
class Cut:
    """A part of an image, by its place in the dataset."""

    image: int
    box: Box


@dataclass(frozen=True)
class Mosaic:
    """A picture of several parts of images, ``columns`` side by side; ``key`` is what the store keeps it under."""

    key: str
    cuts: tuple[Cut, ...]
    columns: int

    @property
    def size(self) -> tuple[int, int]:
        """Return its (width, height) in pixels."""
        return mosaics.mosaic_size(len(self.cuts), self.columns)


@dataclass(frozen=True)
class WholeSheet:
    """A picture of whole images, by their places in the dataset."""

    key: str
    images: tuple[int, ...]


def mosaic_of(examples: Sequence[Example], layer: LayerImages, looked: Looked, columns: int) -> Mosaic | None:
    """Return the mosaic of some examples of a layer's filter, None of none."""
    if not examples:
        return None
    cuts = tuple(Cut(e.image, layer.fields.box(e.place, layer.map[1], looked.size)) for e in examples)
    shown = [[looked.digests[cut.image], cut.box] for cut in cuts]
    key = digest({"version": VERSION, "parts": shown, "columns": columns, "of": _source(looked)})
    return Mosaic(key, cuts, columns)


def whole_sheets(used: Sequence[int], looked: Looked) -> list[WholeSheet]:
    """Return the sheets of the images that are in use."""
    sheets = []
    for images in in_groups(used, mosaics.PER_SHEET):
        shown = [looked.digests[image] for image in images]
        sheets.append(WholeSheet(digest({"version": VERSION, "whole": shown, "of": _source(looked)}), images))
    return sheets


def _source(looked: Looked) -> list[Any]:
    """Return what else decides how an image is shown: what is fed of it to which model."""
    return [looked.record_group, looked.size]


def best_mosaic(layer: LayerImages, looked: Looked, index: int) -> Mosaic | None:
    """Return the mosaic of a filter's best examples."""
    examples = layer.evidence.examples(index, looked.examples)
    return mosaic_of(examples, layer, looked, mosaics.across(looked.examples))


def other_mosaic(layer: LayerImages, looked: Looked, index: int) -> Mosaic | None:
    """Return the mosaic of a filter's weaker and lowest examples, in a row."""
    best = layer.evidence.examples(index, looked.examples)
    others = [example for _, example in layer.evidence.weaker(index, best)] + list(layer.evidence.lowest(index))
    return mosaic_of(others, layer, looked, max(1, len(others)))


def make_pictures(
    images: ImageSet,
    feed: Feed,
    looked: Looked,
    evidence: Mapping[int, LayerImages],
    filters: Mapping[int, Sequence[int]],
    store: Store,
    on_image: Callable[[int, int], None] = lambda done, count: None,
) -> None:
    """Put into the store what it lacks of the pictures of the examples of some filters of each layer.

    ``on_image`` is told how many of how many images were decoded.
    """
    made = [
        mosaic
        for layer, indices in filters.items()
        if layer in evidence
        for index in indices
        for mosaic in (best_mosaic(evidence[layer], looked, index), other_mosaic(evidence[layer], looked, index))
        if mosaic and store.sheet(mosaic.key) is None
    ]
    wholes = [s for s in whole_sheets(images_in_use(evidence, looked, filters), looked) if store.sheet(s.key) is None]
    groups = _groups({mosaic.key: mosaic for mosaic in made}.values())
    in_groups = [sorted({cut.image for mosaic in group for cut in mosaic.cuts}) for group in groups]
    count, done = sum(map(len, in_groups)) + sum(len(sheet.images) for sheet in wholes), 0

    def decoded(places: Iterable[int]) -> Iterable[tuple[int, NDArray[Any] | None]]:
        nonlocal done
        for place, pixels in fed(images, places, feed):
            done += 1
            on_image(done, count)
            yield place, None if isinstance(pixels, ImageError) else mosaics.shown(pixels, feed.bands)

    with ThreadPoolExecutor(2) as pool:  # Pillow encodes outside the interpreter's lock
        for group, places in zip(groups, in_groups, strict=True):
            _put(pool, store, _drawn(group, decoded(places)))
        for sheet in wholes:
            every = [_blank(feed) if pixels is None else mosaics.whole(pixels) for _, pixels in decoded(sheet.images)]
            _put(pool, store, [(sheet.key, partial(mosaics.sheet, every))])


def _groups(made: Iterable[Mosaic]) -> list[list[Mosaic]]:
    groups: list[list[Mosaic]] = []
    cells = CELLS_AT_ONCE
    for mosaic in made:
        if cells >= CELLS_AT_ONCE:
            groups.append([])
            cells = 0
        groups[-1].append(mosaic)
        cells += len(mosaic.cuts)
    return groups


def _drawn(
    group: Sequence[Mosaic], decoded: Iterable[tuple[int, NDArray[Any] | None]]
) -> list[tuple[str, Callable[[], bytes]]]:
    """Return the mosaics of a group, each by its key, still to be encoded; every image is decoded once for all."""
    wanted: dict[int, list[tuple[Mosaic, int]]] = {}
    for mosaic in group:
        for number, cut in enumerate(mosaic.cuts):
            wanted.setdefault(cut.image, []).append((mosaic, number))
    cells: dict[str, dict[int, Image.Image]] = {mosaic.key: {} for mosaic in group}
    for place, pixels in decoded:
        for mosaic, number in wanted[place]:
            blank = Image.new("RGB", (mosaics.CELL, mosaics.CELL), "white")  # the file changed since
            cells[mosaic.key][number] = blank if pixels is None else mosaics.crop(pixels, mosaic.cuts[number].box)
    return [
        (m.key, partial(mosaics.mosaic, [cells[m.key][number] for number in range(len(m.cuts))], m.columns))
        for m in group
    ]


def _put(pool: ThreadPoolExecutor, store: Store, drawn: Sequence[tuple[str, Callable[[], bytes]]]) -> None:
    for (key, _), content in zip(drawn, pool.map(lambda item: item[1](), drawn), strict=True):
        store.put_sheet(key, store.put_blob(content))


def _blank(feed: Feed) -> Image.Image:
    return Image.new("RGB", mosaics.whole_size(feed.size), "white")
