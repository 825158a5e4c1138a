"""A small built site."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.publish import BuiltSite, open_site
from tests.pages.gallery import Gallery, fill
from tests.summaries import conv, entry, summary


def write_gallery(folder: Path) -> Gallery:
    """Write the site of one network with two layers of four filters, the first filter of each dead."""
    layers = (conv(1, "stem", slug="001-stem"), conv(2, "top", slug="002-top"))
    gallery = Gallery(folder, [(entry(), summary(*layers))])
    fill(gallery.store, gallery.tasks(), lambda task, index: 2.0 * index, lambda task, index: 1.0 * index)
    gallery.store.put_summary(gallery.models[0][1].digest, gallery.models[0][1].to_json())
    gallery.write()
    return gallery


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> BuiltSite:
    """Return a built site that tests share, and leave as it is."""
    return open_site(write_gallery(tmp_path_factory.mktemp("kept")).site)


@pytest.fixture
def site(kept: BuiltSite, tmp_path: Path) -> BuiltSite:
    """Return a built site of its own."""
    return open_site(shutil.copytree(kept.folder, tmp_path / "gallery/site"))


def relisted(site: BuiltSite, change: Callable[[dict[str, bytes]], None]) -> BuiltSite:
    """Return a site as if a build had written it with some files changed: its manifest fits them."""
    paths = [file.path for file in site.files if file.path != "manifest.json"]
    files = {path: (site.folder / path).read_bytes() for path in paths}
    change(files)
    for path in {*paths} - files.keys():
        (site.folder / path).unlink()
    for path, content in files.items():
        (site.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (site.folder / path).write_bytes(content)
    listed = [{"path": p, "size": len(c), "digest": hashlib.sha256(c).hexdigest()} for p, c in sorted(files.items())]
    (site.folder / "manifest.json").write_text(
        json.dumps({**json.loads((site.folder / "manifest.json").read_bytes()), "files": listed})
    )
    return open_site(site.folder)
