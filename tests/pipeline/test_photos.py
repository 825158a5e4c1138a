"""Photos: read upright, cut to the middle, and refused in one line where they cannot be read."""

from __future__ import annotations

import hashlib
import logging
import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from generator import assets
from generator.config.values import Photo
from generator.errors import PhotoError
from generator.imaging import decoding
from generator.pipeline import photos
from generator.pipeline.photos import PhotoFile, open_photo


def truncated(path: Path) -> None:
    path.write_bytes(assets.photo_path("coffee").read_bytes()[:9000])


def text(path: Path) -> None:
    path.write_text("no picture")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def bomb(path: Path) -> None:
    Image.new("1", (20_000, 20_000)).save(path, "PNG")


def gone(path: Path) -> None:
    assert not path.exists()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (truncated, "truncated"),
        (text, "not a picture that Pillow can read. Save it as JPEG or PNG"),
        (empty, "not a picture that Pillow can read"),
        (bomb, "too many. Save it smaller"),
        (gone, "No such file or directory"),
    ],
)
def test_what_cannot_be_read_is_named(make: Callable[[Path], None], message: str, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    make(path)
    with pytest.raises(PhotoError) as refused:
        open_photo(Photo("photo", path)).fitted((8, 8), 3)
    assert str(refused.value).startswith(f"photo {path}: ")
    assert message in str(refused.value)


@pytest.mark.parametrize(("side", "fits"), [(20, True), (21, False)])
def test_the_largest_photo(side: int, fits: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "LARGEST", 400)
    path = tmp_path / "photo.png"
    Image.new("RGB", (20, side)).save(path)
    if fits:
        assert open_photo(Photo("photo", path)).decode(None).size == (20, side)
    else:
        with pytest.raises(PhotoError, match="20x21 pixels are too many"):
            open_photo(Photo("photo", path))


def test_a_photo_is_turned_upright(tmp_path: Path) -> None:
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, :20] = 255  # the left half is white; the camera says: turn by a quarter clockwise
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "turned.png"
    Image.fromarray(pixels).save(path, exif=exif)
    upright = np.asarray(open_photo(Photo("turned", path)).decode(None))
    assert upright.shape == (40, 20, 3)
    assert (upright[:20] == 255).all()
    assert (upright[20:] == 0).all()


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "CMYK", "1", "LA"])
@pytest.mark.parametrize("channels", [1, 3])
def test_any_kind_of_picture_gets_the_networks_channels(mode: str, channels: int, tmp_path: Path) -> None:
    path = tmp_path / f"photo.{'tiff' if mode == 'CMYK' else 'png'}"
    Image.new("RGB", (30, 20), (255, 255, 255)).convert(mode).save(path)
    fitted = open_photo(Photo("photo", path)).fitted((16, 24), channels)
    assert (fitted.shape, fitted.dtype) == ((16, 24, channels), np.uint8)
    assert fitted.min() >= 250


def test_gray_is_the_luminance(tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    Image.new("RGB", (8, 8), (255, 0, 0)).save(path)
    assert (open_photo(Photo("red", path)).fitted((8, 8), 1) == 76).all()  # 0.299 of 255


def test_the_middle_is_kept(tmp_path: Path) -> None:
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, 10:20] = 255
    path = tmp_path / "wide.png"
    Image.fromarray(pixels).save(path)
    assert (open_photo(Photo("wide", path)).fitted((10, 10), 3) == 255).all()


def test_the_digest_is_that_of_the_file() -> None:
    path = assets.photo_path("rocket")
    assert open_photo(Photo("rocket", path)).digest == hashlib.sha256(path.read_bytes()).hexdigest()


GRADIENT = np.linspace(0, 1, 64 * 64).reshape(64, 64)
RAMP = np.arange(64 * 64).reshape(64, 64)

