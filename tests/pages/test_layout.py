"""Logo, colour and words of a site's owner, as its pages show them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from generator.config import Branding
from generator.errors import UsageError
from generator.pages.branding.accent import BACKGROUNDS, readable
from tests.pages.gallery import resolved
from tests.pages.own import OwnGallery, own_gallery, saved

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 50 20"><rect width="9" height="9"/></svg>'
FILTER, LAYER = "net/001-stem/0000.html", "net/001-stem/index.html"
OTHERS = ("404.html", "embed.html")
"""Pages without the layout: one is shown at any address, so it has no relative ones, the others in someone's frame."""


@pytest.fixture
def gallery(tmp_path: Path) -> OwnGallery:
    """Return a gallery in a folder that holds a logo and a picture too."""
    gallery = own_gallery(saved(tmp_path, {"logo.svg": SVG}))
    Image.new("RGB", (30, 20), "teal").save(tmp_path / "a figure.png")
    gallery.branding = Branding(folder=tmp_path)
    return gallery


def test_a_site_without_a_look_has_our_mark_and_our_words(gallery: OwnGallery) -> None:
    gallery.write()
    home = gallery.pages()["index.html"]
    assert "This gallery shows what the filters of a convolutional network look for" in home.text
    assert home.all("path", **{"class": "mark-a"})
    (icon,) = home.all("link", rel="icon")
    assert str(icon["href"]).startswith("data:image/svg+xml,")
    assert [path for path in gallery.held() if path.startswith(("assets/logo", "assets/picture"))] == []


def test_the_logo_stands_on_every_page_in_place_of_our_mark(gallery: OwnGallery, tmp_path: Path) -> None:
    gallery.branding = replace(gallery.branding, logo=tmp_path / "logo.svg")
    gallery.write()
    name = f"assets/logo-{hashlib.sha256(SVG.encode()).hexdigest()[:10]}.svg"
    assert gallery.held()[name] == SVG.encode()
    for path, page in gallery.pages().items():
        if path.endswith(OTHERS):
            continue
        (icon,) = page.all("link", rel="icon")
        (logo,) = page.all("img", width="80", height="32")
        assert resolved(path, str(icon["href"])) == resolved(path, str(logo["src"])) == name, path
        assert logo["alt"] == ""  # the title stands beside it
        assert not page.all("path", **{"class": "mark-a"}), path


def test_the_introduction_takes_the_place_of_ours_on_the_home_page(gallery: OwnGallery) -> None:
    text = (
        "# Why\n\nSee [the net](net/index.html), <b>bold</b>.\n\n![A figure](a%20figure.png)\n\n```python\nx = 1\n```\n"
    )
    gallery.branding = replace(gallery.branding, introduction=text)
    gallery.write()
    home = gallery.pages()["index.html"]
    assert "This gallery shows what the filters of" not in home.text
    assert "<b>bold</b>" in home.text
    html = gallery.held()["index.html"].decode()
    assert '<h2>Why</h2>\n<p>See <a href="net/index.html">the net</a>' in html
    (figure,) = home.all("img", alt="A figure")
    assert (figure["width"], figure["height"]) == ("30", "20")
    assert gallery.held()[str(figure["src"])] == (gallery.branding.folder / "a figure.png").read_bytes()
    assert "Why" not in gallery.pages()[LAYER].text


def test_the_footers_links_lead_to_the_same_place_from_every_page(gallery: OwnGallery) -> None:
    gallery.branding = replace(
        gallery.branding, footer="[Start](index.html) by [Ann](https://a.nn) ![fig](a%20figure.png)"
    )
    gallery.write()
    figures = set()
    for path, page in gallery.pages().items():
        if not path.endswith(OTHERS):
            assert "Start by Ann" in page.text, path
            assert "Made by Filter Gallery" in page.text, path
            assert {"href": "https://a.nn"} in page.all("a"), path
            assert "index.html" in [resolved(path, str(a["href"])) for a in page.all("a")], path
            figures |= {resolved(path, str(figure["src"])) for figure in page.all("img", alt="fig")}
    assert len(figures) == 1
    assert str(figures.pop()) in gallery.held()


def test_the_accent_is_in_the_style_sheet_before_the_page_is_drawn(gallery: OwnGallery) -> None:
    gallery.write()
    (before,) = (path for path in gallery.held() if path.startswith("assets/site-") and path.endswith(".css"))
    plain = gallery.held()[before].decode()
    gallery.branding = replace(gallery.branding, accent="#ffff00")
    changed = gallery.write()
    (sheet,) = (path for path in gallery.held() if path.startswith("assets/site-") and path.endswith(".css"))
    light, dark = (readable("#ffff00", backgrounds) for backgrounds in BACKGROUNDS.values())
    css = gallery.held()[sheet].decode()
    assert sheet != before
    assert css.startswith(plain)
    assert css.index(f"--accent:{light}", len(plain)) < css.index(f"--accent:{dark}", len(plain))
    # every page names the new sheet, and no picture was written again
    pages = [path for path in gallery.held() if path.endswith(".html") and not path.endswith(OTHERS)]
    assert changed.written == len(pages) + 1
    (icon,) = gallery.pages()[FILTER].all("link", rel="icon")
    assert f"%23{light[1:]}" in str(icon["href"])


def times(folder: Path) -> dict[Path, int]:
    """Return when each file of a store was written, but for what it remembers of sites."""
    return {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file() and p.parent.name != "sites"}


def test_a_look_reaches_neither_plan_nor_store(gallery: OwnGallery, tmp_path: Path) -> None:
    gallery.write()
    tasks, pictures = gallery.tasks(), {p: c for p, c in gallery.held().items() if p.endswith(".webp")}
    kept = times(gallery.store.folder)
    theme = saved(tmp_path / "theme", {"reading.html": "{% extends 'ours/reading.html' %}"})
    gallery.title, gallery.branding = (
        "Another",
        Branding("hello", tmp_path / "logo.svg", "#123456", "bye", theme, tmp_path),
    )
    gallery.write()
    assert gallery.tasks() == tasks
    assert [task for task in gallery.tasks() if gallery.store.record(task.record_group, task.key) is None] == []
    assert times(gallery.store.folder) == kept
    assert {p: c for p, c in gallery.held().items() if p.endswith(".webp")} == pictures
    assert "Another" in gallery.pages()["index.html"].text


@pytest.mark.parametrize("gone", ["logo.svg", "a figure.png"])
def test_a_file_that_went_away_since_is_told_and_nothing_is_written(
    gallery: OwnGallery, tmp_path: Path, gone: str
) -> None:
    gallery.branding = Branding("![](a%20figure.png)", tmp_path / "logo.svg", folder=tmp_path)
    (tmp_path / gone).unlink()
    with pytest.raises(UsageError, match=gone):
        gallery.write()
    assert not gallery.site.exists()
