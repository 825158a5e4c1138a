"""Which pictures are made, from which images, and that each is made once."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from generator.dataset import pictures
from generator.dataset.boxes import Fields
from generator.dataset.evidence import LayerEvidence
from generator.dataset.images import Feed, ImageSet
from generator.dataset.stored import LayerImages, Looked
from generator.store import Store
from tests.dataset.test_evidence import COUNT, DIGESTS, of, values

PEAKS = np.stack([np.arange(COUNT), -np.arange(COUNT), np.arange(COUNT)[::-1]], axis=1).astype(float)
LAYER = LayerImages(of(values(PEAKS), [np.arange(COUNT)]), (10, 9), Fields(None, None))
LOOKED = Looked(
    "images",
    "m",
    "g",
    (),
    tuple(map(str, range(COUNT))),
    (-1,) * COUNT,
    (),
    tuple(DIGESTS),
    (12, 12),
    True,
    4,
    COUNT,
    0,
)
FEED = Feed((12, 12), 3, (0, 1, 2))


def image_set(read_from: list[int]) -> ImageSet:
    def read(place: int, feed: Feed) -> np.ndarray:
        read_from.append(place)
        return np.full((12, 12, 3), 8 * place, np.uint8)

    return ImageSet(LOOKED.names, LOOKED.labels, (), LOOKED.digests, ((12, 12),) * COUNT, read)


def test_each_picture_is_made_once_of_the_right_images(tmp_path: Path) -> None:
    store, decoded = Store(tmp_path), list[int]()
    pictures.make_pictures(image_set(decoded), FEED, LOOKED, {1: LAYER}, {1: (0, 1, 2)}, store)
    mosaic = pictures.best_mosaic(LAYER, LOOKED, 0)
    assert mosaic is not None
    assert [cut.image for cut in mosaic.cuts] == [29, 28, 27, 26]
    blob = store.sheet(mosaic.key)
    assert blob
    shown = np.asarray(Image.open(io.BytesIO(store.blob(blob))))
    assert shown.shape[:2] == (192, 192)
    assert abs(int(shown[48, 48, 0]) - 8 * 29) < 6
    assert abs(int(shown[144, 144, 0]) - 8 * 26) < 6
    assert pictures.best_mosaic(LAYER, LOOKED, 1) is None  # it never fires
    others = pictures.other_mosaic(LAYER, LOOKED, 0)
    assert others is not None
    assert [cut.image for cut in others.cuts] == [15, 3]
    decoded.clear()
    pictures.make_pictures(image_set(decoded), FEED, LOOKED, {1: LAYER}, {1: (0, 1, 2)}, store)
    assert decoded == []


def test_whole_images_are_on_sheets_in_their_order(tmp_path: Path) -> None:
    store = Store(tmp_path)
    pictures.make_pictures(image_set([]), FEED, LOOKED, {1: LAYER}, {1: (0,)}, store)
    (sheet,) = pictures.whole_sheets([3, 15, 26, 27, 28, 29], LOOKED)
    blob = store.sheet(sheet.key)
    assert blob
    shown = np.asarray(Image.open(io.BytesIO(store.blob(blob))))
    assert [round(float(shown[6, 12 * n + 6, 0]) / 8) for n in range(6)] == [3, 15, 26, 27, 28, 29]


def test_keys_depend_on_what_is_shown() -> None:
    moved = LayerImages(LAYER.evidence, LAYER.map, Fields(((0, 5),) * 10, None))
    first, second = (pictures.best_mosaic(layer, LOOKED, 0) for layer in (LAYER, moved))
    assert first is not None
    assert second is not None
    assert first.key != second.key
    assert isinstance(LAYER.evidence, LayerEvidence)


def test_memory_is_bounded_by_groups(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(pictures, "CELLS_AT_ONCE", 4)
    mosaics = [mosaic for index in (0, 2, 0) if (mosaic := pictures.best_mosaic(LAYER, LOOKED, index))]
    assert [len(group) for group in pictures._groups(mosaics)] == [1, 1, 1]
