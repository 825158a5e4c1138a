"""Networks of two, four and more channels: what is shown of their pictures, and that the score counts all of it."""

from __future__ import annotations

import io
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from numpy.typing import NDArray
from PIL import Image

from generator import assets
from generator.pipeline import bands
from tests.pipeline.conftest import Place, save_network

Array = NDArray[Any]


@pytest.mark.parametrize(
    ("channels", "shape"), [(1, (1, 1)), (2, (1, 2)), (4, (1, 4)), (5, (2, 4)), (13, (4, 4)), (200, (14, 15))]
)
def test_a_sheet_holds_every_channel(channels: int, shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, channels)).astype(np.uint8)
    sheet = bands.tiled(picture)
    full = shape[0] * shape[1] == channels
    assert sheet.shape == (shape[0] * 5, shape[1] * 7, 1 if full else 4)
    if not full:
        clear = sheet[-5:, -7:, 3]
        assert (clear == 0).all()
        assert (sheet[..., 3] == 255).sum() == channels * 35
    for channel in range(channels):
        row, column = divmod(channel, shape[1])
        tile = sheet[row * 5 : row * 5 + 5, column * 7 : column * 7 + 7, 0]
        np.testing.assert_array_equal(tile, picture[..., channel])
    np.testing.assert_array_equal(bands.from_tiles(sheet[..., 0], channels), picture)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_three_channels_in_another_order_are_shown_whole(order: tuple[int, ...]) -> None:
    picture = np.random.default_rng(0).random((2, 4, 5, 3))
    assert bands.show_all(3, order)
    shown = bands.shown(picture, order)
    np.testing.assert_array_equal(shown[..., 0], picture[..., order[0]])
    np.testing.assert_array_equal(bands.from_shown(shown, order), picture)


@pytest.mark.parametrize(("channels", "order"), [(4, (0, 1, 2)), (2, (0,)), (3, (0, 0, 1)), (3, (1,))])
def test_what_is_not_whole(channels: int, order: tuple[int, ...]) -> None:
    assert not bands.show_all(channels, order)


def opened(place: Place, blob: str, mode: str) -> Array:
    return np.asarray(Image.open(io.BytesIO(place.store.blob(blob))).convert(mode))


@pytest.mark.parametrize("method", ["fourier", "pixel", "maco"])
@pytest.mark.parametrize(
    ("channels", "own", "expected"), [(2, "", [0]), (4, "", [0, 1, 2]), (5, "[4, 2, 0]", [4, 2, 0])]
)
def test_the_score_is_that_of_every_channel(
    channels: int, own: str, expected: list[int], method: str, place: Place
) -> None:
    save_network(place.folder / "many.keras", bias=0.5, channels=channels)
    said = f", bands: {own}" if own else ""
    summary, _ = place.build(models=f"[{{source: many.keras{said}}}]", render=f"method: {method}, crops: 2")
    assert summary.failures == ()
    model = keras.models.load_model(place.folder / "many.keras")
    checked = 0
    for record in place.pictures():
        for entry in record["filters"]:
            (picture,) = entry["pictures"]
            gray = opened(place, picture["channels"]["sheet"], "L")
            assert list(gray.shape[::-1]) == picture["channels"]["size"]
            tiles = [gray[:16, 16 * k : 16 * k + 16] for k in range(min(channels, 4))]
            tiles += [gray[16:32, :16]] if channels == 5 else []
            whole = np.stack(tiles, axis=-1).astype(np.float32)
            means = [np.asarray(value).mean(axis=(0, 1, 2)) for value in both(model, whole)]
            values = means[0] if len(record["filters"]) == 4 else means[1]
            assert picture["score"] == pytest.approx(values[entry["filter"]], rel=1e-4, abs=1e-6)
            shown = opened(place, picture["picture"], "RGB").astype(float)
            as_shown = whole[..., expected] if len(expected) == 3 else np.repeat(whole[..., expected], 3, axis=2)
            assert np.abs(shown - as_shown).mean() < 30, "the same picture, but for what WebP loses in colours"
            assert np.corrcoef(shown.ravel(), as_shown.ravel())[0, 1] > 0.7
            checked += 1
    assert checked == 7
    pages = [page for page in (place.folder / "site").rglob("0*.html") if "-channels.webp" in page.read_text()]
    assert len(pages) >= 6, "a dead filter shows none"


def both(model: keras.Model, picture: Array) -> list[Any]:
    first, second = model.get_layer("first"), model.get_layer("second")
    value = first(layers.Rescaling(1 / 255)(picture[None]))
    return [value, second(value)]


def test_photos_give_red_green_and_blue_to_the_bands_and_gray_to_the_others(place: Place) -> None:
    save_network(place.folder / "many.keras", bias=0.5, channels=4)
    place.build(models="[{source: many.keras, bands: [3, 2, 1]}]")
    with Image.open(assets.photo_path("chelsea")) as photo:
        side = min(photo.size)
        left, top = (photo.width - side) / 2, (photo.height - side) / 2
        box = (left, top, left + side, top + side)
        shown = photo.convert("RGB").resize((224, 224), Image.Resampling.LANCZOS, box=box)
    colours, gray = np.asarray(shown), np.asarray(shown.convert("L"))
    fed = np.concatenate([gray[..., None], colours[..., ::-1]], axis=-1).astype(np.float32)
    model = keras.models.load_model(place.folder / "many.keras")
    expected = np.asarray(both(model, fed)[0]).mean(axis=(0, 1, 2))
    maps = [r for r in records(place) if r["technique"] == "feature-map" and len(r["filters"]) == 4]
    (record,) = maps
    assert [e["response"] for e in record["filters"]] == pytest.approx(expected.tolist(), rel=1e-3, abs=1e-4)


def records(place: Place) -> list[dict[str, Any]]:
    record_groups = sorted((place.store.folder / "records").iterdir())
    return [record for record_group in record_groups for _, record in place.store.record_group(record_group.name)]


def test_a_page_says_what_is_shown(place: Place) -> None:
    save_network(place.folder / "many.keras", bias=0.5, channels=4)
    place.build(models="[{source: many.keras, bands: [3, 2, 1]}]")
    page = (place.folder / "site" / "many" / "001-first" / "0000.html").read_text()
    assert "Each of the 4 channels as gray" in page
    assert "channels 3, 2, 1 as red, green and blue" in page
    front = (place.folder / "site" / "many" / "index.html").read_text()
    assert "channels 3, 2 and 1 are shown as red, green and blue" in front


def test_a_band_that_the_network_does_not_have_is_told(place: Place) -> None:
    save_network(place.folder / "many.keras", bias=0.5, channels=4)
    summary, _ = place.build(models="[tiny.keras, {source: many.keras, bands: [4, 2, 1]}]")
    (failure,) = summary.failures
    assert "bands: no channel 4; the network takes 4, from 0 to 3" in failure.message
    assert (place.folder / "site" / "tiny" / "index.html").is_file()
