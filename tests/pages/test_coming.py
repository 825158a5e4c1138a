"""A site that is being built: what has no picture yet is shown as far as it is known, and counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.config import Config
from generator.pages.coming import MOST_FACES
from generator.pages.site import Written, grow_site
from generator.plan import FEATURE_MAP, KERNEL, PICTURE, Task, Tuning, plan_model
from tests.browser.links import faults
from tests.pages.gallery import Gallery, fill
from tests.summaries import conv, entry, summary

PAIRS = Tuning("float32", ((30.0, 2),))
"""Batches of two."""


@pytest.fixture
def begun(tmp_path: Path) -> Gallery:
    """Return a gallery of which nothing is rendered yet, of a layer of four filters and one of twenty."""
    layers = (conv(1, "stem", slug="001-stem"), conv(2, "top", 20, slug="002-top"))
    return Gallery(tmp_path, [(entry(), summary(*layers))])


def tasks(gallery: Gallery) -> list[Task]:
    ((of, network),) = gallery.models
    return plan_model(of, network, gallery.photos, tuning=PAIRS)


def grow(gallery: Gallery) -> Written | None:
    ((of, network),) = gallery.models
    config = Config(gallery.title, gallery.site, gallery.store.folder, (), (of,))
    return grow_site(config, [(of, network, gallery.photos, tasks(gallery))], gallery.store)


def words(gallery: Gallery, page: str) -> str:
    return " ".join(gallery.pages()[page].text.split())


def test_a_site_is_there_before_anything_is_rendered(begun: Gallery) -> None:
    assert grow(begun)
    assert faults(begun.site) == []
    assert "0 of 24 filters shown so far" in words(begun, "index.html")
    model = words(begun, "net/index.html")
    assert "0 of 24 filters have their pictures" in model
    assert "stem: 4 of 4 to come" in model
    assert model.count("to come") > 16  # in place of each picture of the first of each layer
    assert f"And {20 - MOST_FACES} more." in model


@pytest.mark.parametrize(("technique", "named"), [(KERNEL, "kernel"), (FEATURE_MAP, "feature map")])
def test_filters_are_shown_by_what_is_known(begun: Gallery, technique: str, named: str) -> None:
    fill(begun.store, [task for task in tasks(begun) if task.technique in (technique, KERNEL)])
    assert grow(begun)
    assert faults(begun.site) == []
    shown = [image["alt"] for image in begun.pages()["net/index.html"].all("img")]
    assert [alt for alt in shown if alt and alt.startswith("stem")] == [
        f"stem {index}, {named}, picture to come" for index in range(4)
    ]


def test_what_is_rendered_is_shown_and_the_rest_counted(begun: Gallery) -> None:
    every = tasks(begun)
    pictures = [task for task in every if task.technique == PICTURE]
    some = [pictures[0], *[task for task in pictures if task.layer.index == 2][:3]]
    fill(begun.store, [*(task for task in every if task.technique != PICTURE), *some])
    assert grow(begun)
    assert faults(begun.site) == []
    assert "8 of 24 filters shown so far" in words(begun, "index.html")
    assert "2 of its 4 filters are shown; 2 more are to come." in words(begun, "net/001-stem/index.html")
    assert "stem: 2 of 4 to come" in words(begun, "net/index.html")
    assert {page for page in begun.pages() if page.startswith("net/001") and page[-6].isdigit()} == {
        "net/001-stem/0000.html",
        "net/001-stem/0001.html",
    }
    faces = [alt["alt"] for alt in begun.pages()["net/index.html"].all("img") if "to come" in (alt["alt"] or "")]
    assert faces[:2] == ["stem 2, feature map, picture to come", "stem 3, feature map, picture to come"]


def test_the_finished_site_is_that_of_an_undisturbed_build(begun: Gallery, tmp_path: Path) -> None:
    whole = Gallery(tmp_path / "whole", begun.models)
    for gallery in (whole, begun):
        done: list[Task] = []
        for task in tasks(gallery):
            done.append(task)
            fill(gallery.store, [task])
            if gallery is begun and len(done) % 3 == 0:
                assert grow(gallery)
        gallery.write()
    assert begun.held() == whole.held()
    assert not any("to come" in page.text for page in begun.pages().values())


def test_a_site_that_shows_more_is_left_alone(begun: Gallery, tmp_path: Path) -> None:
    """A gallery that is built anew with other settings is not emptied meanwhile."""
    fill(begun.store, tasks(begun))
    begun.write()
    before = begun.held()
    fresh = Gallery(tmp_path / "fresh", begun.models)
    fresh.site = begun.site
    fill(fresh.store, tasks(fresh)[:5])
    assert grow(fresh) is None
    assert begun.held() == before
    fill(fresh.store, tasks(fresh))
    assert grow(fresh) is None  # contact sheets are still to be made
    assert begun.held() == before


def test_names_of_filters_to_come_are_escaped(tmp_path: Path) -> None:
    hostile = Gallery(tmp_path, [(entry(), summary(conv(1, "<b>\"'&", slug="001-layer")))])
    fill(hostile.store, [task for task in tasks(hostile) if task.technique != PICTURE])
    assert grow(hostile)
    assert faults(hostile.site) == []
    assert "<b>" not in (hostile.site / "net/index.html").read_text().replace("<b>to come</b>", "")
