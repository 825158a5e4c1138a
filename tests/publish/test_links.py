"""What pages and style sheets lead to is found, and nothing else is."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from generator.publish.links import FOREIGN, MISSING_FILE, OUTSIDE_SITE, ROOTED, link_faults, page_links, style_links
from tests.browser.links import Page
from tests.browser.tiny import HOSTILE
from tests.pages.gallery import Gallery, fill
from tests.summaries import conv, entry, summary


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="b.html">', {("a", "b.html")}),
        ("<A HREF='b.html'>", {("a", "b.html")}),
        ("<img src=b.webp alt=''>", {("img", "b.webp")}),
        ('<img alt="a > b" src="b.webp">', {("img", "b.webp")}),
        ('<a\n href = "b.html"\n>', {("a", "b.html")}),
        ('<a href="a&amp;b.html">', {("a", "a&b.html")}),
        ('<img srcset="a.png 1x, b.png 2x">', {("img", "a.png"), ("img", "b.png")}),
        ('<p style="background:url(a.png)">', {("p", "a.png")}),
        ("<style>p{background:url('a.png')}</style>", {("style", "a.png")}),
        ('<script src="a.js"></script>', {("script", "a.js")}),
        ('<script>x = "<a href=b.html>"</script>', set()),
        ('<!-- <a href="b.html"> -->', set()),
        ('<p aria-label="see href=b.html and src=c">', set()),
        ("<p>&lt;img src=x&gt; src=y</p>", set()),
        ('<a data-href="b.html" title="x">', set()),
    ],
)
def test_links_of_a_page(html: str, expected: set[tuple[str, str]]) -> None:
    assert page_links(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p title=it's><a href='b.html'>", {("a", "b.html")}),
        ("<p title=it's><a href=b.html><img src=c.webp>", {("a", "b.html"), ("img", "c.webp")}),
        ('<a href="b.html"><img alt="5 > 4" src=c.webp title=5">', {("a", "b.html"), ("img", "c.webp")}),
        ('<a href="b.html"><a href="c.html', {("a", "b.html")}),
        ('<a href="b.html"><a href=c.html', {("a", "b.html")}),
        ('<a href="b.html"><!-- <a href="c.html">', {("a", "b.html")}),
        ('<a href="b.html"><script><a href="c.html">', {("a", "b.html")}),
        ("<style>p{background:url(a.png)}", {("style", "a.png")}),
        ('<SCRIPT src=a.js></SCRIPT ><a href="b.html">', {("script", "a.js"), ("a", "b.html")}),
        ("1 < 2 <3 <> </ <a href=b.html>", {("a", "b.html")}),
    ],
)
def test_what_is_not_closed_goes_to_the_end(html: str, expected: set[tuple[str, str]]) -> None:
    assert page_links(html) == expected


HOSTILE_PAGES = {
    "tags": "<a ",
    "double": '<a x="',
    "single": "<a x='",
    "both": "<a x=\"'",
    "comments": "<!-- ",
    "half comments": "<!-",
    "scripts": "<script>",
    "open scripts": "<script ",
    "script ends": "<script></script ",
    "styles": "<style>url(",
    "angles": "<",
    "equals": "<a =",
    "spaces": "<a href= ",
    "urls": "<p style='url( url(' ",
    "imports": "<style>@import ",
    "apostrophes": "<p title=it's>",
}


@pytest.mark.case("publish-links")
@pytest.mark.parametrize("part", HOSTILE_PAGES.values(), ids=HOSTILE_PAGES)
def test_the_time_is_proportional_to_the_size(part: str) -> None:
    """A megabyte takes a tenth of a second or so; in the square of that it would take minutes."""
    began = time.process_time()
    page_links(part * (1_000_000 // len(part)))
    assert time.process_time() - began < 5


def test_another_parser_finds_the_same_in_pages_of_hostile_names(tmp_path: Path) -> None:
    layers = (conv(1, HOSTILE, 2, slug="001-a"), conv(2, '" href="b.html', 2, slug="002-b"))
    gallery = Gallery(tmp_path, [(entry(), summary(*layers))])
    fill(gallery.store, gallery.tasks())
    gallery.write()
    pages = list(gallery.site.rglob("*.html"))
    assert len(pages) >= 10  # each filter, layer and model, and those of every site
    for page in pages:
        html = page.read_text(encoding="utf-8")
        assert page_links(html) == {(tag, address.strip()) for tag, address in Page(html).addresses}, page


def test_addresses_of_a_style_sheet() -> None:
    assert list(style_links("a{b:url(c.png)} d{e:url( \"f.woff\" )} @import 'g.css';")) == ["c.png", "f.woff", "g.css"]


FILES = frozenset({"index.html", "net/index.html", "net/a b.webp", "assets/site.css"})


@pytest.mark.parametrize(
    ("tag", "address", "fault"),
    [
        ("a", "index.html", None),
        ("a", "../index.html#x", None),
        ("a", "#x", None),
        ("a", "?q=1", None),
        ("img", "a%20b.webp", None),
        ("a", "./", None),
        ("a", "../net", None),
        ("a", "https://example.com/", None),
        ("a", "mailto:me@example.com", None),
        ("img", "data:,", None),
        ("a", "Index.html", MISSING_FILE),
        ("img", "gone.webp", MISSING_FILE),
        ("a", "../assets/", MISSING_FILE),
        ("a", "http://[", MISSING_FILE),
        ("a", "../../docs/index.html", OUTSIDE_SITE),
        ("a", "/net/index.html", ROOTED),
        ("script", "https://example.com/a.js", FOREIGN),
        ("img", "//example.com/a.png", FOREIGN),
    ],
)
def test_faults(tag: str, address: str, fault: str | None) -> None:
    assert list(link_faults("net/index.html", {(tag, address)}, FILES)) == ([(fault, address)] if fault else [])
