"""Contact sheets, compared with the pictures that they are made of."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont

from generator.pages.sheets.contact import Part, Sheet, Tile, as_png, chosen, counted, draw, lettered
from generator.pages.views import model_view
from generator.plan import choose, spread
from generator.store import Store
from tests.pages.gallery import Gallery, fill
from tests.summaries import conv, entry, summary

RED, WHITE = (200, 30, 40), (255, 255, 255)


def flat(label: str = "0", colour: tuple[int, ...] = RED, size: tuple[int, int] = (32, 32)) -> Tile:
    return Tile(label, lambda: Image.new("RGBA" if len(colour) == 4 else "RGB", size, colour))


def drawn(*tiles: Tile, **fields: object) -> np.ndarray:
    """Return a sheet's pixels (height, width, 3)."""
    made = Sheet("title", "about", (Part("", tiles),), **fields)  # type: ignore[arg-type]
    image = draw(made)
    assert (image.size, image.mode) == (made.size, "RGB")
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
    assert [bool((one != 255).any()) for one in inside] == [True, True, False]
    assert not np.array_equal(inside[0], inside[1])


def test_the_label_is_below_its_own_picture() -> None:
    blank, labelled = drawn(flat(""), flat("")), drawn(flat(""), flat("45"))
    rows, columns = np.nonzero((blank != labelled).any(-1))
    _, _, _, bottom = boxes(labelled)
    assert rows.min() >= bottom
    assert 108 + 12 <= columns.min() < columns.max() < 108 + 12 + 96
    assert np.ptp(rows) + 1 >= 8  # pixels high: a number that can be read


def test_a_long_title_is_cut_off_within_the_sheet() -> None:
    made = Sheet("W" * 500, "", (Part("", (flat(),)),))
    image = np.asarray(draw(made))
    assert (image[:, -12:] == WHITE).all()
    assert (image[12:40, -60:-12] != 255).any()


def test_the_font_has_all_letters_that_are_left() -> None:
    font = ImageFont.load_default(20)
    missing = bytes(font.getmask("\uffff"))
    assert [c for c in map(chr, range(33, 127)) if bytes(font.getmask(c)) == missing] == []
    assert bytes(font.getmask("ж")) == missing  # why others become a question mark
    assert [lettered(text) for text in ("block3_conv1", "Größe\n é", "слой 3", "中")] == [
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


@pytest.mark.parametrize(("count", "most"), [(1, 64), (64, 64), (65, 64), (512, 64), (10, 4), (7, 7)])
def test_a_spread_is_that_of_the_configuration(count: int, most: int) -> None:
    assert spread(count, most) == choose.choose_filters(most, conv(1, "stem", count), "net")


@pytest.mark.parametrize(
    ("shown", "filters", "said"), [(64, 512, "64 of 512 filters"), (16, 16, "16 filters"), (1, 1, "1 filter")]
)
def test_it_says_how_many_it_shows(shown: int, filters: int, said: str) -> None:
    assert counted(shown, filters) == said


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    layers = conv(1, "stem", 3, slug="001-stem"), conv(2, "wide", 200, slug="002-wide")
    made = Gallery(tmp_path, [(entry(), summary(*layers))])
    fill(made.store, made.tasks(), lambda task, index: float(index))  # filter 0 reaches nothing
    return made


def test_every_layer_has_its_sheet_and_it_is_made_once(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    (of, model), *_ = gallery.models
    view = model_view(of, model, gallery.photos, gallery.tasks(), gallery.store)
    stem, wide = view.layers
    assert [one.index for one in chosen(stem)] == [0, 1, 2]
    assert [one.index for one in chosen(wide)] == [i * 200 // 64 for i in range(64)]
    gallery.write()
    for layer in (stem, wide):
        assert layer.contact
        content = (gallery.site / layer.contact.path).read_bytes()
        assert content == gallery.store.blob(layer.contact.blob)
        with Image.open(io.BytesIO(content)) as image:
            assert (image.format, image.size) == ("PNG", (layer.contact.width, layer.contact.height))
    read: list[str] = []
    blob = Store.blob
    monkeypatch.setattr(Store, "blob", lambda store, digest: (read.append(digest), blob(store, digest))[1])
    again = model_view(of, model, gallery.photos, gallery.tasks(), gallery.store)
    assert [one.contact for one in again.layers] == [stem.contact, wide.contact]
    assert read == []
    renamed = model_view(replace(of, name="other"), model, gallery.photos, gallery.tasks(), gallery.store)
    assert renamed.layers[0].contact != stem.contact
    assert len(read) == 2 + 63  # the pictures alone, and not that of the filter that has none
