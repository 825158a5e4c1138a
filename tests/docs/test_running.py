"""The commands of the README and of the guides, run in their order, in a folder as their readers have one."""

from __future__ import annotations

import subprocess
from pathlib import Path

import keras
import pytest
from keras import layers

from tests.cli.conftest import Gallery
from tests.docs.commands import commands
from tests.serve.running import serving

CONFIG = """
render: {size: 16, steps: 2, margin: 0}
photos: [chelsea]
models:
  - source: demo
    filters: 2
    layers: {block1_conv1: {}, block3_conv1: {filters: [1, 3, 9]}, block4_conv1: {}}
"""

ELSEWHERE = {
    "make site": ".ci/run",
    "make lint": ".ci/run",
    "make test": ".ci/run",
    "make test-slow": ".ci/run",
    "make gates": "make test, where there is npm",
    "make docs": "tests/browser/test_docs.py, with Sphinx's own command",
    "tutorial": "tests/docs/test_commands.py",
}
"""Commands that something else runs, and what."""

NOT_RUN = {
    "make format": "changes the checkout",
    "make hooks": "changes the checkout's git",
    "make coverage": "as long again as make test",
    "make bench": "half an hour",
    "make models-table": "a quarter of an hour",
    "make endurance": "a quarter of an hour; tests/test_endurance.py does a part of it",
    "make fuzz": "an hour; tests/properties tries 300 examples",
    "make alive": "ten minutes",
    "make screenshots": "needs a site that was rendered for it",
    "python tools/train_demo.py": "half an hour",
}
"""Commands that take too long for CI, and how long; they are parsed by ``test_commands``."""


def of(name: str) -> list[list[str]]:
    """Return the words after ``filter-gallery`` of a file's commands."""
    return [words[1:] for where, words in commands() if where.startswith(f"{name}:") and words[0] == "filter-gallery"]


def test_no_command_is_forgotten() -> None:
    known = (*ELSEWHERE, *NOT_RUN)
    for where, words in commands():
        by_name = " ".join(words).startswith(known) or where.startswith(known)
        assert by_name or where.startswith(("README.md:", "embedding.md:", "publish.md:", "serve.md:")), (where, words)


def repository(folder: Path, remote: Path) -> None:
    """Make a folder a repository, and one that it can be pushed to."""
    subprocess.run(["git", "init", "--quiet", "--bare", remote], check=True)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    subprocess.run(["git", "remote", "add", "origin", remote], cwd=folder, check=True)


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """Return a repository with a built gallery of some of the bundled network."""
    made = Gallery(tmp_path_factory.mktemp("documented"))
    (made.folder / "config.yaml").write_text(CONFIG)
    repository(made.folder, made.folder.with_suffix(".git"))
    done = made.run_alone("build")
    assert done.status == 0, done.err
    return made


@pytest.mark.slow
@pytest.mark.parametrize("name", ["embedding.md", "publish.md"])
def test_the_commands_of_a_guide(gallery: Gallery, name: str) -> None:
    for words in of(name):
        done = gallery.run(*words)
        assert done.status == 0, (words, done.err)
    files = {path.name for path in gallery.folder.iterdir()}
    if name == "embedding.md":
        assert {"figure.png", "model.png"} <= files
        return
    assert {"public", "gallery.zip", "gallery.tar.gz", "demo.html", "block4.html", ".github"} <= files
    published = ["git", "ls-tree", "-r", "--name-only", "gh-pages"]
    remote = gallery.folder.with_suffix(".git")
    listing = subprocess.run(published, cwd=remote, check=True, capture_output=True, text=True)
    assert "index.html" in listing.stdout.splitlines()


@pytest.mark.slow
def test_the_embedded_snippet_is_the_one_that_is_shown(gallery: Gallery) -> None:
    done = gallery.run(*of("embedding.md")[0])
    assert done.out.count("](site/demo/005-block3_conv1/00") == 2 * 3, done.out


@pytest.mark.slow
def test_the_readmes_way_to_ones_own_model(tmp_path: Path) -> None:
    """What it leaves to the reader is done here: a model at that path with that layer, and its path in config.yaml."""
    empty = Gallery(tmp_path)
    (tmp_path / "path/to").mkdir(parents=True)
    steps = [layers.Rescaling(1 / 255), layers.Conv2D(16, 3, activation="relu", name="LAYER")]
    keras.Sequential([keras.Input((32, 32, 3)), *steps]).save(empty.folder / "path/to/model.keras")
    repository(tmp_path, tmp_path / "remote.git")
    ran = []
    for words in of("README.md"):
        if words[0] == "build" and len(words) == 1:
            path = empty.folder / "config.yaml"
            text = path.read_text()
            assert (text.count("models/mine.keras"), text.count("steps: 128")) == (1, 1)
            path.write_text(text.replace("models/mine.keras", "path/to/model.keras").replace("steps: 128", "steps: 4"))
        done = empty.run_alone(*words, BROWSER="true")  # what --open runs
        assert done.status == 0, (words, done.err)
        ran.append(words[0])
    assert ran[:5] == ["build", "layers", "render", "init", "build"]
    assert (empty.folder / "site/index.html").is_file()


@pytest.mark.slow
def test_the_preview(gallery: Gallery) -> None:
    ((*words,),) = of("serve.md")
    assert words == ["serve"]
    with serving(gallery.folder, *words[1:]) as running:
        running.wait("Watching")
        assert running.get("/")[0] == 200
        assert running.stop() == 130
