"""Images that are no picture files: arrays, batches of every kind, labels of every form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generator.config.values import Dataset
from generator.dataset.arrays import open_arrays, open_batches
from generator.dataset.images import DatasetError, Feed, ImageError

FEED = Feed((6, 6), 3, (0, 1, 2))
RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (7, 6, 6, 3), np.uint8)
Y = np.array([2, 0, 1, 2, 0, 1, 2])
CALLABLE = Dataset("callable", "module:function")


class Sequence(keras.utils.PyDataset):
    def __len__(self) -> int:
        return 3

    def __getitem__(self, number: int) -> Any:
        return X[3 * number : 3 * number + 3], Y[3 * number : 3 * number + 3]


def for_ever() -> Iterator[Any]:
    while True:
        yield RNG.integers(0, 256, (4, 6, 6, 3), np.uint8)


@pytest.mark.parametrize(
    "made",
    [
        (X, Y),
        tf.data.Dataset.from_tensor_slices((X, Y)).batch(2),
        Sequence(),
        [(X[:4], Y[:4]), (X[4:], Y[4:])],
        [(X[:4], np.eye(3)[Y[:4]]), (X[4:], np.eye(3)[Y[4:]])],
        ((X[n : n + 1], Y[n : n + 1], np.ones(1)) for n in range(7)),
    ],
    ids=["arrays", "tf.data", "PyDataset", "list", "one-hot", "with weights"],
)
def test_whatever_holds_the_images_they_are_the_same(made: object) -> None:
    images = open_batches(CALLABLE, made)
    assert images.labels == tuple(Y.tolist())
    assert images.classes == ("class 0", "class 1", "class 2")
    np.testing.assert_array_equal(np.stack([images.read(place, FEED) for place in range(7)]), X)
    assert images.digests == open_batches(CALLABLE, X).digests


def test_an_npz_with_labels_in_words(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X, y=np.array(["cat", "<b>", "cat", "owl", "owl", "cat", "<b>"]))
    images = open_arrays(Dataset("arrays", str(tmp_path / "a.npz")))
    assert images.classes == ("<b>", "cat", "owl")
    assert images.labels == (1, 0, 1, 2, 2, 1, 0)


def test_images_without_end_stop_at_the_limit() -> None:
    assert len(open_batches(Dataset("callable", "m:f", limit=10), for_ever())) == 10


def test_numbers_from_zero_to_one_are_parts_of_255() -> None:
    images = open_batches(CALLABLE, X / 255)
    np.testing.assert_allclose(images.read(3, FEED), X[3], atol=1e-3)
    assert images.scale == 255
    assert "parts of 255" in images.notes[0]


def test_gray_becomes_colour_and_colour_gray() -> None:
    assert open_batches(CALLABLE, X[..., 0]).read(0, FEED)[..., 2].tolist() == X[0, :, :, 0].tolist()
    gray = open_batches(CALLABLE, X).read(0, Feed((6, 6), 1, (0,)))
    np.testing.assert_allclose(gray[..., 0], X[0] @ [0.299, 0.587, 0.114], rtol=1e-5)
    with pytest.raises(ImageError, match="has 3 channels, and the network takes 13"):
        open_batches(CALLABLE, X).read(0, Feed((6, 6), 13, (0, 1, 2)))


def test_another_size_is_the_middle_of_the_image() -> None:
    wide = np.zeros((1, 4, 8, 1), np.float32)
    wide[:, :, 2:6] = 100
    fitted = open_batches(CALLABLE, wide).read(0, Feed((4, 4), 1, (0,)))
    assert fitted[..., 0].tolist() == [[100.0] * 4] * 4


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ((X, Y[:3]), "3 labels for 7 images"),
        ([(X, Y[:3])], "3 labels for 7 images"),
        (np.zeros((3, 4)), "are no images"),
        ([np.array(["a"])], "are no images"),
        (None, "returned NoneType"),
        ("text", "returned str"),
        ({"x": X}, "returned dict"),
        (([1 / 0] for _ in range(1)), "raised ZeroDivisionError"),
        ((X, Y - 1), "a label is -1"),
    ],
)
def test_what_is_no_dataset_is_said_in_one_line(made: object, expected: str) -> None:
    with pytest.raises(DatasetError, match=expected):
        open_batches(CALLABLE, made)


def test_too_few_names_of_classes() -> None:
    with pytest.raises(DatasetError, match="2 labels, and an image of class 2"):
        open_batches(Dataset("callable", "m:f", labels=("a", "b")), (X, Y))


def test_python_objects_are_not_loaded(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DatasetError, match="Python objects"):
        open_arrays(Dataset("arrays", str(tmp_path / "a.npz")))
