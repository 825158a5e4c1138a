from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from generator.site.listing import (
    is_journal,
    is_manifest,
    is_ours,
    journal_bytes,
    listed_files,
    merge_claims,
    read_journal,
    read_json,
)

A, B = "a" * 64, "b" * 64
OURS: dict[str, Any] = {"made_by": "filter-gallery", "schema": 2, "generator": "1", "models": [], "files": []}
FIRST = {"schema": 1, "generator": "1", "models": [], "files": [{"path": "manifest.schema.json", "digest": A}]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (OURS, True),
        ({**OURS, "schema": 99}, True),
        (FIRST, True),
        ({**FIRST, "files": []}, False),
        ({**OURS, "made_by": "another"}, False),
        ({key: OURS[key] for key in OURS if key != "models"}, False),
        ({"name": "A web app", "icons": []}, False),
        ([], False),
        (None, False),
    ],
)
def test_manifests_of_ours(value: Any, expected: bool, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(value))
    assert is_manifest(value) is is_ours(tmp_path) is expected


def test_what_is_listed_is_what_can_be_ours(tmp_path: Path) -> None:
    files = [
        {"path": "a.html", "digest": A, "size": 1},
        {"path": "../b.html", "digest": A},
        {"path": "/c.html", "digest": A},
        {"path": "d.html", "digest": "A" * 64},
        {"path": "e.html"},
        {"path": 7, "digest": A},
        "f.html",
    ]
    (tmp_path / "manifest.json").write_text(json.dumps({**OURS, "files": files}))
    assert listed_files(tmp_path) == {"a.html": A}
    (tmp_path / "manifest.json").write_text(json.dumps({**OURS, "files": 3}))
    assert listed_files(tmp_path) == {}


def test_a_journal_is_read_back(tmp_path: Path) -> None:
    claims = {"b.html": frozenset({A, B}), "a.html": frozenset({A})}
    (tmp_path / ".building.json").write_bytes(journal_bytes(claims))
    assert read_journal(tmp_path) == claims
    assert is_ours(tmp_path)


@pytest.mark.parametrize(
    "value", [None, {}, {"files": []}, {"made_by": "filter-gallery"}, {"made_by": "another", "files": []}]
)
def test_what_is_no_journal_of_ours_lists_nothing(value: Any, tmp_path: Path) -> None:
    (tmp_path / ".building.json").write_text(json.dumps(value))
    assert (is_journal(value), read_journal(tmp_path), is_ours(tmp_path)) == (False, {}, False)


def test_claims_are_joined_path_by_path() -> None:
    assert merge_claims({"a": A}, {"a": frozenset({B}), "b": frozenset({B})}, {}) == {"a": {A, B}, "b": {B}}


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000])
def test_what_cannot_be_read_is_nothing(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(content)
    assert read_json(tmp_path / "a.json") is None
    assert read_json(tmp_path / "gone.json") is None
    assert read_json(tmp_path) is None
