"""Accessibility as axe-core judges it: WCAG 2.2 AA and best practice, on every kind of page and in its dialogs."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import open_page
from tests.browser.tiny import PAGES
from tests.browser.tools import npm_file

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = [(1280, False), (390, True)]
"""Widths, and whether they are dark: what axe finds in one hangs on the width or on the colours, not on both."""

AXE = """tags => {
  const options = { runOnly: tags, rules: { 'target-size': { enabled: true } }, resultTypes: ['violations'] };
  return axe.run(options).then(found => found.violations.flatMap(rule => rule.nodes.map(
    node => `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary.split('\\n').slice(1).join(' ').trim()}`)));
}"""

DIALOGS = {
    "search": ("model", "document.querySelector('.find').click()", "[role=option]"),
    "nothing found": ("home", "location.hash = 'q=xyzzy'; location.reload()", ".search .muted:text('Nothing found')"),
    "layers": ("layer", "document.querySelector('.switch').click()", "[role=option]"),
    "keys": ("home", "document.dispatchEvent(new KeyboardEvent('keydown', { key: '?' }))", ".help"),
    "lightbox of a layer": ("layer", "document.querySelector('.sheet .tile').click()", ".box .ways img"),
    "lightbox of a dead filter": ("kinds, layer", "document.querySelector('.sheet .dead').click()", ".box .stage"),
    "lightbox of a filter": ("filter", "document.querySelector('main figure img').click()", ".box .stage img"),
    "lightbox of a hostile layer": (
        "hostile layer",
        "document.querySelector('.sheet .tile').click()",
        ".box .ways img",
    ),
}
"""Page, what opens the dialog there, and what is seen when it is open."""


def violations(page: Page) -> list[str]:
    """Return what axe finds on a page as it is now: rule, element and how to mend it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(npm_file("axe-core/axe.min.js").read_text(encoding="utf-8"))
    return page.evaluate(AXE, TAGS)


def in_every_look(page: Page) -> list[str]:
    """Return what axe finds on a page that is wide and narrow, light and dark."""
    found = []
    for width, dark in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        found += [f"{width} {'dark' if dark else 'light'}: {line}" for line in violations(page)]
    return found


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_violation(name: str, chromium: Browser, served: str) -> None:
    page, problems = open_page(chromium, served)
    page.goto(f"{served}/{PAGES[name]}")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert in_every_look(page) == []
    assert problems == []
    page.context.close()


@pytest.mark.parametrize("name", DIALOGS)
def test_a_dialog_has_no_violation(name: str, chromium: Browser, served: str) -> None:
    where, opening, seen = DIALOGS[name]
    page, problems = open_page(chromium, served)  # axe reads style sheets, which it cannot over file://
    page.goto(f"{served}/{PAGES[where]}")
    page.evaluate(opening)
    page.wait_for_selector(seen)
    assert page.locator("dialog[open]").count() == 1
    assert in_every_look(page) == []
    assert problems == []
    page.context.close()


BROKEN = [
    ("<p>fine</p>", None),
    ("<img src='data:,'>", "image-alt"),
    ("<p style='color: #999; background: #fff'>pale</p>", "color-contrast"),
    ("<p class='pale'>pale in the dark</p>", "color-contrast"),
    ("<button></button>", "button-name"),
    (
        "<nav>" + "<a href='#' style='display: block; font-size: 9px; color: CanvasText'>small</a>" * 3 + "</nav>",
        "target-size",
    ),
    ("<h4>too deep</h4>", "heading-order"),
    ("<div role='option'>astray</div>", "aria-required-parent"),
    ("<dialog aria-label='Open' open><img src='data:,'></dialog>", "image-alt"),
]
"""The body of a page, and the rule that it breaks."""


@pytest.mark.parametrize(("body", "rule"), BROKEN)
def test_axe_finds_what_is_broken(body: str, rule: str | None, chromium: Browser, tmp_path: Path) -> None:
    style = ":root{color-scheme:light dark}@media(prefers-color-scheme:dark){.pale{background:#000;color:#444}}"
    head = f"<!doctype html><html lang=en><title>Broken</title><style>{style}</style>"
    (tmp_path / "page.html").write_text(f"{head}<main><h1>Broken</h1>{body}</main>")
    page, _ = open_page(chromium, tmp_path)
    page.goto((tmp_path / "page.html").as_uri())
    found = {line.split(": ")[1] for line in in_every_look(page)}
    assert found == ({rule} if rule else set())
    page.context.close()
