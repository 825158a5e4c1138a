from __future__ import annotations

import numpy as np
import pytest

from generator.config import PreprocessChoice
from generator.errors import ModelError
from generator.models.preprocess import custom, measured, named

RED, GRAY, BLACK = [255, 0, 0], [51, 102, 204], [0, 0, 0]


# Written out by hand: caffe is BGR minus (103.939, 116.779, 123.68); tf is x / 127.5 - 1; torch is
# (x / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225).
@pytest.mark.parametrize(
    ("style", "pixel", "expected"),
    [
        ("none", GRAY, [51, 102, 204]),
        ("tf", BLACK, [-1, -1, -1]),
        ("tf", GRAY, [-0.6, -0.2, 0.6]),
        ("caffe", BLACK, [-103.939, -116.779, -123.68]),
        ("caffe", RED, [-103.939, -116.779, 131.32]),
        ("caffe", GRAY, [100.061, -14.779, -72.68]),
        ("torch", BLACK, [-2.1179039, -2.0357143, -1.8044444]),
        ("torch", RED, [2.2489083, -2.0357143, -1.8044444]),
        ("torch", GRAY, [-1.2445415, -0.25, 1.7511111]),
    ],
)
def test_the_styles_of_keras_applications(style: str, pixel: list[int], expected: list[float]) -> None:
    np.testing.assert_allclose(named(style, 3)(np.array(pixel, np.uint8)), expected, rtol=1e-7)


@pytest.mark.parametrize(
    ("choice", "pixel", "expected"),
    [
        (PreprocessChoice("custom"), [1, 2, 3], [1, 2, 3]),
        (PreprocessChoice("custom", scale=0.5), [1, 2, 3], [0.5, 1, 1.5]),
        (PreprocessChoice("custom", mean=(1.0,), std=(2.0,)), [1, 2, 3], [0, 0.5, 1]),
        (PreprocessChoice("custom", (1.0, 2.0, 3.0), (1.0, 2.0, 4.0), 10.0), [1, 2, 3], [9, 9, 6.75]),
        (PreprocessChoice("custom", (1.0, 2.0, 3.0), (1.0, 2.0, 4.0), 10.0, "bgr"), [1, 2, 3], [29, 9, 1.75]),
        (PreprocessChoice("custom", (0.5,), (0.25,), 1 / 255), [255], [2]),
        (PreprocessChoice("custom", (0.0,), (1.0,), 2.0, "bgr"), [255], [510]),
        (PreprocessChoice("custom", (1.0,), (1.0,)), [1, 2, 3, 4, 5], [0, 1, 2, 3, 4]),
    ],
)
def test_the_users_own_numbers(choice: PreprocessChoice, pixel: list[float], expected: list[float]) -> None:
    np.testing.assert_allclose(custom(choice, len(pixel))(np.array(pixel)), expected, rtol=1e-12, atol=1e-12)


def test_whole_pictures_are_mapped_pixel_by_pixel() -> None:
    pictures = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)
    mapped = named("caffe", 3)(pictures)
    assert mapped.shape == pictures.shape
    np.testing.assert_allclose(mapped[1, 3, 4], [119 - 103.939, 118 - 116.779, 117 - 123.68], rtol=1e-9)


def test_a_map_is_measured_from_what_a_function_makes_of_a_few_pixels() -> None:
    def function(pixel: list[float]) -> list[float]:
        red, green, blue = pixel
        return [2 * blue - 1, 3 * green + red, 4 * red + 5]

    black = np.array(function([0, 0, 0]), np.float64)
    units = np.array([function([1, 0, 0]), function([0, 1, 0]), function([0, 0, 1])], np.float64)
    preprocess = measured("own", black, units)
    np.testing.assert_allclose(preprocess(np.array([7, 11, 13])), function([7, 11, 13]))
    assert preprocess.label == "own"


@pytest.mark.parametrize("style", ["caffe", "torch"])
@pytest.mark.parametrize("channels", [1, 4])
def test_styles_for_colour_need_three_channels(style: str, channels: int) -> None:
    with pytest.raises(ModelError, match=f"preprocess: {style} is for three channels, the network takes {channels}"):
        named(style, channels)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (PreprocessChoice("custom", mean=(1.0, 2.0)), "preprocess.mean: 2 numbers for a network of 3 channels"),
        (PreprocessChoice("custom", std=(1.0,) * 4), "preprocess.std: 4 numbers for a network of 3 channels"),
    ],
)
def test_as_many_numbers_as_channels(choice: PreprocessChoice, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        custom(choice, 3)


def test_a_style_nobody_knows_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="auto"):
        named("auto", 3)
