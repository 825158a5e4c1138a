"""What was published, carried or made one file, as a reader opens it in Chromium."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from generator.publish import BuiltSite, find_part, open_site, pack_site, publish_branch, single_file
from tests.browser.conftest import look, open_page
from tests.browser.serving import server
from tests.publish.conftest import write_gallery

PAGES = ("index.html", "net/index.html", "net/001-stem/index.html", "net/001-stem/0001.html")
SHOWN = "document.querySelector('dialog.box .stage img')"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> BuiltSite:
    """Return a built site that the tests share, and leave as it is."""
    return open_site(write_gallery(tmp_path_factory.mktemp("kept")).site)


def test_a_published_branch_is_read_below_a_path(
    kept: BuiltSite, chromium: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    owner, remote = tmp_path / "owner", tmp_path / "remote.git"

    def git(*words: object, folder: Path) -> None:
        subprocess.run(["git", *map(str, words)], cwd=folder, check=True, capture_output=True)

    git("init", "--bare", remote, folder=tmp_path)
    git("init", owner, folder=tmp_path)
    for words in (("remote", "add", "origin", remote), ("config", "user.name", "A"), ("config", "user.email", "a@x")):
        git(*words, folder=owner)
    publish_branch(kept, owner, "gh-pages", "origin", "Publish")
    below = tmp_path / "host/some/sub/path"
    git("clone", "--branch", "gh-pages", remote, below, folder=tmp_path)
    with server(tmp_path / "host") as address:
        page, problems = open_page(chromium, f"{address}/some/sub/path")
        for name in PAGES:
            assert look(page, problems, f"{address}/some/sub/path/{name}") == []
        page.goto(f"{address}/some/sub/path/net/001-stem/index.html")
        page.keyboard.press("/")
        page.keyboard.type("top 3")
        page.wait_for_selector("[role=option]")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/some/sub/path/net/002-top/0003.html")
        assert problems == []
        page.context.close()


def test_an_unpacked_archive_is_read_from_disk(kept: BuiltSite, chromium: Browser, tmp_path: Path) -> None:
    pack_site(kept, tmp_path / "gallery.zip")
    stick = tmp_path / "a stick"
    with zipfile.ZipFile(tmp_path / "gallery.zip") as opened:
        opened.extractall(stick)
    page, problems = open_page(chromium, stick)
    for name in PAGES:
        assert look(page, problems, (stick / name).as_uri()) == []
    page.context.close()


def alone(content: bytes, folder: Path) -> str:
    """Write a file into an empty folder; returns its address."""
    folder.mkdir()
    (folder / "page.html").write_bytes(content)
    return (folder / "page.html").as_uri()


@pytest.mark.parametrize("layer", [None, "stem"])
@pytest.mark.parametrize(("scripts", "width"), [(True, 390), (False, 1280)], ids=["scripts", "no scripts"])
def test_a_single_file_asks_for_nothing(
    layer: str | None, scripts: bool, width: int, kept: BuiltSite, chromium: Browser, tmp_path: Path
) -> None:
    address = alone(single_file(kept, find_part(kept, "net", layer)), tmp_path / "empty")
    page, problems = open_page(chromium, tmp_path / "empty", width, scripts=scripts)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url) if request.url.startswith("file:") else None)
    assert look(page, problems, address) == []
    assert requests == [address]
    if not (layer and scripts):  # what several show is their background, until a script shows it
        images = "[...document.querySelectorAll('[data-file]')].filter(image => !image.closest('.none'))"
        shared = page.evaluate(f"{images}.map(image => getComputedStyle(image).backgroundImage)")
        assert len(shared) >= 3
        assert all(image.startswith('url("data:image/webp;base64,') for image in shared)
    page.context.close()


def test_the_pictures_of_a_single_file_are_those_of_the_site(
    kept: BuiltSite, chromium: Browser, tmp_path: Path
) -> None:
    """In the lightbox, with each technique; and on the tiles, pixel by pixel."""
    page, problems = open_page(chromium, kept.folder)
    page.goto((kept.folder / "net/001-stem/index.html").as_uri())
    page.add_style_tag(content=".steps, .switch, .find { display: none !important }")  # what a single file leaves out
    tiles = [page.locator(".sheet").screenshot()]
    page.context.close()
    address = alone(single_file(kept, find_part(kept, "net", "stem")), tmp_path / "empty")
    for scripts in (True, False):
        page, problems = open_page(chromium, tmp_path / "empty", scripts=scripts)
        page.goto(address)
        tiles.append(page.locator(".sheet").screenshot())
        if scripts:
            page.click("text=Kernel")
            page.click(".sheet .tile >> nth=2")
            assert page.evaluate(f"{SHOWN}.src").startswith("data:image/webp;base64,")
            seen = {page.evaluate(f"{SHOWN}.src")}
            assert page.evaluate(f"{SHOWN}.decode().then(() => {SHOWN}.naturalWidth)") == 8
            for key in ("t", "t", "ArrowRight", "t", "t"):
                page.keyboard.press(key)
                assert page.evaluate(f"{SHOWN}.decode().then(() => {SHOWN}.naturalWidth)") == 8
                seen.add(page.evaluate(f"{SHOWN}.src"))
            assert len(seen) == 6  # three techniques of two filters
            assert page.locator("dialog.box .go").is_hidden()
        assert problems == []
        page.context.close()
    assert tiles[1] == tiles[0]
    assert tiles[2] == tiles[0]


def test_links_inside_a_single_file(kept: BuiltSite, chromium: Browser, tmp_path: Path) -> None:
    address = alone(single_file(kept, find_part(kept, "net")), tmp_path / "empty")
    page, problems = open_page(chromium, tmp_path / "empty")
    page.goto(address)
    page.click("a.node[href='#layer-002'] text >> nth=0")
    assert page.evaluate("document.querySelector(':target h2').textContent") == "top"
    page.click(".bar a[href='#reading']")
    assert page.evaluate("document.querySelector(':target h2').textContent") == "How to read these pictures"
    assert problems == []
    page.context.close()
