"""The site as a reader meets it: in headless Chromium, over file://, with the network off."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

ROOT = Path(__file__).parents[2]
HOSTILE = "<img src=x onerror=alert(1)>"
MAKE = f"""
import keras
from keras import layers
def save(name, *steps, prepare=lambda model: None):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((24, 24, 3)), layers.Rescaling(1 / 255), *steps])
    prepare(model)
    model.save(name)
def kill_the_second(model):
    kernel, bias = model.layers[1].get_weights()
    kernel[..., 1], bias[1] = -1, -1
    model.layers[1].set_weights([kernel, bias])
relu = dict(activation="relu")
keras.utils.set_random_seed(1)  # layers draw their seeds when they are made
save("tiny.keras", layers.Conv2D(20, 3, name="first", **relu), layers.Conv2D(3, 3, name="second"))
save("kinds.keras", layers.Conv2D(3, 3, name="first", **relu), layers.Conv2D(2, 3), prepare=kill_the_second)
save("hostile.keras", layers.Conv2D(3, 3, name={HOSTILE!r}, **relu), layers.Conv2D(3, 3, name="a" * 90))
"""
CONFIG = f"""
title: "Tiny {HOSTILE} & more"
photos: [chelsea, coffee]
render: {{size: 24, steps: 4, margin: 4}}
models:
  - tiny.keras
  - {{source: hostile.keras, name: "{HOSTILE}"}}
  - source: kinds.keras
    layers:
      first: {{render: {{sign: both, objective: [channel, neuron]}}}}
      "*": {{render: {{method: maco, repeats: 2}}}}
