"""A copy of a built site: the same files, and nothing of what a former copy held."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.errors import GalleryError, UsageError
from generator.site.built import BuiltSite, open_site
from generator.site.copy import copy_files
from tests.pages.gallery import Gallery, fill
from tests.summaries import conv, entry, summary


@pytest.fixture
def site(tmp_path: Path) -> BuiltSite:
    gallery = Gallery(tmp_path, [(entry(), summary(conv(1, "stem", 2, slug="001-stem")))])
    fill(gallery.store, gallery.tasks())
    gallery.write()
    return open_site(gallery.site)


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder, by their paths."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_copy_holds_the_same_files(site: BuiltSite, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    assert copy_files(site, target).written == len(site.files) - 1  # the manifest is not counted
    assert contents(target) == contents(site.folder)
    assert copy_files(site, target).written == 0


def test_a_damaged_file_is_not_copied(site: BuiltSite, tmp_path: Path) -> None:
    (site.folder / "index.html").write_bytes(b"x" * site.by_path["index.html"].size)
    with pytest.raises(GalleryError, match="is not what the build wrote"):
        copy_files(site, tmp_path / "copy")


def test_a_file_of_somebody_else_stays(site: BuiltSite, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    target.mkdir()
    (target / "index.html").write_text("mine")
    with pytest.raises(UsageError, match="is not ours"):
        copy_files(site, target)
    assert contents(target) == {"index.html": b"mine"}
