"""Browsing: what a reader does with the mouse, the keys and the address, from disk and from a server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import open_page
from tests.browser.tiny import BAD, HOSTILE

FIRST = "tiny/001-first/index.html"
KINDS = "kinds/001-first/index.html"
Visit = Callable[..., Page]


@pytest.fixture(params=["file", "http"])
def visit(request: pytest.FixtureRequest, chromium: Browser, site: Path, served: str) -> Iterator[Visit]:
    """Return what opens a page of the site, from disk or from a server; nothing may go wrong on it till the end."""
    opened: list[tuple[Page, list[str]]] = []
    base: Path | str = site if request.param == "file" else served

    def open_it(path: str, **kind: Any) -> Page:
        opened.append(open_page(chromium, base, **kind))
        page = opened[-1][0]
        page.goto(f"{base.as_uri() if isinstance(base, Path) else base}/{path}")
        return page

    yield open_it
    for page, problems in opened:
        page.context.close()
        assert problems == []


from_disk = pytest.mark.parametrize("visit", ["file"], indirect=True)
"""For what does not depend on where a page comes from."""

ROOT = "new URL(document.documentElement.dataset.root || '.', location.href).href"


def place(page: Page) -> str:
    """Return where in the site a page is."""
    page.wait_for_load_state()
    return str(page.evaluate(f"location.href.slice({ROOT}.length)"))


def results(page: Page, query: str) -> list[list[str]]:
    """Type a query; return title and description of what is found."""
    page.fill("dialog.search input", query)
    page.wait_for_function("document.querySelector('dialog.search [role=status]').textContent")
    options = page.locator("dialog.search [role=option]")
    return options.evaluate_all("all => all.map(one => [...one.children].map(part => part.textContent))")


def numbers(page: Page) -> list[int]:
    """Return the filters that a layer's page shows, in their order."""
    return page.evaluate(
        "[...document.querySelectorAll('.sheet .tile:not([hidden])')].map(t => parseInt(t.textContent))"
    )


def known(site: Path, model: str, layer: int = 0) -> dict[str, Any]:
    """Return what the manifest says of a layer."""
    models = json.loads((site / "manifest.json").read_bytes())["models"]
    found: dict[str, Any] = next(one for one in models if one["name"] == model)["layers"][layer]
    return found


@pytest.mark.parametrize(
    ("query", "first", "goes_to"),
    [
        ("tiny", ["tiny", "2 layers"], "tiny/index.html"),
        ("tiny second", ["second", "tiny, Conv2D, 3 filters"], "tiny/002-second/index.html"),
        ("SECOND tiny", ["second", "tiny, Conv2D, 3 filters"], "tiny/002-second/index.html"),
        ("tiny first 12", ["first, filter 12", None], "tiny/001-first/0012.html"),
        ("tiny first, filter 12", ["first, filter 12", None], "tiny/001-first/0012.html"),
        ("kinds dead", ["first", "kinds, 1 dead"], "kinds/001-first/index.html#show=dead"),
        ("how to read", ["How to read these pictures", "Caveats"], "reading.html"),
        ("tuned tiny comparison", ["tiny, tuned", "Comparison"], "compare/tiny~tuned/index.html"),
        ("kinds first 1 dead", ["first, filter 1", "kinds, dead"], "kinds/001-first/0001.html"),
        (HOSTILE, [HOSTILE, "2 layers"], f"{BAD}/index.html"),
    ],
)
def test_a_search_finds_models_layers_and_filters(
    visit: Visit, query: str, first: list[str | None], goes_to: str
) -> None:
    page = visit("kinds/001-first/0000.html")
    page.keyboard.press("/")
    found = results(page, query)
    assert [a for a, b in zip(found[0], first, strict=True) if b is not None and a != b] == []
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{goes_to}")
    assert place(page) == goes_to


def test_a_search_says_that_it_found_nothing(visit: Visit) -> None:
    page = visit("index.html")
    page.click("button.find")
    assert results(page, "tiny nowhere") == []
    assert page.inner_text("dialog.search [role=status]") == "Nothing found."
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")


