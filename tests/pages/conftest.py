"""Galleries that several tests look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.once import once
from tests.pages.gallery import Gallery, Page, fill
from tests.pages.hostile import hostile
from tests.summaries import conv, entry, summary


@pytest.fixture(scope="session")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """Return the site of hostile names, written, one for all workers; tests only read it."""

    def make(folder: Path) -> None:
        gallery = hostile(folder / "gallery")
        # of the two filters of each layer the first is dead
        fill(gallery.store, gallery.tasks(), lambda task, index: 2.0 * index, lambda task, index: 1.0 * index)
        gallery.write()

    return hostile(once(tmp_path_factory, "strange", make) / "gallery")


@pytest.fixture(scope="session")
def strange_pages(strange: Gallery) -> dict[str, Page]:
    """Return its pages, parsed."""
    return strange.pages()


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    """Return a gallery of one network with two layers of four filters, rendered, not yet written."""
    gallery = Gallery(tmp_path, [(entry(), summary(conv(1, "stem", slug="001-stem"), conv(2, "top", slug="002-top")))])
    fill(gallery.store, gallery.tasks())
    return gallery
