"""A site that is being built, in Chromium: nothing is broken or too wide, and it is accessible and valid."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from generator.config import Config
from generator.pages.site import grow_site
from generator.plan import PICTURE, Tuning, plan_model
from tests.browser.conftest import look, open_page
from tests.browser.serving import server
from tests.browser.test_axe import in_every_look
from tests.browser.test_w3c import judged
from tests.pages.gallery import Gallery, fill
from tests.summaries import conv, entry, summary

PAGES = ("index.html", "net/index.html", "net/001-stem/index.html", "net/001-stem/0001.html")


@pytest.fixture(params=[0, 3], ids=["nothing yet", "some"])
def growing(request: pytest.FixtureRequest, tmp_path: Path) -> Gallery:
    """Return a gallery of which all but some batches of pictures are still to come."""
    network = summary(conv(1, "stem", slug="001-stem"), conv(2, "top_" * 12, 20, slug="002-top"))
    gallery = Gallery(tmp_path, [(entry(), network)])
    tasks = plan_model(entry(), network, gallery.photos, tuning=Tuning("float32", ((30.0, 2),)))
    pictures = [task for task in tasks if task.technique == PICTURE]
    done = [task for task in tasks if request.param and task.technique != PICTURE]
    fill(gallery.store, done + [task for task in pictures if task.layer.index == 1][: request.param])
    config = Config(gallery.title, gallery.site, gallery.store.folder, (), (entry(),))
    assert grow_site(config, [(entry(), network, gallery.photos, tasks)], gallery.store)
    return gallery


@pytest.mark.parametrize("width", [390, 1280])
def test_its_pages_show_all_that_they_name(width: int, growing: Gallery, chromium: Browser) -> None:
    for name in PAGES:
        path = growing.site / name
        if path.exists():
            page, problems = open_page(chromium, growing.site, width=width)
            assert look(page, problems, path.as_uri()) == []
            page.context.close()


def test_it_is_accessible_and_valid(growing: Gallery, chromium: Browser) -> None:
    with server(growing.site) as address:  # axe reads style sheets, which it cannot over file://
        for name in PAGES[:3]:
            if (growing.site / name).exists():
                page, problems = open_page(chromium, address)
                page.goto(f"{address}/{name}")
                assert in_every_look(page) == []
                assert problems == []
                page.context.close()
    assert judged(growing.site) == []
