"""Thumbnails on sheets, compared with the pictures that they are made of."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from generator.analysis.filter_views import ImageFile
from generator.errors import GalleryError
from generator.pages.sheets.thumbnails import with_sheets
from generator.pages.technique import Cell, TechniqueView
from generator.site.records import CELLS_KIND, PICTURE_KIND, STRIP_KIND, Kind
from generator.site.sheets import place
from generator.store import Store


@pytest.mark.parametrize(
    ("number", "where"),
    [(0, (0, 0, 0)), (7, (0, 7, 0)), (8, (0, 0, 1)), (63, (0, 7, 7)), (64, (1, 0, 0)), (511, (7, 7, 7))],
)
def test_places(number: int, where: tuple[int, int, int]) -> None:
    assert place(number) == where


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def kept(store: Store, pixels: np.ndarray, slices: int = 1) -> Cell:
    """Keep pixels (height, width, 3 or 4) as a lossless picture."""
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, "WEBP", lossless=True, exact=True)
    return Cell(ImageFile("", store.put_blob(buffer.getvalue()), pixels.shape[1], pixels.shape[0]), slices)


def flat(store: Store, red: int, height: int = 32, width: int = 32, channels: int = 3) -> Cell:
    return kept(store, np.full((height, width, channels), (red, 40, 90, 255)[:channels]))


def sheet(technique: TechniqueView, store: Store, number: int = 0) -> np.ndarray:
    """Return a sheet's pixels (height, width, 4)."""
    sheet = with_sheets(technique, "net/layer", store).sheets[number]
    image = Image.open(io.BytesIO(store.blob(sheet.blob)))
    assert image.size == (sheet.width, sheet.height)
    return np.asarray(image.convert("RGBA")).astype(int)


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(1, [(96, 96)]), (8, [(768, 96)]), (9, [(768, 192)]), (64, [(768, 768)]), (65, [(768, 768), (96, 96)])],
)
def test_every_filter_is_in_its_place(store: Store, count: int, sizes: list[tuple[int, int]]) -> None:
    reds = [3 * number for number in range(count)]
    technique = TechniqueView("picture", "Picture", PICTURE_KIND, tuple(flat(store, red) for red in reds))
    drawn = with_sheets(technique, "net/layer", store)
    assert [(sheet.width, sheet.height) for sheet in drawn.sheets] == sizes
    assert [sheet.path for sheet in drawn.sheets] == [f"net/layer/picture-{n:03d}.webp" for n in range(len(sizes))]
    for number, red in enumerate(reds):
        which, column, row = place(number)
        cell = sheet(technique, store, which)[96 * row + 32 : 96 * row + 64, 96 * column + 32 : 96 * column + 64]
        assert abs(cell[..., 0].mean() - red) < 4  # lossy
        assert cell[..., 3].min() == 255


def test_a_thumbnail_is_its_picture_made_smaller(store: Store) -> None:
    wave = 127 + 100 * np.sin(np.arange(192) / 12)
    pixels = np.stack([np.add.outer(wave, 0 * wave), np.add.outer(0 * wave, wave), np.full((192, 192), 60)], -1)
    cell = sheet(TechniqueView("picture", "", PICTURE_KIND, (kept(store, pixels),)), store)
    halved = pixels.reshape(96, 2, 96, 2, 3).mean((1, 3))
    assert np.abs(cell[..., :3] - halved).mean() < 3


@pytest.mark.parametrize(("height", "width", "shown"), [(20, 40, (48, 96)), (40, 20, (96, 48)), (30, 30, (96, 96))])
def test_what_is_not_square_is_whole_and_in_the_middle(
    store: Store, height: int, width: int, shown: tuple[int, int]
) -> None:
    cell = sheet(TechniqueView("picture", "", PICTURE_KIND, (flat(store, 200, height, width),)), store)
    rows, columns = np.nonzero(cell[..., 3] > 127)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == shown
    assert abs(rows.mean() - 47.5) <= 0.5
    assert abs(columns.mean() - 47.5) <= 0.5


def test_a_filter_without_a_picture_is_a_transparent_cell(store: Store) -> None:
    cells = (flat(store, 10), None, flat(store, 20, channels=4))
    alpha = sheet(TechniqueView("negative", "", PICTURE_KIND, cells), store)[..., 3]
    assert [int(alpha[:, 96 * i : 96 * i + 96].mean()) for i in range(3)] == [255, 0, 255]


@pytest.mark.parametrize(("kind", "values"), [(CELLS_KIND, 2), (PICTURE_KIND, 20)])
def test_cells_of_a_map_stay_sharp(store: Store, kind: Kind, values: int) -> None:
    board = np.kron(np.indices((4, 4)).sum(0) % 2, np.ones((1, 1)))[..., None] * [255, 255, 255]
    cell = sheet(TechniqueView("feature-map-0", "", kind, (kept(store, board),)), store)
    inside = cell[12:84:24, :, 0].round(-1)  # the middles of the cells' rows
    assert (len(np.unique(inside)) <= 6) == (values == 2)


@pytest.mark.parametrize(("slices", "across"), [(1, 1), (2, 2), (4, 2), (5, 3), (8, 3), (9, 3)])
def test_slices_stand_in_rows_as_near_to_a_square_as_can_be(store: Store, slices: int, across: int) -> None:
    strip = np.zeros((48, slices * 54 - 6, 4))
    for number in range(slices):
        strip[:, 54 * number : 54 * number + 48] = (20 * number + 40, 0, 0, 255)
    cell = sheet(TechniqueView("kernel", "", STRIP_KIND, (kept(store, strip, slices),)), store)
    scale = 96 / (across * 54 - 6)
    down = -(-slices // across)
    top = (96 - round((down * 54 - 6) * scale)) // 2
    for number in range(slices):
        row, column = divmod(number, across)
        y, x = top + (row * 54 + 24) * scale, (column * 54 + 24) * scale
        assert np.abs(cell[int(y), int(x)] - [20 * number + 40, 0, 0, 255]).max() <= 12  # of a sheet's few colours


def test_a_sheet_is_made_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    technique = TechniqueView("picture", "", PICTURE_KIND, tuple(flat(store, red) for red in range(70)))
    first = with_sheets(technique, "net/layer", store)
    read: list[str] = []
    blob = store.blob

    def heard(digest: str) -> bytes:
        read.append(digest)
        return blob(digest)

    monkeypatch.setattr(store, "blob", heard)
    assert with_sheets(technique, "net/layer", store) == first
    assert read == []
    changed = (*technique.cells[:69], flat(store, 255))
    second = with_sheets(TechniqueView("picture", "", PICTURE_KIND, changed), "net/layer", store)
    assert second.sheets[0] == first.sheets[0]
    assert second.sheets[1] != first.sheets[1]
    assert len(read) == 6


def test_a_damaged_picture_is_told(store: Store) -> None:
    cell = flat(store, 1)
    store.blob_path(cell.file.blob).write_bytes(b"damaged")
    with pytest.raises(GalleryError, match="was damaged and is removed"):
        with_sheets(TechniqueView("picture", "", PICTURE_KIND, (cell,)), "net/layer", store)
