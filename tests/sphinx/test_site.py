from __future__ import annotations

import os
from pathlib import Path

import pytest

from generator.errors import UsageError
from generator.sphinx.site import read_site


def test_a_site_is_read_once_as_long_as_its_manifest_stays(base: Path) -> None:
    folder = base / "gallery/site"
    first = read_site(folder)
    assert read_site(folder) is first
    assert [model.name for model in first.manifest.models] == ["net"]


def test_what_has_changed_is_read_again(base: Path, tmp_path: Path) -> None:
    content = (base / "gallery/site/manifest.json").read_bytes()
    (tmp_path / "manifest.json").write_bytes(content)
    first = read_site(tmp_path)
    os.utime(tmp_path / "manifest.json", (1, 1))
    assert read_site(tmp_path) is not first
    assert read_site(tmp_path) == first


def test_without_a_manifest_the_way_out_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no gallery in .*: there is no manifest\.json\. Build it first"):
        read_site(tmp_path)
