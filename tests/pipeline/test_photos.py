"""Photos: read upright, cut to the middle, and refused in one line where they cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from generator import assets
from generator.config.values import Photo
from generator.errors import PhotoError
from generator.pipeline import photos
from generator.pipeline.photos import load_photo


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
        load_photo(Photo("photo", path))
    assert str(refused.value).startswith(f"photo {path}: ")
    assert message in str(refused.value)


@pytest.mark.parametrize(("side", "fits"), [(20, True), (21, False)])
def test_the_largest_photo(side: int, fits: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "LARGEST", 400)
    path = tmp_path / "photo.png"
    Image.new("RGB", (20, side)).save(path)
    if fits:
        assert load_photo(Photo("photo", path)).image.size == (20, side)
    else:
        with pytest.raises(PhotoError, match="20x21 pixels are too many"):
            load_photo(Photo("photo", path))


def test_a_photo_is_turned_upright(tmp_path: Path) -> None:
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, :20] = 255  # the left half is white; the camera says: turn by a quarter clockwise
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "turned.png"
    Image.fromarray(pixels).save(path, exif=exif)
    upright = np.asarray(load_photo(Photo("turned", path)).image)
    assert upright.shape == (40, 20, 3)
    assert (upright[:20] == 255).all()
    assert (upright[20:] == 0).all()


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "CMYK", "1", "LA"])
@pytest.mark.parametrize("channels", [1, 3])
def test_any_kind_of_picture_gets_the_networks_channels(mode: str, channels: int, tmp_path: Path) -> None:
    path = tmp_path / f"photo.{'tiff' if mode == 'CMYK' else 'png'}"
    Image.new("RGB", (30, 20), (255, 255, 255)).convert(mode).save(path)
    fitted = load_photo(Photo("photo", path)).fitted((16, 24), channels)
    assert (fitted.shape, fitted.dtype) == ((16, 24, channels), np.uint8)
    assert fitted.min() >= 250


def test_gray_is_the_luminance(tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    Image.new("RGB", (8, 8), (255, 0, 0)).save(path)
    assert (load_photo(Photo("red", path)).fitted((8, 8), 1) == 76).all()  # 0.299 of 255


def test_the_middle_is_kept(tmp_path: Path) -> None:
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, 10:20] = 255
    path = tmp_path / "wide.png"
    Image.fromarray(pixels).save(path)
    assert (load_photo(Photo("wide", path)).fitted((10, 10), 3) == 255).all()


def test_the_digest_is_that_of_the_file(tmp_path: Path) -> None:
    import hashlib

    path = assets.photo_path("rocket")
    assert load_photo(Photo("rocket", path)).digest == hashlib.sha256(path.read_bytes()).hexdigest()
