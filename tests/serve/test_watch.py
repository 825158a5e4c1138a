"""Which files a configuration is made of, and when they count as changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.config import load_config
from generator.serve.watch import files_of, read

CONFIG = """
logo: logo.svg
introduction: |
  ![A disc](disc.svg) ![Held here](data:image/png;base64,AA==)
templates: mine
photos: [chelsea, photo.jpg]
dataset: images
models:
  - demo
  - {source: net.keras, custom_objects: [parts.own:Layer, keras.layers:Dense]}
  - {name: bare, source: net.json, weights: net.weights.h5}
  - own:make
  - {name: pretrained, source: VGG16, weights: random, dataset: "numbers.npz"}
  - {name: other, source: VGG16, weights: random, dataset: "data.sets:make"}
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>'
NAMED = [
    *("logo.svg", "disc.svg", "photo.jpg", "net.keras", "net.json", "net.weights.h5"),
    *("own.py", "parts/own.py", "mine/footer.html", "mine/static/site.css"),
    *("numbers.npz", "data/sets.py"),
]
FOLDERS = ["images", "images/cat"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in [
        *NAMED,
        "images/cat/a.png",
        "images/.hidden/b.png",
        "data/__init__.py",
        "parts/__init__.py",
        "mine/.hidden",
        "mine/footer.html~",
        "unnamed.keras",
    ]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(SVG if name.endswith(".svg") else "")
    (tmp_path / "config.yaml").write_text(CONFIG)
    return tmp_path


def test_files_that_a_configuration_names(folder: Path) -> None:
    found = {path for path in files_of(load_config(folder / "config.yaml")) if path.is_relative_to(folder)}
    assert {path.relative_to(folder).as_posix() for path in found} == {*NAMED, *FOLDERS}


def touch(folder: Path) -> None:
    os.utime(folder / "net.keras", ns=(1, 1))


def replaced(folder: Path) -> None:
    """Another file of the same size and time takes its place."""
    new, old = folder / "new", folder / "net.keras"
    new.write_text("")
    os.utime(new, ns=(old.stat().st_atime_ns, old.stat().st_mtime_ns))
    new.replace(old)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda folder: None, []),
        (touch, ["net.keras"]),
        (replaced, ["net.keras"]),
        (lambda folder: (folder / "photo.jpg").unlink(), ["photo.jpg"]),
        (lambda folder: (folder / "mine/base.html").write_text(""), ["mine/base.html"]),
        (lambda folder: (folder / "mine/footer.html").unlink(), ["mine/footer.html"]),
        (lambda folder: (folder / "images/cat/b.png").write_text("x"), ["images/cat"]),
        (lambda folder: (folder / "images/cat/a.png").unlink(), ["images/cat"]),
        (lambda folder: (folder / "images/dog").mkdir(), ["images", "images/dog"]),
        (lambda folder: (folder / "numbers.npz").write_text("x"), ["numbers.npz"]),
        (lambda folder: (folder / "mine/.hidden").write_text("x"), []),
        (lambda folder: (folder / "unnamed.keras").write_text("x"), []),
        (lambda folder: (folder / "config.yaml").write_text("x"), ["config.yaml"]),
    ],
)
def test_changes(change: Callable[[Path], object], expected: list[str], folder: Path) -> None:
    file = folder / "config.yaml"
    reading = read(file, lambda: load_config(file))
    change(folder)
    assert [path.relative_to(folder).as_posix() for path in reading.changed(file)] == expected


def test_a_change_while_it_is_read_counts_as_one(folder: Path) -> None:
    file = folder / "config.yaml"

    def load() -> object:
        config = load_config(file)
        file.write_text(CONFIG + "title: Later\n")
        return config

    assert read(file, load).changed(file) == (file,)  # type: ignore[arg-type]


def test_what_is_wrong_is_told_line_by_line(folder: Path) -> None:
    file = folder / "config.yaml"
    file.write_text("titel: x\nmodels: [dmo]\n")
    reading = read(file, lambda: load_config(file))
    assert reading.config is None
    assert [problem.partition(": ")[0] for problem in reading.problems] == [f"{file}:1", f"{file}:2"]
    file.write_text("models: [demo]\n")
    assert reading.changed(file) == (file,)
