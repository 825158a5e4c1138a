"""Documents that show a gallery, opened from disk: what `generator.sphinx` makes for each builder of HTML."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import look, open_page
from tests.sphinx.project import built_by_all

PAGES = (
    ("html/index.html", 1280),
    ("html/folder/layer.html", 390),
    ("html/myst.html", 390),
    ("dirhtml/folder/layer/index.html", 1280),
    ("singlehtml/index.html", 1280),
)


@pytest.mark.parametrize(("page", "width"), PAGES)
def test_pages_show_pictures_from_disk(
    tmp_path_factory: pytest.TempPathFactory, chromium: Browser, page: str, width: int
) -> None:
    builds = built_by_all(tmp_path_factory) / "docs" / "_build"
    opened, problems = open_page(chromium, builds / page.split("/")[0], width)
    assert look(opened, problems, (builds / page).as_uri()) == []
    assert opened.locator(".filter-gallery-grid img").count() > 0
    assert opened.evaluate("getComputedStyle(document.querySelector('.filter-gallery-grid')).display") == "grid"
    opened.locator(".filter-gallery-grid a").first.click()
    opened.wait_for_url("**/filter-gallery/net/**")
    assert "Filter" in opened.locator("h1").inner_text()
    assert problems == []
    opened.context.close()
