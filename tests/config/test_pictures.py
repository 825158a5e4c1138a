from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from generator.config.pictures import PictureFile, inspect

NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('viewBox="0 0 20 10"', (20, 10)),
        ('viewBox="-1,-1, 20.4,10"', (20, 10)),
        ('width="30" height="15px" viewBox="0 0 2 1"', (30, 15)),
        ('width="100%" height="2em" viewBox="0 0 2 1"', (2, 1)),
        ('width="100%"', (0, 0)),
        ('viewBox="0 0 1e9 1e9"', (0, 0)),
        ("", (0, 0)),
    ],
)
def test_an_svg_is_known_by_its_root_and_measured_by_its_attributes(
    tmp_path: Path, attributes: str, size: tuple[int, int]
) -> None:
    path = tmp_path / "named.anything"
    path.write_text(f'<?xml version="1.0"?><!-- a logo --><svg {NAMESPACE} {attributes}><script/></svg>')
    assert inspect(path, 1) == PictureFile(".svg", *size)


@pytest.mark.parametrize(("kind", "suffix"), [("PNG", ".png"), ("JPEG", ".jpg"), ("WEBP", ".webp"), ("GIF", ".gif")])
def test_a_picture_is_known_by_its_content(tmp_path: Path, kind: str, suffix: str) -> None:
    Image.new("L", (7, 5)).save(tmp_path / "x.txt", kind)
    assert inspect(tmp_path / "x.txt", 1) == PictureFile(suffix, 7, 5)


def test_a_small_file_that_claims_many_pixels_is_not_opened(tmp_path: Path) -> None:
    plain = io.BytesIO()
    Image.new("L", (1, 1)).save(plain, "PNG")
    content = plain.getvalue()
    header = b"IHDR" + struct.pack(">II", 9000, 9000) + content[24:29]
    (tmp_path / "x.png").write_bytes(content[:12] + header + struct.pack(">I", zlib.crc32(header)) + content[33:])
    with pytest.raises(ValueError, match="is too large: 9000 x 9000 pixels"):
        inspect(tmp_path / "x.png", 1)
