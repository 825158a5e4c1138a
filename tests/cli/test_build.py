"""Models that ``build`` is given on the command line, in place of a configuration."""

from __future__ import annotations

import shutil
import textwrap
import webbrowser
from pathlib import Path

import pytest

from generator.pipeline import growing
from tests.cli.conftest import Gallery
from tests.cli.test_commands import write_images


def test_a_model_is_built_without_a_configuration(empty: Gallery, models: Path) -> None:
    """It is told which configuration that stands for; built with that one, nothing is rendered again."""
    shutil.copy(models / "tiny.keras", empty.folder / "my net.keras")
    write_images(empty.folder / "images", 4)
    words = ("build", "my net.keras", "--size", "16", "--steps", "2", "--photos", "rocket", "--dataset", "images")
    first = empty.run(*words)
    assert first.status == 0, first.err
    site = empty.site()
    assert b"What excites it in 4 images" in site["my-net/001-first/0000.html"]
    said = first.out.split("As a config.yaml (--save-config writes it):\n")[1]
    assert not (empty.folder / "config.yaml").exists()
    saved = empty.run(*words, "--save-config")
    assert saved.status == 0, saved.err
    assert "Written: config.yaml" in saved.out
    assert (empty.folder / "config.yaml").read_text() == textwrap.dedent(said)
    again = empty.run("build")
    assert "Everything is rendered already." in again.err
    assert empty.site() == site


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("build", "nt.keras"), "no model file 'nt.keras'"),
        (("build", "VG16"), "unknown model 'VG16'. Did you mean VGG16?"),
        (("build", "-c", "other.yaml", "demo"), "models and -c: name the one or the other"),
        (("build", "--size", "32"), "--size: only with models on the command line"),
        (("build", "--photos", "rocket"), "--photos: only with models on the command line"),
        (("build", "--save-config"), "--save-config: only with models on the command line"),
        (("build", "demo", "--photos", "gone.jpg"), "no file 'gone.jpg'"),
        (("build", "demo", "--dataset", "gone"), "gone"),
        (("build", "demo", "demo"), "demo"),
        (("build", "demo", "--size", "0"), "--size"),
    ],
)
def test_what_is_wrong_with_models_on_the_command_line(words: tuple[str, ...], expected: str, empty: Gallery) -> None:
    done = empty.run(*words)
    assert done.status == 2
    assert expected in done.err
    assert list(empty.folder.iterdir()) == []


def test_a_configuration_that_is_there_is_not_passed_over(copied: Gallery) -> None:
    before = copied.site()
    for words, hint in (
        (("build", "demo"), "or name another folder with -o"),
        (("build", "demo", "-o", "other", "--save-config"), "Add the models there"),
    ):
        done = copied.run(*words)
        assert (done.status, copied.site()) == (2, before)
        assert "config.yaml is here already, and says what is built" in done.err
        assert hint in done.err


def test_the_site_is_opened_if_asked_for(copied: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    assert copied.run("build", "--open").status == 0
    assert opened == [(copied.folder / "site/index.html").resolve().as_uri()]


def test_the_site_is_opened_once_as_soon_as_there_are_pages(copied: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(growing, "SHARE", 1e9)
    opened: list[bool] = []
    index = copied.folder / "site/index.html"
    monkeypatch.setattr(webbrowser, "open", lambda page: opened.append("so far" in index.read_text()))
    shutil.rmtree(copied.folder / "site")
    shutil.rmtree(copied.folder / ".filter-gallery")
    done = copied.run("build", "--open")
    assert done.status == 0
    assert opened == [True]  # before the end
    assert done.err.count("First pages: site/index.html (they grow while the build runs)") == 1
