"""Contact sheets, compared with the pictures that they are made of."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageFont

from generator.imaging.contact_sheet import Section, Sheet, Tile, as_png, ascii_text, draw

RED, WHITE = (200, 30, 40), (255, 255, 255)


def flat(label: str = "0", colour: tuple[int, ...] = RED, size: tuple[int, int] = (32, 32)) -> Tile:
    return Tile(label, lambda: Image.new("RGBA" if len(colour) == 4 else "RGB", size, colour))


def drawn(*tiles: Tile, **fields: object) -> np.ndarray:
    """Return a sheet's pixels (height, width, 3)."""
    sheet = Sheet("title", "about", (Section("", tiles),), **fields)  # type: ignore[arg-type]
    image = draw(sheet)
    assert (image.size, image.mode) == (sheet.size, "RGB")
    return np.asarray(image).astype(int)


def boxes(pixels: np.ndarray, colour: tuple[int, ...] = RED) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of all that has a colour."""
    rows, columns = np.nonzero((pixels == colour[:3]).all(-1))
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


@pytest.mark.parametrize(
    ("columns", "count", "across", "down"), [(8, 64, 8, 8), (8, 9, 8, 2), (4, 9, 4, 3), (1, 3, 1, 3), (5, 2, 2, 1)]
)
@pytest.mark.parametrize("side", [64, 96, 200])
def test_tiles_stand_in_rows_and_all_grows_with_them(
    columns: int, count: int, across: int, down: int, side: int
) -> None:
    pixels = drawn(*(flat(str(n)) for n in range(count)), columns=columns, side=side)
    left, top, right, bottom = boxes(pixels)
    margin, text = round(side / 8), round(0.15 * side)
    assert (left, right - left) == (margin, across * side + (across - 1) * margin)
    assert bottom - top == side + (down - 1) * (side + round(1.8 * text))
    assert (pixels == RED).all(-1).sum() == count * side * side


@pytest.mark.parametrize(("size", "shown"), [((20, 40), (48, 96)), ((40, 20), (96, 48)), ((300, 300), (96, 96))])
def test_a_picture_is_whole_and_in_the_middle(size: tuple[int, int], shown: tuple[int, int]) -> None:
    left, _, right, bottom = boxes(pixels := drawn(flat(size=size)))
    _, top, _, _ = boxes(pixels)
    assert (right - left, bottom - top) == shown
    assert left + right == 2 * 12 + 96


@pytest.mark.parametrize(("sharp", "colours"), [(True, 2), (False, 20)])
def test_cells_stay_sharp(sharp: bool, colours: int) -> None:
    status = Image.fromarray((np.indices((4, 4)).sum(0) % 2 * 255).astype(np.uint8))
    pixels = drawn(Tile("", lambda: status), sharp=sharp)
    row = pixels[-60, 12:108, 0]
    assert (len(np.unique(row)) <= 2) == (colours == 2)


def test_what_is_transparent_is_paper() -> None:
    pixels = drawn(flat(colour=(*RED, 0)))
    assert not (pixels == RED).all(-1).any()


def test_a_filter_without_a_picture_says_why() -> None:
    words = [drawn(Tile("3", None, word)) for word in ("dead", "no picture", "")]
    inside = [pixels[-100:-40, 20:100] for pixels in words]
    assert [bool((middle != 255).any()) for middle in inside] == [True, True, False]
    assert not np.array_equal(inside[0], inside[1])


def test_the_label_is_below_its_own_picture() -> None:
    blank, labelled = drawn(flat(""), flat("")), drawn(flat(""), flat("45"))
    rows, columns = np.nonzero((blank != labelled).any(-1))
    _, _, _, bottom = boxes(labelled)
    assert rows.min() >= bottom
    assert 108 + 12 <= columns.min() < columns.max() < 108 + 12 + 96
    assert np.ptp(rows) + 1 >= 8  # pixels high: a number that can be read


def test_a_long_title_is_cut_off_within_the_sheet() -> None:
    sheet = Sheet("W" * 500, "", (Section("", (flat(),)),))
    image = np.asarray(draw(sheet))
    assert (image[:, -12:] == WHITE).all()
    assert (image[12:40, -60:-12] != 255).any()


def test_the_font_has_all_letters_that_are_left() -> None:
    font = ImageFont.load_default(20)
    missing = bytes(font.getmask("\uffff"))
    assert [c for c in map(chr, range(33, 127)) if bytes(font.getmask(c)) == missing] == []
    assert bytes(font.getmask("ж")) == missing  # why others become a question mark
    assert [ascii_text(text) for text in ("block3_conv1", "Größe\n é", "слой 3", "中")] == [
        "block3_conv1",
        "Gro?e e",
        "???? 3",
        "?",
    ]


def test_few_colours_are_near_and_small() -> None:
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 256, (12, 12, 3)).astype(np.uint8)
    image = Image.fromarray(noise).resize((200, 200), Image.Resampling.BICUBIC)
    full, few = as_png(image), as_png(image, few_colours=True)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(full))), np.asarray(image))
    back = np.asarray(Image.open(io.BytesIO(few)).convert("RGB")).astype(float)
    assert 10 * np.log10(255**2 / ((back - np.asarray(image)) ** 2).mean()) > 25  # dB
    assert len(few) < 0.6 * len(full)
