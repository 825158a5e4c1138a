"""Folders of images as they are found: kinds of files, classes, links, limits, and what cannot be used."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from generator.config.values import Dataset
from generator.dataset.folder import MAX_BYTES, open_folder
from generator.dataset.images import UNLABELLED, DatasetError, Feed, ImageError

FEED = Feed((16, 16), 3, (0, 1, 2))
RED = (200, 30, 40)


def dataset(folder: Path, **more: object) -> Dataset:
    return Dataset("folder", str(folder), **more)  # type: ignore[arg-type]


def save(path: Path, size: tuple[int, int] = (24, 16), colour: object = RED, mode: str = "RGB", **more: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path, **more)  # type: ignore[arg-type]


def test_the_first_level_of_subfolders_are_classes(tmp_path: Path) -> None:
    for number, name in enumerate(("dog/a.png", "cat/deep/b.png", "c.png")):
        save(tmp_path / name, colour=(number, 0, 0))
    images = open_folder(dataset(tmp_path))
    assert images.names == ("c.png", "cat/deep/b.png", "dog/a.png")
    assert images.classes == ("cat", "dog")
    assert images.labels == (UNLABELLED, 0, 1)
    assert [images.class_of(place) for place in range(3)] == ["", "cat", "dog"]


def test_labels_name_the_subfolders_in_their_order(tmp_path: Path) -> None:
    save(tmp_path / "n01/a.png")
    save(tmp_path / "n02/b.png", colour=(1, 2, 3))
    assert open_folder(dataset(tmp_path, labels=("tench", "goldfish"))).classes == ("tench", "goldfish")
    with pytest.raises(DatasetError, match="1 labels for 2 subfolders"):
        open_folder(dataset(tmp_path, labels=("tench",)))


def test_photos_of_every_kind_are_read(tmp_path: Path) -> None:
    save(tmp_path / "cmyk.jpg", mode="CMYK", colour=(0, 200, 200, 30))
    save(tmp_path / "gray.png", mode="L", colour=90)
    Image.fromarray(np.full((9, 9), 4000, np.uint16)).save(tmp_path / "sixteen.png")
    save(tmp_path / "palette.png", mode="P", colour=3)
    save(tmp_path / "one.png", size=(1, 1))
    save(tmp_path / "wide.png", size=(20_000, 2))
    save(tmp_path / "alpha.png", mode="RGBA", colour=(1, 2, 3, 0))
    turned = Image.Exif()
    turned[0x0112] = 6
    save(tmp_path / "turned.jpg", size=(40, 20), exif=turned)
    images = open_folder(dataset(tmp_path))
    assert not images.problems
    assert dict(zip(images.names, images.sizes, strict=True))["turned.jpg"] == (40, 20)
    pixels = {name: images.read(place, FEED) for place, name in enumerate(images.names)}
    assert {own.shape for own in pixels.values()} == {(16, 16, 3)}
    assert pixels["gray.png"][0, 0].tolist() == [90, 90, 90]
    assert pixels["one.png"][7, 7].tolist() == list(RED)
    assert pixels["alpha.png"].min() == 255


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    save(tmp_path / "good.png")
    (tmp_path / "text.jpg").write_text("not a picture")
    (tmp_path / "empty.png").touch()
    (tmp_path / "README.md").write_text("no image")
    (tmp_path / ".hidden.png").write_text("not looked at")
    with (tmp_path / "huge.png").open("wb") as opened:
        opened.truncate(MAX_BYTES + 1)
    (tmp_path / "dangling.png").symlink_to("nowhere.png")
    images = open_folder(dataset(tmp_path))
    assert images.names == ("good.png",)
    assert {problem.name for problem in images.problems} == {"text.jpg", "empty.png", "huge.png", "dangling.png"}
    assert images.skipped == 1


def test_links_are_followed_and_circles_end(tmp_path: Path) -> None:
    save(tmp_path / "elsewhere/a.png")
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "cat").symlink_to(tmp_path / "elsewhere")
    (folder / "again").symlink_to(folder)
    assert open_folder(dataset(folder)).names == ("cat/a.png",)


def test_the_same_image_counts_once(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "dog/c.png"):
        save(tmp_path / name)
    save(tmp_path / "d.png", colour=(9, 9, 9))
    images = open_folder(dataset(tmp_path))
    assert (images.names, images.repeated) == (("a.png", "d.png"), 2)


def test_a_limit_is_spread_by_the_seed_and_keeps_most_of_a_growing_folder(tmp_path: Path) -> None:
    for number in range(40):
        save(tmp_path / f"{number:02d}.png", colour=(number, 0, 0))
    ten = open_folder(dataset(tmp_path, limit=10))
    assert len(ten) == 10
    assert ten.total == 40
    assert ten.names != open_folder(dataset(tmp_path, limit=10, seed=1)).names
    assert ten.names == open_folder(dataset(tmp_path, limit=10)).names
    save(tmp_path / "99.png", colour=(99, 0, 0))
    assert len({*ten.names} & {*open_folder(dataset(tmp_path, limit=10)).names}) >= 9


def test_a_file_that_changes_meanwhile_is_not_taken_for_the_other(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    images = open_folder(dataset(tmp_path))
    save(tmp_path / "a.png", colour=(1, 1, 1))
    with pytest.raises(ImageError, match="changed"):
        images.read(0, FEED)
    (tmp_path / "a.png").unlink()
    with pytest.raises(ImageError, match="No such file"):
        images.read(0, FEED)


def test_a_name_that_is_no_text_is_shown_as_far_as_it_is(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9\x1b[31m.png")
    save(tmp_path / name)
    images = open_folder(dataset(tmp_path))
    assert images.names == ("caf\\udce9\\x1b[31m.png",)
    assert images.read(0, FEED).shape == (16, 16, 3)


def test_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="No such file"):
        open_folder(dataset(tmp_path / "gone"))
