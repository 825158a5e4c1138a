"""``publish``, ``init --github``, and what ``build`` makes besides the site."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from generator.publish.workflow import installed_from
from tests.cli.conftest import ROOT, Gallery

GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
CONFIG = "title: Tiny\nmodels:\n  - {name: net, source: demo}\n"


def git(*words: object, folder: Path) -> str:
    done = subprocess.run(["git", *map(str, words)], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def owner(tmp_path: Path) -> Gallery:
    """Return a repository with a configuration, a built site and a bare remote, all made without any network."""
    from tests.publish.conftest import write_gallery

    folder = tmp_path / "owner"
    write_gallery(folder)
    (folder / "config.yaml").write_text(CONFIG)
    git("init", "--quiet", "--bare", tmp_path / "remote.git", folder=tmp_path)
    git("init", "--quiet", folder, folder=tmp_path)
    for words in (
        ("remote", "add", "origin", "../remote.git"),
        ("config", "user.name", "A"),
        ("config", "user.email", "a@x"),
    ):
        git(*words, folder=folder)
    return Gallery(folder)


def test_publish_twice(owner: Gallery) -> None:
    """First it says what it would do, then does it, then finds nothing to do."""
    remote = owner.folder.parent / "remote.git"
    said = owner.run("publish", "--dry-run", **GIT)
    assert (said.status, said.err) == (0, "")
    files = r"Would push \d+ files, \d\.\d MB, as the one commit of branch gh-pages of origin"
    assert re.fullmatch(files + r" \(\.\./remote\.git\), a new branch\.\n", said.out)
    assert git("for-each-ref", folder=remote) == ""
    done = owner.run("publish", "--message", "Term 2", **GIT)
    assert (done.status, done.out) == (0, said.out.replace("Would push", "Pushed"))
    assert git("log", "--format=%s", "gh-pages", folder=remote) == "Term 2"
    assert git("ls-tree", "-r", "--name-only", "gh-pages", folder=remote).splitlines() == sorted(owner.site())
    again = owner.run("publish", **GIT)
    assert again.status == 0
    assert "nothing to push" in again.out


def test_publish_to_a_folder_and_an_archive(owner: Gallery) -> None:
    said = owner.run("publish", "--to", "stick", "--dry-run")
    assert re.match(r"Would copy \d+ files, \d\.\d MB, to stick\.", said.out)
    assert not (owner.folder / "stick").exists()
    assert owner.run("publish", "--to", "stick").status == 0
    copied = {str(p.relative_to(owner.folder / "stick")) for p in (owner.folder / "stick").rglob("*") if p.is_file()}
    assert copied == {*owner.site()}
    done = owner.run("publish", "--to", "gallery.zip")
    assert done.status == 0
    with zipfile.ZipFile(owner.folder / "gallery.zip") as opened:
        assert opened.namelist() == sorted(owner.site())


def test_publish_tells_all_that_it_finds_and_stops(owner: Gallery) -> None:
    (owner.folder / "site/reading.html").unlink()
    (owner.folder / "site/notes.txt").write_text("mine")
    done = owner.run("publish", "--to", "stick")
    assert (done.status, done.out) == (1, "")
    assert [line[:40] for line in done.err.splitlines()] == [
        "Error: reading.html is missing. Run: fil",
        "Warning: notes.txt was not written by th",
        "Nothing was published.",
    ]
    assert not (owner.folder / "stick").exists()


def test_publish_tells_what_is_not_rendered(owner: Gallery) -> None:
    (owner.folder / "config.yaml").write_text(CONFIG + "  - demo\n")
    done = owner.run("publish", "--to", "stick")
    assert done.status == 0
    assert "Warning: the model demo is not in the site. To have the rest, run: filter-gallery build" in done.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-o", "nowhere"), "Error: nowhere: holds no site of filter-gallery. Run: filter-gallery build"),
        (("--remote", "orign"), "has no remote 'orign'. Did you mean origin?"),
        (("--to", "site.7z"), "not a kind of archive that is made here"),
        (("--to", "site/copy"), "lies in the site"),
    ],
)
def test_publish_used_wrongly(words: tuple[str, ...], message: str, owner: Gallery) -> None:
    done = owner.run("publish", *words, **GIT)
    assert (done.status, done.out, len(done.errors)) == (2, "", 1)
    assert message in done.err


def test_build_packs_and_makes_a_single_file(copied: Gallery) -> None:
    words = (
        "--model",
        "tiny",
        "--layer",
        "first",
        "--archive",
        "out/gallery.tar.gz",
        "--single-file",
        "out/first.html",
    )
    done = copied.run("build", *words)
    assert done.status == 0, done.err
    assert re.search(
        r"Packed \d+ files into out/gallery\.tar\.gz, \d\.\d MB\.\nWrote out/first\.html, \d\.\d MB\.\n", done.out
    )
    page = (copied.folder / "out/first.html").read_text(encoding="utf-8")
    assert "<h1>first</h1>" in page
    assert "data:image/webp;base64," in page
    assert len(list((copied.folder / "out").iterdir())) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--archive", "gallery"), "End it in .zip or .tar.gz"),
        (("--archive", "site/gallery.zip"), "lies in the site"),
        (("--single-file", "config.yaml"), "--single-file config.yaml: is written as HTML. Let its name end in .html"),
        (("--single-file", "mine.keras", "--model", "net"), "is written as HTML"),
        (("--single-file", ".filter-gallery/a.html", "--model", "net"), "lies in the store"),
        (("--single-file", "config.yaml/a.html", "--model", "net"), "config.yaml is a file"),
        (("--archive", "config.yaml/a.zip"), "config.yaml is a file"),
        (("--single-file", "dir.html"), "it is a folder"),
        (("--single-file", "page.html"), "--single-file holds one model. Say which with --model: net, demo"),
        (("--single-file", "a.html", "--model", "net", "--layer", "a", "--layer", "b"), "holds one layer"),
    ],
)
def test_build_refuses_before_it_begins(words: tuple[str, ...], message: str, empty: Gallery) -> None:
    (empty.folder / "config.yaml").write_text(CONFIG + "  - demo\n")
    (empty.folder / "dir.html").mkdir()
    (empty.folder / "site").mkdir()
    done = empty.run("build", *words)
    assert (done.status, len(done.errors)) == (2, 1)
    assert message in done.err
    assert not (empty.folder / ".filter-gallery").exists()


def test_init_writes_a_workflow_that_github_understands(empty: Gallery) -> None:
    done = empty.run("init", "--github")
    assert done.status == 0
    workflow = empty.folder / ".github/workflows/pages.yml"
    ours = ROOT / ".github/workflows/ci.yml"
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    subprocess.run([*check, workflow, ours], check=True, capture_output=True)
    broken = empty.folder / "broken.yml"
    broken.write_text(workflow.read_text().replace("runs-on", "runs-at"))
    assert subprocess.run([*check, broken], check=False, capture_output=True).returncode == 1


def test_the_commands_of_the_workflow_are_those_of_the_guide(empty: Gallery) -> None:
    from generator import assets

    commands = re.findall(r"(?m)^\s+- run: (.+)$", assets.pages_workflow().decode())
    guide = (ROOT / "docs/publish.md").read_text(encoding="utf-8")
    assert commands == ["pip install filter-gallery", "filter-gallery build", "filter-gallery publish --to public"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(command in guide for command in commands)
    assert all(command in readme for command in commands[1:])


def test_init_tells_of_what_github_cannot_install(empty: Gallery) -> None:
    """The package that is tested was installed from a folder."""
    done = empty.run("init", "--github")
    local = installed_from().count('"file://')
    assert done.err.count("installs filter-gallery from PyPI, and yours came from ") == local
    assert "run: pip install filter-gallery\n" in (empty.folder / ".github/workflows/pages.yml").read_text()


@pytest.mark.parametrize("target", ["full", "config.yaml", "site/x", "dir.zip", "config.yaml/a.zip"])
def test_a_dry_run_says_what_the_real_one_would(target: str, copied: Gallery) -> None:
    (copied.folder / "full").mkdir()
    (copied.folder / "full/mine.txt").write_text("mine")
    (copied.folder / "dir.zip").mkdir()
    tried, done = (copied.run("publish", "--to", target, *words) for words in (("--dry-run",), ()))
    assert (tried.status, tried.errors) == (2, done.errors) == (done.status, done.errors)
    assert "with -o" not in done.err


def test_init_refuses_a_workflow_that_github_would_not_read(empty: Gallery) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=empty.folder, check=True)
    done = empty.run("init", "--github", "below")
    assert (done.status, len(done.errors)) == (2, 1)
    assert f"GitHub reads workflows at the top of a repository only. Run it in {empty.folder}" in done.err
    assert not (empty.folder / "below").exists()
    assert empty.run("init", "--github").status == 0


def test_a_model_that_fails_is_told_before_its_file_is_missed(copied: Gallery) -> None:
    (copied.folder / "bad.keras").write_text("junk")
    with (copied.folder / "config.yaml").open("a") as config:
        config.write("  - bad.keras\n")
    done = copied.run("build", "--model", "bad", "--single-file", "bad.html")
    assert done.status == 2
    assert "not a .keras model" in done.err


def test_init_keeps_a_configuration_and_refuses_to_replace_a_workflow(empty: Gallery) -> None:
    (empty.folder / "config.yaml").write_text(CONFIG)
    done = empty.run("init", "--github")
    assert done.status == 0
    assert "Kept config.yaml." in done.out
    workflow = empty.folder / ".github/workflows/pages.yml"
    workflow.write_text("mine")
    again = empty.run("init", "--github")
    assert (again.status, len(again.errors)) == (2, 1)
    assert "pages.yml: exists already. Remove it first, or name another folder" in again.err
    assert (workflow.read_text(), (empty.folder / "config.yaml").read_text()) == ("mine", CONFIG)
