"""The pictures of examples: which pixels they show."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from generator.dataset import mosaics
from generator.dataset.boxes import Fields

COLOURS = np.zeros((40, 60, 3), np.uint8)
COLOURS[:20, :30], COLOURS[:20, 30:], COLOURS[20:, :30], COLOURS[20:, 30:] = (250, 0, 0), (0, 250, 0), (0, 0, 250), 250


def test_a_part_is_what_the_box_says() -> None:
    assert mosaics.crop(COLOURS, (2, 32, 16, 16)).getpixel((48, 48)) == (0, 250, 0)
    cell = np.asarray(mosaics.crop(COLOURS, (10, 20, 20, 20)))
    assert cell.shape == (96, 96, 3)
    assert [cell[y, x].argmax() for y, x in ((5, 5), (5, 90), (90, 5))] == [0, 1, 2]


def test_what_is_beyond_the_edge_is_gray() -> None:
    cell = np.asarray(mosaics.crop(COLOURS, (0, 0, 20, 10)))
    assert cell.shape == (96, 96, 3)
    assert (cell[:, 24:72].reshape(-1, 3).argmax(1) == 0).all()
    assert (cell[:, [*range(24), *range(72, 96)]] == mosaics.BEYOND).all()


def test_few_pixels_stay_sharp() -> None:
    board = np.indices((8, 8)).sum(0) % 2 * 255
    cell = np.asarray(mosaics.crop(np.repeat(board[..., None], 3, 2).astype(np.uint8), (0, 0, 8, 8)))
    assert set(np.unique(cell)) == {0, 255}


def test_a_mosaic_has_its_examples_row_by_row() -> None:
    cells = [Image.new("RGB", (96, 96), (40 * number, 0, 0)) for number in range(5)]
    picture = np.asarray(Image.open(io.BytesIO(mosaics.mosaic(cells, 3))))
    assert picture.shape[:2] == mosaics.mosaic_size(5, 3)[::-1] == (192, 288)
    for number in range(5):
        row, column = divmod(number, 3)
        assert abs(int(picture[96 * row + 48, 96 * column + 48, 0]) - 40 * number) < 12
    assert [mosaics.across(count) for count in (1, 2, 4, 9, 10)] == [1, 2, 2, 3, 4]


def test_whole_images_fit_a_sheet() -> None:
    whole = mosaics.whole(np.zeros((300, 600, 3), np.uint8))
    assert whole.size == mosaics.whole_size((300, 600)) == (128, 64)
    picture = Image.open(io.BytesIO(mosaics.sheet([whole] * 9)))
    assert picture.size == mosaics.sheet_size(9, (300, 600)) == (8 * 128, 2 * 64)
    assert mosaics.whole_size((32, 32)) == (32, 32)


def test_values_that_are_no_pixels_are_stretched_and_gray_becomes_rgb() -> None:
    pixels = np.linspace(-1, 1, 9, dtype=np.float32).reshape(3, 3, 1)
    assert mosaics.shown(pixels, (0,))[..., 1].reshape(-1).tolist() == [0, 32, 64, 96, 128, 159, 191, 223, 255]
    bands = np.zeros((2, 2, 5), np.float32)
    bands[..., 4] = 70
    assert mosaics.shown(bands, (4, 0, 1))[0, 0].tolist() == [70, 0, 0]


def test_a_box_is_inside_the_image_and_never_a_single_pixel() -> None:
    fields = Fields(((0, 0), (-4, 2), (5, 5), None), None)
    boxes = [fields.box(4 * row, 4, (6, 7)) for row in range(4)]
    assert boxes == [(0, 0, 3, 7), (0, 0, 3, 7), (3, 0, 3, 7), (0, 0, 6, 7)]


@pytest.mark.parametrize(
    ("box", "middle"),
    [((0, 0, 32, 32), (4.5, 20.5)), ((0, 0, 20, 40), (2.0, 38.0)), ((3, 5, 40, 10), (30.0, 6.0))],
)
def test_a_point_of_an_image_is_found_in_its_cell(box: tuple[int, int, int, int], middle: tuple[float, float]) -> None:
    """The point is painted, and looked for in the cell."""
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[int(middle[0] - 1) : int(middle[0] + 1), int(middle[1] - 1) : int(middle[1] + 1)] = 255
    cell = np.asarray(mosaics.crop(picture, box).convert("L"), float)
    cell[cell == 128] = 0
    rows, columns = np.indices(cell.shape)
    found = ((cell * (columns + 0.5)).sum() / cell.sum(), (cell * (rows + 0.5)).sum() / cell.sum())
    x, y = mosaics.centre((int(middle[0]), int(middle[1])), box) or (0, 0)
    assert abs(x - found[0]) < 1.5
    assert abs(y - found[1]) < 1.5


def test_what_sees_everything_has_no_middle() -> None:
    assert mosaics.centre(None, (0, 0, 8, 8)) is None
    assert Fields(None, None).middle(3, 2, (8, 8)) is None
    fields = Fields(((-8, 7), (0, 15)), ((-20, -10), (6, 30)))
    assert fields.middle(0, 2, (16, 16)) == (0.0, 0.0)
    assert fields.middle(3, 2, (16, 16)) == (8.0, 16.0)