"""
PAGES = {
    "home": "index.html",
    "reading": "reading.html",
    "model": "tiny/index.html",
    "layer": "tiny/001-first/index.html",
    "filter": "tiny/001-first/0001.html",
    "kinds, layer": "kinds/001-first/index.html",
    "kinds, filter": "kinds/001-first/0000.html",
    "kinds, dead filter": "kinds/001-first/0001.html",
    "kinds, MaCo": "kinds/002-conv2d/0000.html",
    "hostile model": "img-src-x-onerror-alert-1/index.html",
    "hostile layer": "img-src-x-onerror-alert-1/001-img-src-x-onerror-alert-1/index.html",
    "hostile filter": "img-src-x-onerror-alert-1/001-img-src-x-onerror-alert-1/0000.html",
    "long name": "img-src-x-onerror-alert-1/002-" + "a" * 48 + "/0000.html",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a tiny site."""
    folder = tmp_path_factory.mktemp("browser")
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    for words in (["-c", MAKE], ["-m", "generator", "build"]):
        subprocess.run([sys.executable, *words], cwd=folder, env=environment, check=True, capture_output=True)
    return folder / "site"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return the browser of the system."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        assert not os.environ.get("CI"), "no Chromium was found, and CI must look at the pages"
        pytest.skip("no Chromium was found (chromium, chromium-browser, google-chrome)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


def open_page(
    browser: Browser, site: Path, width: int = 1280, dark: bool = False, scripts: bool = True
) -> tuple[Page, list[str]]:
    """Return an offline page and the list in which everything is noted that goes wrong on it."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
    )
    context.set_offline(True)
    page, problems = context.new_page(), []
    page.set_default_timeout(10_000)

    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            problems.append(f"console: {message.text}")

    def on_request(request: Request) -> None:
        if not request.url.startswith((site.as_uri() + "/", "data:")):
            problems.append(f"request outside the site: {request.url}")

    def on_failure(request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # a picture still on its way when the reader has gone on
            problems.append(f"failed: {request.failure} {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: problems.append(f"page error: {error}"))
    page.on("dialog", lambda dialog: (problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("request", on_request)
    page.on("requestfailed", on_failure)
    return page, problems


def look(page: Page, problems: list[str], url: str) -> list[str]:
    """Open a page, scroll all of it into view, and return everything that is wrong with it."""
    page.goto(url)
    page.evaluate("document.querySelectorAll('img').forEach(image => { image.loading = 'eager' })")
    page.wait_for_function("[...document.images].every(image => image.complete)")
    broken = page.evaluate("[...document.images].filter(image => !image.naturalWidth).map(image => image.src)")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [
        *problems,
        *(f"image did not load: {source}" for source in broken),
        *([f"{wide} pixels too wide"] if wide > 0 else []),
    ]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole(name: str, width: int, dark: bool, chromium: Browser, site: Path) -> None:
    page, problems = open_page(chromium, site, width, dark)
    assert look(page, problems, (site / PAGES[name]).as_uri()) == []
    if name != "reading":
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
    page.click(".strip a[href$='001-first/index.html']")
    page.click("a.tile[href$='0001.html'] >> nth=0")
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
    others = page.locator(".others > figure")
    assert others.locator("h3").all_text_contents() == ["Negative", "Centre unit", "Centre unit, negative"]
    assert page.locator(".frame figcaption").inner_text() == "Main."
    large, small = page.locator(".frame img").bounding_box(), others.locator("> img").first.bounding_box()
    assert large
    assert small
    assert large["width"] > small["width"] > 150
    for one in others.all():
        assert not one.locator(".growth").is_visible()
        one.locator("summary").press("Enter")
        assert one.locator(".growth li").count() >= 3
        for part in (".growth", "svg polyline", ".settings"):
            assert one.locator(part).first.is_visible()
    page.locator(".others").scroll_into_view_if_needed()
    assert problems == []
    page.context.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_dead_filter_is_a_hatched_field(dark: bool, chromium: Browser, site: Path) -> None:
    page, problems = open_page(chromium, site, dark=dark)
    page.goto((site / PAGES["kinds, layer"]).as_uri())
    tile = page.locator(".plates >> nth=0").locator(".tile").last
    assert tile.inner_text().split() == ["dead", "first", "filter", "1"]
    assert tile.locator("img").count() == 0
    gone, drawn = tile.locator(".gone").bounding_box(), page.locator(".tile > img").first.bounding_box()
    assert gone
    assert drawn
    assert [round(gone[side]) for side in ("width", "height")] == [round(drawn[side]) for side in ("width", "height")]
    assert "gradient" in tile.locator(".gone").evaluate("field => getComputedStyle(field).backgroundImage")
    tile.click()
    assert page.text_content("h1") == "kinds / firstFilter 1"
    assert page.locator(".frame").inner_text() == "dead"
    assert page.locator(".evidence tbody tr").count() == 2 + 2  # photos, and positive pictures
    assert not page.locator(".left img").first.is_visible()
    page.locator(".left summary").click()
    assert page.locator(".left img").first.is_visible()
    assert problems == []
    page.context.close()


@pytest.mark.parametrize("name", ["home", "hostile model", "hostile layer", "hostile filter"])
def test_hostile_names_are_text(name: str, chromium: Browser, site: Path) -> None:
    page, problems = open_page(chromium, site)
    page.goto((site / PAGES[name]).as_uri())
    assert HOSTILE in page.text_content("main")
    assert HOSTILE in page.title()
    assert page.locator("img[onerror]").count() == 0
    assert problems == []
    page.context.close()


def test_every_link_of_the_site_leads_to_a_file_of_it(chromium: Browser, site: Path) -> None:
    page, _ = open_page(chromium, site)
    for path in sorted(site.rglob("*.html")):
        if path.name == "404.html":
            continue  # it is shown at any address, so its links are the server's
        page.goto(path.as_uri())
        for link in page.evaluate("[...document.links].map(link => link.href.split('#')[0])"):
            if path.name == "reading.html" and link.startswith("https://"):
                continue  # the literature, for who follows it
            assert link.startswith(site.as_uri()), f"{path}: {link}"
            assert Path(link.removeprefix("file://")).is_file(), f"{path}: {link}"
    page.context.close()
