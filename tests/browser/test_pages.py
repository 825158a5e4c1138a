"""The site as a reader meets it: in headless Chromium, over file://, with the network off."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import look, open_page
from tests.browser.tiny import HOSTILE, PAGES

PICTURELESS = ("reading", "not found")


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)], ids=["wide, light", "narrow, dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole(name: str, width: int, dark: bool, chromium: Browser, site: Path) -> None:
    page, problems = open_page(chromium, site, width, dark)
    assert look(page, problems, (site / PAGES[name]).as_uri()) == []
    if name not in PICTURELESS:
        assert page.evaluate("document.images.length") > 0
    page.context.close()


BROKEN = [
    ("<img src='gone.png' alt=''>", "image did not load"),
    ("<script src='https://example.com/a.js'></script>", "request outside the site: https://example.com/a.js"),
    ("<script>console.error('oh no')</script>", "console: oh no"),
    ("<script>throw new Error('oh no')</script>", "page error: "),
    ("<script>alert(1)</script>", "dialog: 1"),
    ("<div style='width: 3000px'>wide</div>", "pixels too wide"),
]


@pytest.mark.parametrize(("body", "problem"), BROKEN)
def test_the_look_finds_what_is_broken(body: str, problem: str, chromium: Browser, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(f"<!doctype html><title>Broken</title><body>{body}")
    page, problems = open_page(chromium, tmp_path)
    found = look(page, problems, (tmp_path / "page.html").as_uri())
    assert any(problem in line for line in found), found
    page.context.close()


def test_light_and_dark_differ(chromium: Browser, site: Path) -> None:
    lightness = []
    for dark in (False, True):
        page, _ = open_page(chromium, site, dark=dark)
        page.goto((site / "index.html").as_uri())
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        if colour == "rgba(0, 0, 0, 0)":
            colour = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        lightness.append(sum(int(part) for part in colour.strip("rgba()").split(",")[:3]))
        page.context.close()
    assert lightness[0] > 3 * 200
    assert lightness[1] < 3 * 70


def test_pages_are_read_without_javascript(chromium: Browser, site: Path) -> None:
    page, problems = open_page(chromium, site, scripts=False)
    page.goto((site / "index.html").as_uri())
    page.click("article a[href='tiny/index.html']")
    page.click("a.node[href$='/001-first/index.html'] text >> nth=0")
    page.click(".sheet a[href='0001.html']")
    assert page.text_content("h1") == "tiny / firstFilter 1"
    page.click("nav a[rel=next]")
    assert page.text_content("h1") == "tiny / firstFilter 2"
    assert page.locator("img").first.is_visible()
    assert page.locator("svg polyline").count() == 1
    assert problems == []
    page.context.close()


def test_arrow_keys_turn_pages(chromium: Browser, site: Path) -> None:
    page, problems = open_page(chromium, site)
    layer = site / "tiny/001-first"
    page.goto((layer / "0000.html").as_uri())
    for key, name in (("ArrowRight", "0001"), ("ArrowRight", "0002"), ("ArrowLeft", "0001")):
        page.keyboard.press(key)
        page.wait_for_url((layer / f"{name}.html").as_uri())
    page.goto((layer / "index.html").as_uri())
    page.keyboard.press("ArrowRight")
    page.wait_for_url((site / "tiny/002-second/index.html").as_uri())
    assert problems == []
    page.context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_every_picture_of_a_filter_is_seen_with_how_it_was_made(scripts: bool, chromium: Browser, site: Path) -> None:
    page, problems = open_page(chromium, site, scripts=scripts)
    page.goto((site / PAGES["kinds, filter"]).as_uri())
    others = page.locator(".others > div")
    assert others.locator("h3").all_text_contents() == ["Negative", "Centre unit", "Centre unit, negative"]
    assert page.locator(".frame figcaption").inner_text() == "Main."
    large, small = page.locator(".frame img").bounding_box(), others.locator("> figure > img").first.bounding_box()
    assert large
    assert small
    assert large["width"] > small["width"] > 150
    for other in others.all():
        assert not other.locator(".snapshots").is_visible()
        other.locator("summary").press("Enter")
        assert other.locator(".snapshots li").count() >= 3
        for part in (".snapshots", "svg polyline", ".settings"):
            assert other.locator(part).first.is_visible()
    page.locator(".others").scroll_into_view_if_needed()
    assert problems == []
    page.context.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_dead_filter_is_a_hatched_field(dark: bool, chromium: Browser, site: Path) -> None:
    page, problems = open_page(chromium, site, dark=dark, scripts=False)
    page.goto((site / PAGES["kinds, layer"]).as_uri())
    tile = page.locator(".sheet .tile").nth(1)
    gone, drawn = tile.locator("img").bounding_box(), page.locator(".sheet .tile img").first.bounding_box()
    assert gone
    assert drawn
    assert [round(gone[side]) for side in ("width", "height")] == [round(drawn[side]) for side in ("width", "height")]
    assert "gradient" in tile.locator("img").evaluate("field => getComputedStyle(field).backgroundImage")
    text = tile.evaluate("tile => tile.innerText + getComputedStyle(tile, '::after').content")
    assert text == '1" dead"'
    tile.click()
    assert page.text_content("h1") == "kinds / firstFilter 1"
    assert page.locator(".frame").inner_text() == "dead"
    assert page.locator(".evidence tbody tr").count() == 2 + 2 * 2  # photos; positive pictures, each searched twice
    assert not page.locator(".failed img").first.is_visible()
    page.locator(".failed summary").click()
    assert page.locator(".failed img").first.is_visible()
    assert problems == []
    page.context.close()


@pytest.mark.parametrize("name", ["home", "hostile model", "hostile layer", "hostile filter"])
def test_hostile_names_are_text(name: str, chromium: Browser, site: Path) -> None:
    page, problems = open_page(chromium, site)
    page.goto((site / PAGES[name]).as_uri())
    assert HOSTILE in str(page.text_content("main"))
    assert HOSTILE in page.title()
    assert page.locator("img[onerror]").count() == 0
    assert problems == []
    page.context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_what_a_filter_does_comes_before_how_its_picture_was_made(chromium: Browser, site: Path, width: int) -> None:
    """Wide, the first is beside the picture and the second below it; narrow, one after the other, below the title."""
    page, _ = open_page(chromium, site, width=width)
    page.goto((site / "tiny/001-first/0001.html").as_uri())
    boxes = [page.locator(part).bounding_box() for part in ("h1", ".frame", ".does", ".making")]
    title, picture, does, making = (box for box in boxes if box)
    assert making["y"] > picture["y"] + picture["height"]
    if width > 1000:
        assert does["x"] > picture["x"] + picture["width"]
        assert abs(making["x"] - picture["x"]) < 1
        assert title["y"] < picture["y"] + picture["height"] / 2
    else:
        assert title["y"] < picture["y"] < does["y"] < making["y"]
        assert {box["x"] for box in (picture, does, making)} == {picture["x"]}
    page.context.close()
