from __future__ import annotations

from pathlib import Path

import pytest

from generator import assets
from tests.config.files import problems, read


def labelled(labels: str) -> str:
    return f"models: [{{source: net.keras, labels: {labels}}}]"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.keras").write_bytes(b"")
    return tmp_path


def test_names_of_the_configuration(folder: Path) -> None:
    assert read(folder, labelled("[cat, ' dog ']")).models[0].labels == ("cat", "dog")
    assert read(folder, "models: [net.keras]").models[0].labels == ()


def test_names_of_a_file(folder: Path) -> None:
    (folder / "names.txt").write_text("\N{ZERO WIDTH NO-BREAK SPACE}cat\n  dog\n<b>Käfer</b>\r\n\n\n", encoding="utf-8")
    assert read(folder, labelled("names.txt")).models[0].labels == ("cat", "dog", "<b>Käfer</b>")


def test_the_bundled_network_has_names(folder: Path) -> None:
    assert read(folder, "models: [demo]").models[0].labels == assets.DEMO_CLASSES
    own = read(folder, "models: [{source: demo, labels: [a, b]}]").models[0].labels
    assert own == ("a", "b")


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ("[cat, dog, cat]", "models[0].labels: 'cat' is the name of class 0 and of class 2. Tell them apart"),
        ("[]", "models[0].labels: expected a list of names, or a file, got []"),
        ("3", "models[0].labels: expected a list of names, or a file, got 3"),
        (f"[{'x' * 101}]", "models[0].labels: name 0 has 101 characters, at most 100 are shown"),
    ],
)
def test_names_that_are_none(folder: Path, labels: str, told: str) -> None:
    assert problems(folder, labelled(labels)) == [f"1: {told}"]


def test_files_that_are_none(folder: Path) -> None:
    (told,) = problems(folder, labelled("lost.txt"))
    assert told == f"1: models[0].labels: no file 'lost.txt' in {folder.resolve()}"
    for content, why in (
        (b"\xff\xfe\x00", "cannot be read: it is no text in UTF-8. Name a file with a name in each line"),
        (b" \n \n", "no name in it. Name a file with a name in each line"),
        (b"cat\ncat\n", "'cat' is the name of class 0 and of class 1. Tell them apart"),
        (b"x" * 101, "name 0 has 101 characters, at most 100 are shown"),
        (b"x\n" * (2 << 20) + b"x\n", "4,194,306 bytes. Name a file with a name in each line"),
    ):
        (folder / "names.txt").write_bytes(content)
        (told,) = problems(folder, labelled("names.txt"))
        assert told == f"1: models[0].labels: 'names.txt'{' ' if why.startswith('cannot') else ': '}{why}"


@pytest.mark.parametrize("written", ["16", "all", "[3, 7]", "{filters: 16}"])
def test_layers_take_their_filters_alone(folder: Path, written: str) -> None:
    config = read(folder, f'models: [{{source: net.keras, layers: {{"*": {{}}, dense: {written}}}}}]')
    expected = {"16": 16, "all": "all", "[3, 7]": (3, 7), "{filters: 16}": 16}[written]
    assert [(rule.glob, rule.filters) for rule in config.models[0].layers] == [("*", None), ("dense", expected)]
