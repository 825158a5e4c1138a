"""A site in a folder and in archives."""

from __future__ import annotations

import os
import platform
import shutil
import tarfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread

import pytest

from generator.errors import GalleryError, UsageError
from generator.publish import BuiltSite, archive_kind, copy_site, open_site, pack_site
from generator.site.listing import LOCK
from generator.site.lock import output_lock
from tests.publish.conftest import relisted


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def unpacked(archive: Path, folder: Path) -> Path:
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder)
    else:
        with tarfile.open(archive) as opened_tar:
            opened_tar.extractall(folder, filter="data")
    return folder


@pytest.mark.parametrize("name", ["gallery.zip", "gallery.tar.gz"])
def test_an_archive_holds_the_site(name: str, site: BuiltSite, tmp_path: Path) -> None:
    before = files_in(site.folder)
    (site.folder / "notes.txt").write_text("mine")
    assert pack_site(site, tmp_path / "out" / name) == (tmp_path / "out" / name).stat().st_size
    assert files_in(unpacked(tmp_path / "out" / name, tmp_path / "unpacked")) == before
    assert os.listdir(tmp_path / "out") == [name]  # noqa: PTH208 (hidden files, too)


@pytest.mark.case("two-builds")
def test_a_copy_waits_for_another_into_the_same_folder(site: BuiltSite, tmp_path: Path) -> None:
    target, told = tmp_path / "copy", list[str]()
    copying = Thread(target=copy_site, args=(site, target, told.append))
    with output_lock(target, wait=False):
        copying.start()
        deadline = time.monotonic() + 20
        while not told:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert [path.name for path in target.iterdir()] == [LOCK]
    copying.join(20)
    assert [line.partition(" since")[0] for line in told] == [
        f"Waiting: {target} is in use by process {os.getpid()} on {platform.node()}"
    ]
    assert files_in(target) == files_in(site.folder)


@pytest.mark.case("two-builds")
def test_copies_at_once_into_one_folder(site: BuiltSite, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    with ThreadPoolExecutor(4) as pool:
        changes = list(pool.map(lambda _: copy_site(site, target), range(8)))
    assert sorted(made.written for made in changes) == [0] * 7 + [len(site.files) - 1]
    assert files_in(target) == files_in(site.folder)


@pytest.mark.parametrize("name", ["gallery.zip", "gallery.tar.gz"])
def test_the_same_site_gives_the_same_bytes(name: str, site: BuiltSite, tmp_path: Path) -> None:
    """Wherever it lies, whenever its files were written, and whoever may read them."""
    pack_site(site, tmp_path / name)
    other = shutil.copytree(site.folder, tmp_path / "elsewhere", copy_function=shutil.copyfile)
    for place, path in enumerate(other.rglob("*")):
        os.utime(path, (place * 1000, place * 1000))
    (other / "index.html").chmod(0o700)
    (tmp_path / "two").mkdir()
    pack_site(open_site(other), tmp_path / "two" / name)
    assert (tmp_path / "two" / name).read_bytes() == (tmp_path / name).read_bytes()
    changed = relisted(open_site(other), lambda files: files.update({"reading.html": b"changed"}))
    pack_site(changed, tmp_path / "two" / name)
    assert (tmp_path / "two" / name).read_bytes() != (tmp_path / name).read_bytes()


def test_an_archive_that_fails_leaves_the_one_before(site: BuiltSite, tmp_path: Path) -> None:
    archive = tmp_path / "gallery.zip"
    pack_site(site, archive)
    before = archive.read_bytes()
    (site.folder / "reading.html").write_text("changed behind our back")
    with pytest.raises(GalleryError, match=r"reading\.html: is not what the build wrote"):
        pack_site(site, archive)
    assert archive.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gallery", "gallery.zip"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.zip", ".zip"), ("a.ZIP", ".zip"), ("a.tar.gz", ".tar.gz"), ("a", None), ("a.b", None), ("zip", None)],
)
def test_kinds_of_archives(name: str, kind: str | None) -> None:
    assert archive_kind(Path(name)) == kind


@pytest.mark.parametrize("name", ["a.tgz", "a.7z", "a.tar", "a.tar.xz"])
def test_kinds_that_are_not_made(name: str) -> None:
    with pytest.raises(UsageError, match=r"There are \.zip and \.tar\.gz"):
        archive_kind(Path(name))


def test_a_folder_becomes_a_copy_and_stays_one(site: BuiltSite, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    assert copy_site(site, copy).written == len(site.files) - 1  # the manifest is not counted
    assert files_in(copy) == files_in(site.folder)
    assert copy_site(site, copy).written == 0

    def change(files: dict[str, bytes]) -> None:
        del files["404.html"]
        files["reading.html"] = b"changed"

    changes = copy_site(relisted(site, change), copy)
    assert (changes.written, changes.deleted) == (1, 1)
    assert files_in(copy) == files_in(site.folder)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("theirs", "holds files that are not ours, such as thesis.tex"),
        ("theirs/thesis.tex", "is a file, not a folder"),
        ("gallery/site/copy", "lies in the site"),
        ("gallery", "or the site in it"),
    ],
)
def test_folders_that_are_refused(target: str, message: str, site: BuiltSite, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "thesis.tex").write_text("mine")
    before = files_in(tmp_path)
    with pytest.raises(UsageError, match=message):
        copy_site(site, tmp_path / target)
    assert files_in(tmp_path) == before