def test_arrow_keys_choose_among_what_is_found(visit: Visit) -> None:
    page = visit("index.html")
    page.keyboard.press("/")
    found = results(page, "tiny")
    for key, at in (("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1), ("ArrowUp", 0), ("ArrowUp", len(found) - 1)):
        page.keyboard.press(key)
        chosen = page.locator("[role=option][aria-selected=true]")
        assert chosen.locator("b").inner_text() == found[at][0]
        assert page.get_attribute("dialog.search input", "aria-activedescendant") == chosen.get_attribute("id")


def test_the_layer_is_switched_and_the_view_is_kept(visit: Visit) -> None:
    page = visit(f"{FIRST}#technique=kernel&sort=score&filter=3")
    page.keyboard.press("Escape")
    page.click("button.switch")
    page.wait_for_selector("[role=option]")
    assert page.locator("[role=option] b").all_inner_texts() == ["first", "second"]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/002-second/index.html*")
    assert place(page) == "tiny/002-second/index.html#technique=kernel&sort=score"
    assert page.is_checked("input[value=kernel]")


@pytest.mark.parametrize(
    ("order", "value"),
    [
        ("score", lambda one: one["pictures"][0]["score"]),
        ("photo-0", lambda one: one["feature_maps"][0]["response"]),
        ("photo-1", lambda one: one["feature_maps"][1]["response"]),
    ],
)
def test_filters_are_put_into_order(visit: Visit, site: Path, order: str, value: Callable[[Any], float]) -> None:
    page = visit(FIRST)
    filters = known(site, "tiny")["filters"]
    assert numbers(page) == [one["index"] for one in filters]
    page.select_option("select[name=sort]", order)
    rounded = [(-float(f"{value(one):.4g}"), one["index"]) for one in filters]
    assert numbers(page) == [index for _, index in sorted(rounded)]
    page.select_option("select[name=sort]", "")
    assert numbers(page) == [one["index"] for one in filters]


def test_filters_are_narrowed_to_a_verdict(visit: Visit, site: Path) -> None:
    page = visit(KINDS)
    verdicts = {one["index"]: one["verdict"] for one in known(site, "kinds")["filters"]}
    offered = page.locator("select[name=show] option").evaluate_all("all => all.map(one => one.value).filter(Boolean)")
    assert {name for name in offered if name not in ("overactive", "redundant")} == {*verdicts.values()}
    page.select_option("select[name=show]", "dead")
    assert numbers(page) == [index for index, verdict in verdicts.items() if verdict == "dead"] == [1]
    assert page.inner_text(".tools output") == "1 of 3 filters"


@from_disk
@pytest.mark.parametrize("technique", ["negative", "centre-unit", "feature-map-0", "feature-map-1", "kernel"])
def test_the_sheet_shows_another_technique(visit: Visit, technique: str) -> None:
    page = visit(KINDS)
    page.locator(f"label:has(input[value={technique}]) span").click()
    sources = page.locator(".sheet img").evaluate_all("all => all.map(one => one.getAttribute('src'))")
    assert {*sources} == {f"{technique}-000.webp"}
    page.wait_for_function("[...document.querySelectorAll('.sheet img')].every(one => one.naturalWidth)")
    assert place(page) == f"{KINDS}#technique={technique}"


def test_an_address_that_finds_nothing_has_a_way_out(visit: Visit, site: Path) -> None:
    models = json.loads((site / "manifest.json").read_bytes())["models"]
    layers = [layer for model in models for layer in model["layers"]]
    without = {one["page"]: {"converged", "weak", "dead"} - {f["verdict"] for f in one["filters"]} for one in layers}
    path, absent = next((path, sorted(left)[0]) for path, left in without.items() if left)
    page = visit(f"{path}#show={absent}")
    assert numbers(page) == []
    assert page.inner_text(".tools output").startswith("0 of ")
    assert page.input_value("select[name=show]") == absent
    page.select_option("select[name=show]", "")
    assert numbers(page)


@from_disk
def test_zoom_keeps_the_middle_and_the_mouse_drags(visit: Visit) -> None:
    page = visit(f"{FIRST}#filter=2")
    stage, image = page.locator("dialog.box .stage"), page.locator("dialog.box .stage img")

    def middle() -> tuple[float, float]:
        """Return which part of the picture is in the middle of the stage, from 0 to 1."""
        outer, inner = stage.bounding_box(), image.bounding_box()
        assert outer
        assert inner
        x = (outer["x"] + outer["width"] / 2 - inner["x"]) / inner["width"]
        return x, (outer["y"] + outer["height"] / 2 - inner["y"]) / inner["height"]

    for _ in range(4):
        page.keyboard.press("+")
    assert middle() == pytest.approx((0.5, 0.5), abs=0.02)
    box = stage.bounding_box()
    assert box
    page.mouse.move(box["x"] + 300, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 250, steps=4)
    page.mouse.up()
    width = image.bounding_box()["width"]  # type: ignore[index]
    assert middle() == pytest.approx((0.5 + 100 / width, 0.5 + 50 / width), abs=0.02)
    assert page.inner_text("dialog.box h2") == "first, filter 2"  # dragging is no swipe


@from_disk
def test_thumbnails_grow(visit: Visit) -> None:
    page = visit(FIRST)
    sizes = []
    for value in ("", "2", "3"):
        page.select_option("select[name=size]", value)
        sizes.append(page.locator(".sheet img").first.bounding_box()["width"])  # type: ignore[index]
    assert [round(size) for size in sizes] == [96, 144, 216]


def test_the_back_button_takes_back_step_by_step(visit: Visit) -> None:
    page = visit(FIRST)
    page.select_option("select[name=sort]", "score")
    page.locator("label:has(input[value=kernel]) span").click()
    page.locator(".sheet .tile").first.click()
    page.wait_for_selector("dialog.box")
    for back in (f"{FIRST}#sort=score&technique=kernel", f"{FIRST}#sort=score", FIRST):
        page.go_back()
        page.wait_for_function("address => location.href.endsWith(address)", arg=back)
        page.wait_for_selector("dialog", state="detached")
    assert page.input_value("select[name=sort]") == ""
    assert page.is_checked("input[value=picture]")


def test_an_address_opens_what_it_says(visit: Visit, site: Path) -> None:
    page = visit(f"{KINDS}#technique=negative&sort=score&show=converged&size=2&filter=2")
    assert page.inner_text("dialog.box h2") == "first, filter 2"
    assert page.get_attribute("dialog.box .stage img", "src") == "0002-picture-2.webp"
    assert page.get_attribute("dialog.box .ways [aria-pressed=true] img", "src") == "0002-picture-2.webp"
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    assert place(page) == f"{KINDS}#technique=negative&sort=score&show=converged&size=2"
    assert page.input_value("select[name=show]") == "converged"
    assert 1 not in numbers(page)


@from_disk
@pytest.mark.parametrize(
    "nonsense",
    [
        "technique=no&sort=no&show=no&size=9",
        "show=constructor",
        "filter=",
        "filter=999",
        "filter=-1",
        "sort=photo-9",
        "%",
        "content",
    ],
)
def test_nonsense_in_the_address_does_no_harm(visit: Visit, nonsense: str) -> None:
    page = visit(f"{FIRST}#{nonsense}")
    assert len(numbers(page)) == 20
    assert page.locator("dialog").count() == 0
    page.select_option("select[name=show]", "")
    page.keyboard.press("/")
    assert page.locator("dialog.search").count() == 1


def test_the_lightbox_is_driven_by_keys(visit: Visit, site: Path) -> None:
    page = visit(FIRST)
    page.locator(".sheet .tile").nth(2).focus()
    page.keyboard.press("Enter")
    title, image = page.locator("dialog.box h2"), page.locator("dialog.box .stage img")
    assert title.inner_text() == "first, filter 2"
    for key, name in (("ArrowRight", 3), ("ArrowLeft", 2), ("ArrowLeft", 1), ("ArrowLeft", 0), ("ArrowLeft", 19)):
        page.keyboard.press(key)
        assert title.inner_text() == f"first, filter {name}"
        assert place(page) == f"{FIRST}#filter={name}"
    sources = []
    for _ in range(4):
        sources.append(image.get_attribute("src"))
        page.keyboard.press("t")
    ends = ("picture", "feature-map-0", "feature-map-1", "kernel")
    assert sources == [f"0019-{end}.webp" for end in ends]
    small = page.locator("dialog.box .ways img").evaluate_all("all => all.map(one => one.getAttribute('src'))")
    assert small == sources  # the same filter in all techniques, side by side
    width = image.bounding_box()["width"]  # type: ignore[index]
    page.keyboard.press("+")
    assert image.bounding_box()["width"] == pytest.approx(1.5 * width, rel=0.02)  # type: ignore[index]
    page.keyboard.press("0")
    assert image.bounding_box()["width"] == pytest.approx(width, rel=0.02)  # type: ignore[index]
    assert page.locator("dialog.box a.go").get_attribute("href") == "0019.html"
    page.keyboard.press("Escape")
    page.wait_for_function("parseInt(document.activeElement.textContent) === 19")


def test_the_lightbox_goes_through_what_is_shown_in_its_order(visit: Visit) -> None:
    page = visit(f"{FIRST}#sort=photo-1")
    order = numbers(page)
    assert order != sorted(order)
    page.locator(".sheet .tile").first.click()
    for index in order[:4]:
        assert page.inner_text("dialog.box h2") == f"first, filter {index}"
        page.click("dialog.box [aria-label=Next]")


@from_disk
@pytest.mark.parametrize(("moved", "index"), [(-120, 3), (120, 1), (-10, 2)])
def test_a_swipe_turns_the_page(visit: Visit, moved: int, index: int) -> None:
    page = visit(f"{FIRST}#filter=2", width=390)
    box = page.locator("dialog.box .stage").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + moved, y + 3, steps=3)
    page.mouse.up()
    assert page.inner_text("dialog.box h2") == f"first, filter {index}"


def test_a_dead_filter_in_the_lightbox_shows_what_there_is(visit: Visit) -> None:
    page = visit(f"{KINDS}#filter=1")
    assert page.inner_text("dialog.box h2") == "first, filter 1"
    assert page.inner_text("dialog.box .muted").startswith("dead; ")
    titles = page.locator("dialog.box .ways span").all_inner_texts()
    assert "Picture" not in titles
    assert titles[-1] == "Kernel"


def test_a_filters_pictures_are_enlarged(visit: Visit) -> None:
    page = visit("kinds/001-first/0000.html")
    page.locator(".frame img").click()
    large = page.locator("dialog.box .stage img")
    assert "excites" in str(large.get_attribute("alt"))
    page.keyboard.press("ArrowRight")
    assert "excites kinds" not in str(large.get_attribute("alt"))
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    page.locator(".others img[role=button]").first.press("Enter")
    assert "below zero" in str(large.get_attribute("alt"))


@pytest.mark.parametrize(
    ("start", "key", "goes_to"),
    [
        ("kinds/001-first/0001.html", "u", "kinds/001-first/index.html"),
        (KINDS, "u", "kinds/index.html"),
        ("kinds/index.html", "u", "index.html"),
        (FIRST, "ArrowRight", "tiny/002-second/index.html"),
        (f"{FIRST}#technique=kernel", "ArrowRight", "tiny/002-second/index.html#technique=kernel"),
        ("tiny/001-first/0019.html", "ArrowLeft", "tiny/001-first/0018.html"),
    ],
)
def test_keys_turn_pages(visit: Visit, start: str, key: str, goes_to: str) -> None:
    page = visit(start)
    root = page.evaluate(ROOT)
    page.keyboard.press(key)
    page.wait_for_url(f"{root}{goes_to}")


@from_disk
def test_keys_in_a_field_are_text(visit: Visit) -> None:
    page = visit(FIRST)
    page.keyboard.press("/")
    page.keyboard.type("u/?l")
    assert page.input_value("dialog.search input") == "u/?l"
    assert page.locator("dialog").count() == 1
    assert place(page) == FIRST


@from_disk
def test_the_keys_are_told(visit: Visit) -> None:
    page = visit("index.html")
    page.keyboard.press("?")
    assert page.locator("dialog.help dt").count() >= 6
    page.click("dialog.help button")
    expect(page.locator("dialog")).to_have_count(0)


def test_without_javascript_everything_of_a_layer_is_there(visit: Visit) -> None:
    page = visit(KINDS, scripts=False)
    assert not page.locator(".tools").is_visible()
    assert not page.locator("button.find").is_visible()
    assert page.locator(".sheet .tile").count() == 3
    assert page.locator("img.sheets").evaluate_all("all => all.map(one => one.getAttribute('src'))") == [
        f"../../kinds/001-first/{name}-000.webp"
        for name in ("negative", "centre-unit", "centre-unit-negative", "feature-map-0", "feature-map-1", "kernel")
    ]
    page.locator(".sheet .tile").nth(2).click()
    page.wait_for_url("**/0002.html")


@from_disk
@pytest.mark.parametrize("path", ["index.html", "tiny/index.html", FIRST, "kinds/001-first/0000.html"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_can_be_read_from_right_to_left(visit: Visit, path: str, width: int) -> None:
    page = visit(path, width=width)
    page.evaluate("document.documentElement.dir = 'rtl'")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    heading = page.locator("h1").bounding_box()
    assert heading
    assert heading["x"] + heading["width"] > width / 2


@from_disk
def test_print_leaves_out_what_paper_cannot_do(visit: Visit) -> None:
    page = visit(FIRST)
    page.emulate_media(media="print")
    for selector in (".tools", "button.find", "button.switch", ".steps >> nth=0"):
        assert not page.locator(selector).is_visible()
    assert page.locator(".sheet .tile").first.is_visible()


@from_disk
def test_reduced_motion_moves_nothing(visit: Visit) -> None:
    page = visit(FIRST)
    page.emulate_media(reduced_motion="reduce")
    moving = "[...document.querySelectorAll('*')].filter(one => parseFloat(getComputedStyle(one).transitionDuration))"
    assert page.evaluate(f"{moving}.length") == 0
