"""One list of hostile manifests, given to everything that reads a built site, or cleans up after one.

Each reader says what is wrong in one line, and nothing outside the site's folder, and nothing in it that is somebody
else's, is read, written or deleted.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sphinx.errors import SphinxError

from generator.cli import main
from generator.errors import GalleryError
from generator.publish import copy_site, find_part, open_site, single_file
from generator.serve.status import site_digest
from generator.sphinx.selection import Request, select
from generator.sphinx.site import read_site
from tests.pages.gallery import Gallery, fill
from tests.summaries import conv, entry, summary

Manifest = dict[str, Any]
SECRET = b"secret"
DIGEST = hashlib.sha256(SECRET).hexdigest()


def put(*keys: Any, value: Any) -> Callable[[Manifest], Manifest]:
    """Return what sets a value behind some keys."""

    def change(manifest: Manifest) -> Manifest:
        place: Any = manifest
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value
        return manifest

    return change


def drop(*keys: Any) -> Callable[[Manifest], Manifest]:
    """Return what deletes what is behind some keys."""

    def change(manifest: Manifest) -> Manifest:
        place: Any = manifest
        for key in keys[:-1]:
            place = place[key]
        del place[keys[-1]]
        return manifest

    return change


def listing(path: object) -> Callable[[Manifest], Manifest]:
    """Return what lists one more file."""

    def change(manifest: Manifest) -> Manifest:
        manifest["files"].append({"path": path, "size": len(SECRET), "digest": DIGEST})
        return manifest

    return change


MODEL, LAYER = ("models", 0), ("models", 0, "layers", 0)
FILTER = (*LAYER, "filters", 0)
PICTURE = (*FILTER, "pictures", 0)

CHANGES: dict[str, Callable[[Manifest], Manifest]] = {
    "up": listing("../secret.txt"),
    "up-within": listing("net/../../secret.txt"),
    "absolute": listing("/etc/passwd"),
    "drive": listing("C:/secret.txt"),
    "backslash": listing("..\\secret.txt"),
    "escape": listing("a\x1b[31m"),
    "newline": listing("a\nb"),
    "nul": listing("a\0b"),
    "right-to-left": listing("a\u202eb"),
    "git": listing(".git/HEAD"),
    "git-below": listing("net/.GIT/config"),
    "dots": listing("net/./x"),
    "empty-path": listing(""),
    "path-number": listing(7),
    "path-null": listing(None),
    "twice": lambda manifest: {**manifest, "files": [*manifest["files"], manifest["files"][0]]},
    "picture-up": put(*PICTURE, "path", value="../secret.txt"),
    "picture-absolute": put(*PICTURE, "path", value="/etc/passwd"),
    "picture-unlisted": put(*PICTURE, "path", value="thesis.tex"),
    "page-up": put(*FILTER, "page", value="../../x.html"),
    "layer-page": put(*LAYER, "page", value="/index.html"),
    "model-page": put(*MODEL, "page", value="../index.html"),
    "technique-file": put(*LAYER, "techniques", 0, "files", 0, value="../secret.txt"),
    "technique-short": put(*LAYER, "techniques", 0, "files", value=[]),
    "sheet": put(*LAYER, "techniques", 0, "sheets", 0, value="..\\x"),
    "map": put(*FILTER, "feature_maps", 0, "path", value="linked/mine.txt"),
    "kernel": put(*FILTER, "kernels", 0, value="/etc/passwd"),
    "size-negative": put("files", 0, "size", value=-1),
    "size-huge": put("files", 0, "size", value=10**400),
    "size-infinite": put("files", 0, "size", value=float("inf")),
    "size-text": put("files", 0, "size", value="7"),
    "size-true": put("files", 0, "size", value=True),
    "digest-short": put("files", 0, "digest", value="00"),
    "digest-null": put("files", 0, "digest", value=None),
    "file-text": put("files", 0, value="index.html"),
    "files-null": put("files", value=None),
    "files-mapping": put("files", value={}),
    "models-text": put("models", value="net"),
    "models-null": put("models", value=None),
    "model-null": put(*MODEL, value=None),
    "title-number": put("title", value=7),
    "title-surrogate": put("title", value="\ud800"),
    "name-list": put(*MODEL, "name", value=[]),
    "layers-null": put(*MODEL, "layers", value=None),
    "layer-without-keys": put(*LAYER, value={}),
    "layer-index-nan": put(*LAYER, "index", value=float("nan")),
    "filters-null": put(*LAYER, "filters", value=None),
    "filters-none": put(*LAYER, "filters", value=[]),
    "filters-number": put(*LAYER, "filters", value=300_000_000),
    "filter-huge": put(*FILTER, "index", value=10**30),
    "filter-negative": put(*FILTER, "index", value=-1),
    "filter-twice": put(*FILTER, "index", value=1),
    "strongest-other": put(*LAYER, "strongest", value=[7]),
    "verdict": put(*FILTER, "verdict", value="great"),
    "score-text": put(*PICTURE, "score", value="high"),
    "score-nan": put(*PICTURE, "score", value=float("nan")),
    "trace-null": put(*PICTURE, "trace", value=None),
    "trace-endless": put(*PICTURE, "trace", value=[0.0] * 100_000),
    "settings": put(*PICTURE, "settings", value={"method": "oil"}),
    "settings-list": put(*PICTURE, "settings", value=[]),
    "transform": put(*PICTURE, "settings", "transforms", value=[{"shift": 0.1, "rotate": 2}]),
    "pictures-none": put(*FILTER, "pictures", value=[]),
    "techniques-none": put(*LAYER, "techniques", value=[]),
    "kind": put(*LAYER, "techniques", 0, "kind", value="film"),
    "schema-text": put("schema", value="2"),
    "schema-later": put("schema", value=99),
    "schema-list": put("schema", value=[2]),
    "made-by": put("made_by", value="webpack"),
    **{f"no-{key}": drop(key) for key in ("schema", "made_by", "generator", "title", "models", "files")},
    **{f"layer-no-{key}": drop(*LAYER, key) for key in ("title", "slug", "techniques", "strongest", "filter_count")},
}

CONTENTS: dict[str, bytes] = {
    "empty": b"",
    "text": b"once upon a time",
    "list": b"[]",
    "number": b"7",
    "null": b"null",
    "no-unicode": b"\xff\xfe{}",
    "cut": b'{"schema": 2, "made_by": "filter-gallery", "generator": "0", "models": [',
    "deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep-list": b"[" * 200_000,
    "digits": b'{"schema": ' + b"9" * 10_000 + b"}",
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    gallery = Gallery(tmp_path_factory.mktemp("kept"), [(entry(), summary(conv(1, "stem", 2, slug="001-stem")))])
    fill(gallery.store, gallery.tasks())
    gallery.write()
    return gallery


@pytest.fixture
def place(kept: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a site in it, files of somebody else in and beside it, and a configuration."""
    shutil.copytree(kept.site, tmp_path / "site")
    for path in ("secret.txt", "theirs/mine.txt", "site/thesis.tex", "site/.git/HEAD", "site/net/.GIT/config"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(SECRET)
    (tmp_path / "site/linked").symlink_to(tmp_path / "theirs")
    (tmp_path / "config.yaml").write_text("models: [demo]\noutput: site\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def elsewhere(place: Path) -> dict[str, bytes]:
    """Return everything that is not the site's."""
    paths = (path for path in place.rglob("*") if path.is_file() and not path.is_symlink())
    names = {path.relative_to(place).as_posix(): path.read_bytes() for path in paths}
    theirs = ("site/thesis.tex", "site/.git/HEAD", "site/net/.GIT/config")
    return {name: content for name, content in names.items() if not name.startswith("site/") or name in theirs}


def command(*words: str) -> str:
    """Return the one line that a command ends with; it must be one that a user can act on."""
    done = CliRunner().invoke(main, [*words])
    assert done.exit_code in (1, 2), (words, done.output)
    assert done.exception is None or isinstance(done.exception, SystemExit), (words, done.exception)
    return done.output


def refused(read: Callable[[], object]) -> str:
    """Return the error of a reader that is called from Python."""
    with pytest.raises((GalleryError, SphinxError)) as caught:
        read()
    return f"Error: {caught.value}\n"


def every_reader(place: Path) -> dict[str, str]:
    """Return what each reader says of the site, which none accepts."""
    site = place / "site"
    return {
        "publish to a folder": command("publish", "--to", "out"),
        "publish into an archive": command("publish", "--to", "out.zip"),
        "publish to a branch": command("publish", "--dry-run"),
        "embed": command("embed", "net/stem"),
        "contact sheet": command("embed", "net/stem", "--png", "out.png"),
        "Sphinx": refused(lambda: select(read_site(site), Request("net/stem"))),
        "Sphinx's copy": refused(lambda: copy_site(read_site(site), place / "out")),
        "single file": refused(lambda: single_file(opened := open_site(site), find_part(opened, "net", "stem"))),
    }


def check(place: Path, kept: Gallery) -> None:
    before = elsewhere(place)
    for reader, line in every_reader(place).items():
        assert line.startswith("Error: "), (reader, line)
        assert line.count("\n") == 1, (reader, line)
        assert len(line) < 400, (reader, line)
        assert "--debug" not in line, (reader, line)
        assert "Traceback" not in line, (reader, line)
        assert not any(ord(sign) < 32 for sign in line.rstrip("\n")), (reader, line)
    site_digest(place / "site")
    assert elsewhere(place) == before
    kept.site = place / "site"  # a build and `clean` take the folder over, or leave it: but for what is not theirs
    error = ""
    try:
        kept.write()
    except GalleryError as refusal:
        error = str(refusal)
    assert "\n" not in error
    assert elsewhere(place) == before
    done = CliRunner().invoke(main, ["clean"])
    assert done.exit_code in (0, 2), done.output
    assert elsewhere(place) == before


@pytest.mark.case("sphinx-shapes")
@pytest.mark.case("publish-shapes")
@pytest.mark.case("embed-shapes")
@pytest.mark.case("manifest-claims")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_manifest_that_was_changed(place: Path, kept: Gallery, change: Callable[[Manifest], Manifest]) -> None:
    path = place / "site/manifest.json"
    manifest = change(copy.deepcopy(json.loads(path.read_bytes())))
    path.write_text(json.dumps(manifest))
    check(place, copy.copy(kept))


@pytest.mark.case("sphinx-shapes")
@pytest.mark.case("publish-shapes")
@pytest.mark.case("embed-shapes")
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_manifest_that_is_none(place: Path, kept: Gallery, content: bytes) -> None:
    (place / "site/manifest.json").write_bytes(content)
    check(place, copy.copy(kept))


@pytest.mark.case("fifo")
@pytest.mark.case("clean-links")
@pytest.mark.parametrize("kind", ["folder", "pipe", "link", "dangling"])
def test_what_stands_in_the_place_of_a_manifest(place: Path, kept: Gallery, kind: str) -> None:
    path = place / "site/manifest.json"
    if kind == "link":
        shutil.copy(path, place / "manifest.json")
    path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(place / ("manifest.json" if kind == "link" else "nowhere"))
    check(place, copy.copy(kept))


@pytest.mark.case("clean-links")
@pytest.mark.parametrize("whole", [False, True])
def test_links_in_a_site_are_not_followed(place: Path, whole: bool) -> None:
    """A file of the site, or a folder of it, that is a link to the very same bytes elsewhere."""
    moved = place / "site/net" if whole else place / "site/net/001-stem/0000-picture.webp"
    shutil.move(moved, place / "moved")
    moved.symlink_to(place / "moved")
    before = {path: path.stat().st_mtime_ns for path in (place / "moved").rglob("*")}
    for words in (
        ("publish", "--to", "out"),
        ("publish", "--to", "out.zip"),
        ("embed", "net/stem", "--png", "out.png"),
    ):
        assert "symbolic link" in command(*words), words
    site = open_site(place / "site")
    for read in (
        lambda: copy_site(site, place / "out"),
        lambda: single_file(site, find_part(site, "net", "stem")),
    ):
        assert "symbolic link" in refused(read)
    assert CliRunner().invoke(main, ["clean"]).exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in (place / "moved").rglob("*")} == before
    assert (place / "moved").exists()
