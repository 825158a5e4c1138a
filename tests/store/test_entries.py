"""An entry is read as it was written, or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.store.entries import entry_bytes, read_entry
from generator.store.entry_schema import any_shape

PLACE = "cards/a.json"
VALUES: list[dict[str, Any]] = [
    {},
    {"x": 1},
    {"list": [1.5, None, True], "name": "ü\ud800", "below": {"digest": "a" * 64, "zero": 0.0}},
]


def put(store: Path, content: bytes, place: str = PLACE) -> Path:
    path = store / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def flips(content: bytes) -> Iterator[bytes]:
    """Yield the content with each of its bits flipped in turn."""
    for place in range(len(content)):
        for bit in range(8):
            yield content[:place] + bytes([content[place] ^ (1 << bit)]) + content[place + 1 :]


def read(store: Path, place: str = PLACE) -> dict[str, Any] | None:
    return read_entry(store, place, any_shape)


def exactly_x(entry: dict[str, Any], exact: bool) -> bool:
    """Have a schema that asks for ``x``, and ignores what else is there."""
    return "x" in entry and not (exact and entry.keys() - {"x"})


@pytest.mark.parametrize("value", VALUES)
def test_an_entry_is_read_back(tmp_path: Path, value: dict[str, Any]) -> None:
    put(tmp_path, entry_bytes(PLACE, value))
    assert read(tmp_path) == value
    assert json.loads((tmp_path / PLACE).read_bytes()).keys() == {"sha256", *value}


@pytest.mark.case("bit-flips")
def test_no_flipped_bit_is_read_as_something_else(tmp_path: Path) -> None:
    content = entry_bytes(PLACE, {"x": 1.25, "list": [1, 2]})
    path = put(tmp_path, content)
    for damaged in flips(content):
        path.write_bytes(damaged)
        assert read_entry(tmp_path, PLACE, exactly_x) is None, damaged


@pytest.mark.case("bit-flips")
@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.replace(b'"x":1', b'"x":7'),
        lambda content: content.replace(b'"x":1', b'"x":1 '),
        lambda content: content.replace(b'"x":1', b'"x":1,"x":7'),
        lambda content: content.replace(b'"x":1', b'"y":1'),
        lambda content: content[:-1] + b',"y":2}',
        lambda content: content + b" ",
        lambda content: content[:-1],
        lambda content: b"",
        lambda content: b" " + content,
        lambda content: json.dumps(json.loads(content)).encode(),
        lambda content: json.dumps({"x": 1, "sha256": None}).encode(),
        lambda content: b'{"x":NaN}',
        lambda content: b'{"x":' * 100_000,
        lambda content: b"[" + content + b"]",
    ],
)
def test_what_does_not_fit_its_digest_is_absent(tmp_path: Path, change: Any) -> None:
    put(tmp_path, change(entry_bytes(PLACE, {"x": 1})))
    assert read(tmp_path) is None


def test_an_entry_belongs_to_its_place(tmp_path: Path) -> None:
    put(tmp_path, entry_bytes(PLACE, {"x": 1}), "cards/b.json")
    assert read(tmp_path, "cards/b.json") is None


def test_an_entry_of_an_earlier_version_has_no_digest_and_must_be_exact(tmp_path: Path) -> None:
    put(tmp_path, b'{"x":1}')
    assert read_entry(tmp_path, PLACE, exactly_x) == {"x": 1}
    put(tmp_path, b'{"x":1,"sha25":"0"}')
    assert read_entry(tmp_path, PLACE, exactly_x) is None
    put(tmp_path, entry_bytes(PLACE, {"x": 1, "later": 2}))  # of a later version
    assert read_entry(tmp_path, PLACE, exactly_x) == {"x": 1, "later": 2}


@pytest.mark.case("fifo")
@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "dangling"])
def test_what_is_no_file_is_no_entry(tmp_path: Path, kind: str) -> None:
    path = put(tmp_path, entry_bytes(PLACE, {}))
    moved = path.rename(tmp_path / "moved")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(moved if kind == "link" else tmp_path / "nowhere")
    assert read(tmp_path) is None
