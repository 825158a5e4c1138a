"""What the system refuses, and what stands where a file should: one line with the path and the way out."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.assets import photo_path
from tests.cli.conftest import Gallery
from tests.once import once
from tests.permissions import denied, unreadable

SETTINGS = "photos: [cat.png]\ntemplates: look\nlogo: logo.png\nrender: {size: 16, steps: 4, margin: 4}\n"


@pytest.fixture(scope="session")
def decorated(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """Return a built gallery with a photo, a logo and templates of its own."""

    def make(folder: Path) -> None:
        gallery = Gallery(folder / "gallery")
        (gallery.folder / "look/static").mkdir(parents=True)
        (gallery.folder / "look/filter.html").write_text('{% extends "ours/filter.html" %}')
        (gallery.folder / "look/static/site.css").write_text("p { color: red }")
        (gallery.folder / "look/static/more.txt").write_text("more")
        shutil.copy(models / "tiny.keras", gallery.folder)
        for name in ("cat.png", "logo.png"):
            shutil.copy(photo_path("chelsea"), gallery.folder / name)
        gallery.configure("tiny.keras", more=SETTINGS)
        done = gallery.run("build")
        assert done.status == 0, done.err

    return Gallery(once(tmp_path_factory, "decorated", make) / "gallery")


@pytest.fixture
def gallery(decorated: Gallery, tmp_path: Path) -> Gallery:
    """Return a copy of it, with an empty folder ``out``, and another title than its site has."""
    gallery = Gallery(shutil.copytree(decorated.folder, tmp_path / "copy"))
    (gallery.folder / "out").mkdir()
    config = gallery.folder / "config.yaml"
    config.write_text(config.read_text().replace("title: Tiny", "title: Other"))
    return gallery


READ_ONLY, CLOSED, UNLISTABLE = "read-only", "closed", "unlistable"
"""What cannot be written, neither read nor written, or written and entered but not listed."""

PICTURE = "tiny/001-first/0000-picture.webp"

REFUSED = [
    ("clean", "site", READ_ONLY, "cannot remove site/.nojekyll"),
    ("clean", "site", CLOSED, "site"),
    ("clean", "site", UNLISTABLE, "cannot remove site"),
    ("clean", "site/tiny", READ_ONLY, "cannot remove site/tiny/"),
    ("clean", "site/tiny", CLOSED, "cannot remove site/tiny"),
    ("clean", "site/manifest.json", CLOSED, "site: manifest.json cannot be read"),
    ("clean --cache", ".filter-gallery", READ_ONLY, "cannot remove .filter-gallery/objects/"),
    ("clean --cache", ".filter-gallery", CLOSED, ".filter-gallery/store.json: cannot be read"),
    ("clean --cache", ".filter-gallery/store.json", CLOSED, ".filter-gallery/store.json: cannot be read"),
    ("clean -o out/x", "out", CLOSED, "out/x"),
    ("build", "site", READ_ONLY, "output site: cannot be written"),
    ("build", "site", CLOSED, "output site: cannot be written"),
    ("build", "site", UNLISTABLE, "output site: cannot be written"),
    ("build", "site/tiny", READ_ONLY, "output site/tiny/"),
    ("build", "site/tiny", CLOSED, "site/tiny/001-first"),
    ("build", "site/tiny", UNLISTABLE, "output site/tiny: cannot be written"),
    ("build", "site/manifest.json", CLOSED, "output site: manifest.json cannot be read"),
    ("build", ".filter-gallery", CLOSED, "cannot write .filter-gallery"),
    ("build", ".filter-gallery/objects", CLOSED, "cannot write .filter-gallery/objects/"),
    ("build", "look", CLOSED, "look: cannot be read"),
    ("build", "look", UNLISTABLE, "look: cannot be read"),
    ("build", "look/static", CLOSED, "look/static: cannot be read"),
    ("build", "look/static", UNLISTABLE, "look/static: cannot be read"),
    ("build", "look/filter.html", CLOSED, "look/filter.html"),
    ("build", "look/static/site.css", CLOSED, "look/static/site.css: cannot be read"),
    ("build", "look/static/more.txt", CLOSED, "look/static/more.txt: cannot be read"),
    ("build", "logo.png", CLOSED, "config.yaml:4: logo: 'logo.png' cannot be read"),
    ("build", "config.yaml", CLOSED, "config.yaml"),
    ("build -c out/config.yaml", "out", CLOSED, "out/config.yaml"),
    ("build -o out/x", "out", READ_ONLY, "output out/x: cannot be written"),
    ("build -o out/x", "out", CLOSED, "output out/x: cannot be written"),
    ("build --archive out/x.zip", "out", READ_ONLY, "cannot write out/x.zip"),
    ("build --archive out/y/x.zip", "out", CLOSED, "out/y"),
    ("build --single-file out/x.html", "out", READ_ONLY, "cannot write out/x.html"),
    ("build --single-file out/x.html", "out", CLOSED, "out/x.html"),
    ("publish --to out.zip", "site", CLOSED, "site/manifest.json: cannot be read"),
    ("publish --to out.zip", "site/manifest.json", CLOSED, "site/manifest.json: cannot be read"),
    ("publish --to out.zip", "site/index.html", CLOSED, "index.html cannot be read"),
    ("publish --to out.zip", f"site/{PICTURE}", CLOSED, f"{PICTURE} cannot be read"),
    ("publish --to out.zip", "site/tiny", CLOSED, "files cannot be read"),
    ("publish --to out", "out", READ_ONLY, "output out: cannot be written"),
    ("publish --to out", "out", CLOSED, "output out: cannot be written"),
    ("publish --to out/x/y", "out", READ_ONLY, "output out/x/y: cannot be written"),
    ("publish --to out/x.zip", "out", READ_ONLY, "cannot write out/x.zip"),
    ("publish --to out/x/y.zip", "out", CLOSED, "out/x"),
    ("embed tiny/first", "site", CLOSED, "site/manifest.json: cannot be read"),
    ("embed tiny/first --site site", "site", CLOSED, "site/manifest.json"),
    ("embed tiny/first --png x.png", f"site/{PICTURE}", CLOSED, f"site/{PICTURE}: cannot be read"),
    ("embed tiny/first --png out/x.png", "out", READ_ONLY, "cannot write out/x.png"),
    ("embed tiny/first --png out/y/x.png", "out", CLOSED, "out/y"),
    ("init out/x", "out", READ_ONLY, "cannot write out/x/config.yaml"),
    ("init out", "out", CLOSED, "out/.git"),
    ("layers tiny", "tiny.keras", CLOSED, "tiny.keras"),
    ("plan", "logo.png", CLOSED, "config.yaml:4: logo: 'logo.png' cannot be read"),
    ("render tiny first 0 -o out/x.png", "out", CLOSED, "out/x.png"),
]


@contextlib.contextmanager
def refusing(path: Path, how: str) -> Iterator[None]:
    with denied(path) if how == READ_ONLY else unreadable(path) if how == CLOSED else denied(path, mode=0o300):
        yield


@pytest.mark.case("denied")
@pytest.mark.parametrize(("words", "path", "how", "told"), REFUSED)
def test_what_the_system_refuses_is_told_in_a_line(
    gallery: Gallery, words: str, path: str, how: str, told: str
) -> None:
    with refusing(gallery.folder / path, how):
        done = gallery.run(*words.split())
    assert done.status in (1, 2)
    assert len(done.errors) == 1, done.err
    (line,) = done.errors
    assert told in line
    assert "Permission denied" in line
    assert "--debug" not in line
    assert "Errno" not in line
    assert line.rpartition("Permission denied")[2].strip("). ")  # and the way out


@pytest.mark.case("denied")
@pytest.mark.parametrize(
    ("path", "told"),
    [("cat.png", "photo cat: photo cat.png: Permission"), ("tiny.keras", "model tiny: tiny.keras: Per")],
)
def test_what_cannot_be_read_fails_and_the_rest_is_built(gallery: Gallery, path: str, told: str) -> None:
    with unreadable(gallery.folder / path):
        done = gallery.run("build")
    assert (done.status, done.errors) == (1, [])
    assert f"  {told}" in done.err
    assert "Change its permissions" in done.err


PIPES = [
    ("build", "look/filter.html", "look/filter.html: is not a file"),
    ("build", "look/static/site.css", "look/static/site.css: is not a file"),
    ("build", "look/static/more.txt", "look/static/more.txt: is not a file"),
    ("build", "logo.png", "logo: 'logo.png' is a pipe or a device, not a picture"),
    ("build", "cat.png", "no file 'cat.png'"),
    ("build", "config.yaml", "config.yaml: is not a file"),
    ("build", "site/manifest.json", "manifest.json cannot be read: is not a file"),
    ("clean", "site/manifest.json", "manifest.json cannot be read: is not a file"),
    ("publish --to out", "site/manifest.json", "manifest.json: cannot be read: is not a file"),
    ("publish --to out", "site/index.html", "index.html is missing"),
    ("publish --to out", "site/data/tiny.js", "data/tiny.js is missing"),
    ("embed tiny/first", "site/manifest.json", "manifest.json: cannot be read: is not a file"),
    ("embed tiny/first --png x.png", f"site/{PICTURE}", f"{PICTURE}: cannot be read: is not a file"),
    ("layers tiny", "tiny.keras", "no file 'tiny.keras'"),
    ("render tiny first 0", "tiny.keras", "no file 'tiny.keras'"),
    ("layers pipe", "pipe", "unknown model 'pipe'"),
    ("layers pipe.h5", "pipe.h5", "no model file 'pipe.h5'"),
    ("layers pipe.json", "pipe.json", "no model file 'pipe.json'"),
]


@pytest.mark.case("fifo")
@pytest.mark.parametrize(("words", "path", "told"), PIPES)
def test_a_pipe_is_not_waited_for(gallery: Gallery, words: str, path: str, told: str) -> None:
    (gallery.folder / path).unlink(missing_ok=True)
    os.mkfifo(gallery.folder / path)
    done = gallery.run(*words.split())
    assert done.status in (1, 2)
    assert [told in line for line in done.errors] == [True], done.err


@pytest.mark.case("fifo")
@pytest.mark.parametrize("path", ["site/.building.json", "site/index.html", f"site/{PICTURE}", "site/data/tiny.js"])
def test_a_pipe_in_a_site_is_replaced_by_the_next_build(gallery: Gallery, path: str) -> None:
    (gallery.folder / path).unlink(missing_ok=True)
    os.mkfifo(gallery.folder / path)
    assert gallery.run("build").status == 0
    assert gallery.run("publish", "--to", "out").status == 0


@pytest.mark.case("site-folder")
@pytest.mark.parametrize("path", ["index.html", PICTURE, "manifest.json", ".building.json", "data.js"])
def test_a_folder_where_a_file_was_is_told_with_what_to_do(gallery: Gallery, path: str) -> None:
    (gallery.folder / "site" / path).unlink(missing_ok=True)
    (gallery.folder / "site" / path / "mine").mkdir(parents=True)
    for _ in range(2):
        done = gallery.run("build")
        assert (done.status, len(done.errors)) == (2, 1)
        assert f"output site/{path}: " in done.errors[0] or f"output site: {path} " in done.errors[0]
        assert any(way_out in done.errors[0] for way_out in ("Move it away", "Move away", "Mend it"))
    assert (gallery.folder / "site" / path / "mine").is_dir()
    shutil.rmtree(gallery.folder / "site" / path)
    if path != "manifest.json":
        assert gallery.run("build").status == 0
