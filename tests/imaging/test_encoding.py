"""Pictures: colours with a meaning, files that give back what was put in, kernels whose cells stay sharp."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from generator.errors import UsageError
from generator.imaging import encoding


def lightness(colours: np.ndarray) -> np.ndarray:
    """Return the luminance of colours (..., 3)."""
    return colours @ np.array([0.2126, 0.7152, 0.0722])


def test_the_sequential_colours_grow_lighter_all_the_way() -> None:
    assert (np.diff(lightness(encoding.coloured(np.linspace(0, 1, 101), encoding.SEQUENTIAL))) > 0).all()


def test_the_diverging_colours_are_lightest_in_the_middle() -> None:
    shades = lightness(encoding.coloured(np.linspace(0, 1, 101), encoding.DIVERGING))
    assert shades.argmax() == 50
    assert (np.diff(shades[:51]) > 0).all()
    assert (np.diff(shades[50:]) < 0).all()


@pytest.mark.parametrize(
    ("value", "colours", "expected"),
    [
        (0.0, encoding.SEQUENTIAL, encoding.SEQUENTIAL[0]),
        (1.0, encoding.SEQUENTIAL, encoding.SEQUENTIAL[-1]),
        (0.5, encoding.DIVERGING, encoding.DIVERGING[3]),
        (2.0, encoding.DIVERGING, encoding.DIVERGING[-1]),
    ],
)
def test_anchors_are_met(value: float, colours: tuple[str, ...], expected: str) -> None:
    red, green, blue = np.round(encoding.coloured(np.array(value), colours) * 255).astype(int)
    assert f"#{red:02x}{green:02x}{blue:02x}" == expected


@pytest.mark.parametrize(
    ("activation", "signed", "middle"),
    [
        ([[0.0, 2.0]], False, encoding.SEQUENTIAL[0]),
        ([[0.0, -2.0]], True, encoding.DIVERGING[3]),
        ([[0.0, 0.0]], False, encoding.SEQUENTIAL[0]),
        ([[0.0, 0.0]], True, encoding.DIVERGING[3]),
    ],
)
def test_where_nothing_fires(activation: list[list[float]], signed: bool, middle: str) -> None:
    colour = np.round(encoding.map_picture(np.array(activation), signed)[0, 0] * 255).astype(int)
    assert "#" + "".join(f"{part:02x}" for part in colour) == middle


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_lossless_file_gives_back_its_pixels(channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 13, channels)).astype(np.uint8)
    pixels[..., 3:] = 255
    content = encoding.encode(pixels, lossless=True)
    assert content[:4] == b"RIFF"
    assert content[8:12] == b"WEBP"
    np.testing.assert_array_equal(encoding.decode(content, 1 if channels == 1 else 3), pixels[..., :3])


def test_a_lossy_file_is_close() -> None:
    rows, columns = np.mgrid[:64, :64] / 64
    picture = np.stack([rows, columns, rows * columns], axis=-1)
    back = encoding.decode(encoding.webp(picture)) / 255
    assert back.shape == picture.shape
    assert np.abs(back - picture).mean() < 0.02


@pytest.mark.parametrize(("size", "factor"), [((3, 3), 37), ((5, 5), 22), ((1, 7), 112), ((200, 300), 1)])
def test_enlarged_cells_stay_whole(size: tuple[int, int], factor: int) -> None:
    kernel = np.random.default_rng(1).random((*size, 3))
    large = encoding.enlarged(kernel)
    assert large.shape == (size[0] * factor, size[1] * factor, 3)
    cells = large.reshape(size[0], factor, size[1], factor, 3)
    np.testing.assert_array_equal(cells, np.broadcast_to(kernel[:, None, :, None], cells.shape))


def test_zero_is_mid_gray_in_a_colour_kernel() -> None:
    weights = np.array([[[0.0, -3.0, 3.0]]])
    np.testing.assert_allclose(encoding.colour_kernel(weights)[0, 0], [0.5, 0.0, 1.0])
    np.testing.assert_allclose(encoding.colour_kernel(np.zeros((3, 3, 3))), 0.5)


def test_slices_stand_side_by_side_on_one_scale() -> None:
    slices = np.stack([np.full((3, 3), 1.0), np.full((3, 3), 0.5), np.full((3, 3), -1.0)])
    strip = encoding.slice_strip(slices)
    side = 48 // 3 * 3
    assert strip.shape == (side, 3 * side + 2 * 6, 4)
    assert (strip[:, side : side + 6, 3] == 0).all()
    expected = encoding.coloured(np.array([1.0, 0.75, 0.0]), encoding.DIVERGING)
    for place, colour in enumerate(expected):
        np.testing.assert_allclose(strip[0, place * (side + 6), :3], colour)


@pytest.mark.parametrize(
    ("name", "kind"), [("a.png", "PNG"), ("a.webp", "WEBP"), ("a.jpg", "JPEG"), ("a.JPEG", "JPEG")]
)
def test_a_picture_is_a_file_of_the_format_of_its_name(name: str, kind: str) -> None:
    content = encoding.picture_file(np.full((10, 12, 3), 0.5), encoding.picture_format(Path(name)))
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.size) == (kind, (12, 10))
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), encoding.decode(content))


def test_a_gray_picture_is_a_file_of_one_channel() -> None:
    with Image.open(io.BytesIO(encoding.picture_file(np.full((4, 4, 1), 0.5), "PNG"))) as image:
        assert (image.mode, image.getpixel((0, 0))) == ("L", 128)


@pytest.mark.parametrize("name", ["a.txt", "a", "a.gif"])
def test_a_format_that_is_not_offered(name: str) -> None:
    with pytest.raises(UsageError, match="cannot write"):
        encoding.picture_format(Path(name))