KINDS = [
    ("float-0-1.tif", GRADIENT.astype(np.float32)),
    ("float-0-255.tif", (GRADIENT * 255).astype(np.float32)),
    ("float-0-4095.tif", RAMP.astype(np.float32)),
    ("float-minus-1-1.tif", (GRADIENT * 2 - 1).astype(np.float32)),
    ("eight-in-16.png", (GRADIENT * 255).astype(np.uint16)),
    ("ten-in-16.png", (RAMP // 4).astype(np.uint16)),
    ("twelve-in-16.png", RAMP.astype(np.uint16)),
    ("fourteen-in-16.tif", (RAMP * 4).astype(np.uint16)),
    ("sixteen.png", (GRADIENT * 65535).astype(np.uint16)),
    ("sixteen.tif", (GRADIENT * 65535).astype(np.uint16)),
    ("thirty-two.tif", (GRADIENT * (2**31 - 1)).astype(np.int32)),
    ("signed.tif", (GRADIENT * 2000 - 1000).astype(np.int32)),
]


@pytest.mark.case("dark-photos")
@pytest.mark.parametrize(("name", "values"), KINDS, ids=[name for name, _ in KINDS])
def test_a_photo_of_many_bits_is_as_bright_as_it_is(name: str, values: NDArray[Any], tmp_path: Path) -> None:
    path = tmp_path / name
    Image.fromarray(values).save(path)
    photo = open_photo(Photo("photo", path))
    np.testing.assert_allclose(np.asarray(photo.decode(None))[..., 0], GRADIENT * 255, atol=1.5)
    assert not photo.is_dark()


@pytest.mark.case("dark-photos")
@pytest.mark.parametrize(("level", "dark"), [(0, True), (15, True), (32, True), (33, False)])
def test_when_a_photo_is_all_dark(level: int, dark: bool, tmp_path: Path) -> None:
    path = tmp_path / "night.png"
    Image.new("RGB", (20, 20), (0, level, 0)).save(path)
    assert open_photo(Photo("night", path)).is_dark() is dark


def corrupt_exif(path: Path) -> None:
    """Save a picture whose EXIF ends in the middle of an entry."""
    broken = b"Exif\0\0II*\0" + struct.pack("<LHHHLL", 8, 3, 0x0112, 3, 1, 6) + b"\x1a\x01"
    Image.new("RGB", (40, 20), (9, 200, 9)).save(path, exif=broken)


def no_tiff_in_exif(path: Path) -> None:
    Image.new("RGB", (40, 20), (9, 200, 9)).save(path, exif=b"Exif\0\0this is none")


@pytest.mark.case("exif-warning", "raw-warning")
@pytest.mark.parametrize("make", [corrupt_exif, no_tiff_in_exif])
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_corrupt_exif_costs_nothing_and_prints_nothing(
    make: Callable[[Path], None], suffix: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / f"photo.{suffix}"
    make(path)
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        fitted = open_photo(Photo("photo", path)).fitted((10, 10), 3)
    assert fitted.mean(axis=(0, 1))[1] > 180
    assert caplog.records == []


@pytest.mark.case("photos-memory")
def test_a_large_jpeg_is_reduced_as_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    Image.fromarray((np.random.default_rng(0).random((200, 300, 3)) * 255).astype(np.uint8)).resize((2400, 1600)).save(
        path
    )
    photo = open_photo(Photo("large", path))
    assert photo.decode(None).size == (2400, 1600)
    assert photo.decode((64, 96)).size == (600, 400)  # at least four times as large as it is fed
    whole = PhotoFile("large", "", lambda size: photo.decode(None))
    near = photo.fitted((64, 96), 3).astype(int) - whole.fitted((64, 96), 3)
    assert np.abs(near).mean() < 1


@pytest.mark.case("photos-memory")
def test_nothing_is_decoded_before_it_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = assets.photo_path("rocket")
    monkeypatch.setattr(photos, "_decoded", lambda *_: pytest.fail("decoded"))
    assert open_photo(Photo("rocket", path)).name == "rocket"
