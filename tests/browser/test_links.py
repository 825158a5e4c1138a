"""Every link of the site leads to a file of it, and every page and picture is led to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.browser.links import faults

WHOLE = {
    "index.html": "<html data-models='m'><a href='m/index.html#there'>m</a> <a href='https://example.com'>a host</a>",
    "404.html": "<a id=home href='./'>start</a>",
    "m/index.html": "<html data-root='../' data-models='m'><p id=there><a href='../index.html'>up</a> "
    "<a href='#there'>here</a> <img src='0003-picture.webp'>",
    "m/0003.html": "",
    "m/0003-picture.webp": "",
    "m/picture-000.webp": "",
    "data/m.js": 'call({"page":"m/index.html","layers":[{"folder":"m","filters":[3]}]});',
    "style.css": "p { color: red }",
}
TECHNIQUE = {"slug": "picture", "none": [], "file": "-picture.webp"}


def layer(**more: object) -> str:
    """Return the data of a layer of one filter, as in its page."""
    data = {"filters": [3], "techniques": [{**TECHNIQUE, **more}]}
    return f"<script type='application/json' id=layer>{json.dumps(data)}</script>"


WHOLE["m/index.html"] += layer()
BROKEN: list[tuple[str, str, list[str]]] = [
    ("index.html", "", []),
    ("index.html", "<a href='gone.html'>gone</a>", ["index.html: gone.html is no file of the site"]),
    ("index.html", "<a href='m/'>no file</a>", ["index.html: m/ is no file of the site"]),
    (
        "index.html",
        "<a href='m/index.html#not'>m</a>",
        ["index.html: m/index.html#not names a place that is not there"],
    ),
    ("m/index.html", "<a href='#not'>here</a>", ["m/index.html: #not names a place that is not there"]),
    ("m/index.html", "<a href='#sort=score'>state</a>", []),
    ("m/index.html", "<a href='../../up.html'>out</a>", ["m/index.html: ../../up.html is no file of the site"]),
    ("m/index.html", "<img srcset='gone.webp 2x'>", ["m/index.html: gone.webp is no file of the site"]),
    ("m/index.html", "<p style='background: url(gone.png)'>", ["m/index.html: gone.png is no file of the site"]),
    (
        "m/index.html",
        "<img src='https://example.com/a.png'>",
        ["m/index.html: https://example.com/a.png is on another host"],
    ),
    (
        "m/index.html",
        layer(slug="kernel", none=[0]),
        ["m/index.html: kernel-000.webp is no file of the site", "m/picture-000.webp is reached from no page"],
    ),
    ("m/index.html", layer(file=["-b.webp"]), ["m/index.html: 0003-b.webp is no file of the site"]),
    ("m/index.html", layer(file=["-b.webp"], none=[0]), []),
    ("style.css", "p { background: url('gone.svg') }", ["style.css: gone.svg is no file of the site"]),
    ("m/0009.html", "", ["m/0009.html is reached from no page"]),
    ("m/0009-picture.webp", "", ["m/0009-picture.webp is reached from no page"]),
    ("other.html", "<a href='other.html'>itself</a>", ["other.html is reached from no page"]),
]
"""A file of a whole site, what is added to it, and what is then wrong."""


def test_every_link_of_the_site_leads_to_a_file_of_it(site: Path) -> None:
    assert faults(site) == []


@pytest.mark.parametrize(("name", "more", "expected"), BROKEN)
def test_broken_links_are_found(name: str, more: str, expected: list[str], tmp_path: Path) -> None:
    written = {**WHOLE, name: WHOLE.get(name, "") + more}
    if "id=layer" in more:
        written[name] = WHOLE[name].replace(layer(), more)
    for path, content in written.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(content)
    assert faults(tmp_path) == expected


@pytest.mark.parametrize("filters", ["[3, 4]", "5"])
def test_what_the_search_offers_has_to_be_there(filters: str, tmp_path: Path) -> None:
    for path, content in WHOLE.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(content.replace("[3]", filters) if path == "data/m.js" else content)
    assert "data/m.js: ../m/0004.html is no file of the site" in faults(tmp_path)
