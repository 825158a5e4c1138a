"""The documentation, built with warnings as errors from a gallery that takes no time; and what its reference says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Browser
from pydantic import BaseModel

from generator.cli import main
from generator.config.schema import ConfigFile, ModelPart, RenderPart
from generator.site.manifest import json_schema
from tests.browser.conftest import look, open_page
from tests.docs.commands import FILES, ROOT
from tests.once import once
from tests.pages.gallery import Gallery, Page, fill
from tests.summaries import conv, entry, summary

LAYERS = (
    "block1_conv1",
    "block1_conv2",
    "block2_conv1",
    "block2_conv2",
    "block3_conv1",
    "block3_conv2",
    "block4_conv1",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the built documentation; its gallery has the layers of the bundled network, and tiny pictures."""
    return once(tmp_path_factory, "our-docs", make) / "html"


def make(folder: Path) -> None:
    layers = [conv(i, name, 8, slug=f"{i:03d}-{name}") for i, name in enumerate(LAYERS, 1)]
    gallery = Gallery(folder, [(entry("demo", "demo"), summary(*layers))])
    fill(gallery.store, gallery.tasks())
    gallery.write()
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-j", "2", "-d", str(folder / "doctrees")]
    command += ["-D", f"filter_gallery_site={gallery.site}", str(ROOT / "docs"), str(folder / "html")]
    environment = {name: value for name, value in os.environ.items() if name != "GITHUB_REPOSITORY"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_page_is_there_and_every_link_leads_somewhere(built: Path) -> None:
    names = {path.stem for path in FILES if path.parent.name == "docs"}
    assert names <= {path.stem for path in built.glob("*.html")}
    for path in built.glob("*.html"):
        for _, address in Page.read(path.read_text(encoding="utf-8")).links():
            parts = urlsplit(address)
            if not (parts.scheme or parts.netloc):
                target = path.parent / unquote(parts.path) if parts.path else path
                assert target.is_file(), (path.name, address)


@pytest.mark.parametrize(("name", "galleries"), [("index", 1), ("sphinx", 3), ("reading", 3), ("commands", 0)])
def test_pages_open_from_disk(built: Path, chromium: Browser, name: str, galleries: int) -> None:
    page, problems = open_page(chromium, built, width=390)
    assert look(page, problems, (built / f"{name}.html").as_uri()) == []
    assert page.locator(".filter-gallery-grid").count() == galleries
    page.context.close()


def test_the_first_page_leads_into_the_gallery(built: Path) -> None:
    page = Page.read((built / "index.html").read_text(encoding="utf-8"))
    links = [str(link["href"]) for link in page.all("a") if "filter-gallery/" in str(link["href"])]
    assert len(links) == 6 * len(LAYERS)
    assert all((built / link).is_file() for link in links)


def test_every_command_is_in_the_reference(built: Path) -> None:
    text = (built / "commands.html").read_text(encoding="utf-8")
    for name in main.commands:
        assert f'id="filter-gallery-{name}"' in text


def test_every_field_of_the_manifest_is_in_the_reference(built: Path) -> None:
    text = Page.read((built / "manifest.html").read_text(encoding="utf-8")).text

    def names(schema: dict[str, object]) -> set[str]:
        inner = [part for part in schema.values() if isinstance(part, dict)]
        own = set(schema["properties"]) if isinstance(schema.get("properties"), dict) else set()  # type: ignore[call-overload]
        return own.union(*(names(part) for part in inner))

    fields = names(json_schema()) - {"direction"}  # the one that is not always there
    assert {"verdict", "feature_maps", "learning_rate", "digest"} <= fields
    for field in fields:
        assert re.search(rf"[.\s]{field}(\[\])*\s", text), field


def test_the_schema_of_the_configuration_is_in_the_reference(built: Path) -> None:
    page = Page.read((built / "configuration.html").read_text(encoding="utf-8"))
    assert "whole number from 16 to 2048" in page.text
    for place, part in (("", ConfigFile), ("models[].", ModelPart), ("render.", RenderPart)):
        for name in part.model_fields:
            assert re.search(rf"(?<![\w.]){re.escape(place)}{name}(?![\w.])", page.text), f"{place}{name}"


@pytest.mark.parametrize("part", [ConfigFile, ModelPart, RenderPart])
def test_every_key_of_the_configuration_is_in_a_table(part: type[BaseModel]) -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    cells = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("|")]
    told = set(re.findall(r"`(\w+)`", " ".join(cells)))
    assert set(part.model_fields) <= told


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_links_work_on_github(path: Path) -> None:
    """There files lead to files of the repository, and nothing is rewritten."""
    for address in re.findall(
        r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
    ):
        parts = urlsplit(address)
        if not parts.scheme and parts.path and "](" not in address:
            assert (path.parent / parts.path).exists(), address
