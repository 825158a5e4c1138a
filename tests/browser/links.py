"""What the files of a site name, and what of that is not there, or is there and named by none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from math import ceil
from pathlib import Path
from posixpath import join, normpath
from urllib.parse import unquote, urlsplit

ADDRESSES = ("href", "src", "poster", "data", "action")
SHOWN = (".html", ".webp", ".png", ".svg", ".jpg", ".gif", ".avif")
STARTS = ("index.html", "404.html")
"""Pages that need no link: the first, and the one that a host shows where there is none."""

SHEET = 64
"""Thumbnails on a sheet."""


class Page(HTMLParser):
    """The addresses and the places of a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.places: set[str] = {"top"}
        self.addresses: list[tuple[str, str]] = []
        self.root = ""
        self.slugs: list[str] = []
        self.layer = ""
        self._in_layer = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.addresses += [(tag, found[name]) for name in ADDRESSES if name in found]
        self.addresses += [(tag, part.split()[0]) for part in found.get("srcset", "").split(",") if part.strip()]
        self.addresses += [(tag, address) for address in style_links(found.get("style", ""))]
        self.places |= {found["id"]} if "id" in found else set()
        self.root += found.get("data-root", "")
        self.slugs += found.get("data-models", "").split()
        self._in_layer = tag == "script" and found.get("id") == "layer"

    def handle_data(self, data: str) -> None:
        self.layer += data if self._in_layer else ""

    def handle_endtag(self, tag: str) -> None:
        self._in_layer = False

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield the tag and the address of all that the page, and its script, point to."""
        yield from self.addresses
        yield from (("script", f"{self.root}data/{slug}.js") for slug in self.slugs)
        yield from (("layer", name) for name in script_files(json.loads(self.layer or "{}")))


def style_links(css: str) -> list[str]:
    """Return the addresses in style rules."""
    return re.findall(r"url\(\s*['\"]?([^)'\"]+)", css)


def script_files(layer: dict[str, object]) -> Iterator[str]:
    """Yield the files that the script of a layer's page shows: sheets of thumbnails, and whole pictures."""
    filters: list[int] = layer.get("filters", [])  # type: ignore[assignment]
    for technique in layer.get("techniques", []):  # type: ignore[attr-defined]
        for number in range(ceil(len(filters) / SHEET)):
            yield f"{technique['slug']}-{number:03d}.webp"
        for place, index in enumerate(filters):
            if place not in technique["none"]:
                ends = technique["file"]
                yield f"{index:04d}{ends if isinstance(ends, str) else ends[place]}"


def searched_pages(script: str) -> Iterator[str]:
    """Yield the pages that the search offers, as a model's file in data/ tells them: from the site's root."""
    model = json.loads(script[script.index("(") + 1 : script.rindex(")")])
    yield model["page"]
    for layer in model["layers"]:
        yield f"{layer['folder']}/index.html"
        filters = layer["filters"]
        for index in range(filters) if isinstance(filters, int) else filters:
            yield f"{layer['folder']}/{index:04d}.html"


def faults(site: Path) -> list[str]:
    """Return what is wrong with the links of a site.

    Links to other hosts are for who follows them; anything else that a page names has to be a file of the site, and a
    place after # one of that page's. Every page and picture has to be named by a page that is reached from the first.
    """
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    pages = {name: Page((site / name).read_text(encoding="utf-8")) for name in files if name.endswith(".html")}
    wrong: list[str] = []
    leads: dict[str, set[str]] = {}

    def names(where: str, tag: str, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https", "mailto") or parts.netloc:
            if tag != "a":
                wrong.append(f"{where}: {address} is on another host")
            return
        if parts.scheme == "data" or (where == "404.html" and address == "./"):
            return
        target = normpath(join(where, "..", unquote(parts.path))) if parts.path else where
        if target not in files:
            wrong.append(f"{where}: {address} is no file of the site")
            return
        leads.setdefault(where, set()).add(target)
        place = unquote(parts.fragment)
        if place and "=" not in place and target in pages and place not in pages[target].places:
            wrong.append(f"{where}: {address} names a place that is not there")

    for where, page in pages.items():
        for tag, address in page.named():
            names(where, tag, address)
    for where in (name for name in files if name.endswith(".css")):
        for address in style_links((site / where).read_text(encoding="utf-8")):
            names(where, "style", address)
    for where in (name for name in files if name.startswith("data/")):
        for address in searched_pages((site / where).read_text(encoding="utf-8")):
            names(where, "a", f"../{address}")
    reached, ahead = set(STARTS), list(STARTS)
    while ahead:
        fresh = leads.get(ahead.pop(), set()) - reached
        reached |= fresh
        ahead += fresh
    return sorted(wrong) + sorted(f"{name} is reached from no page" for name in files - reached if name.endswith(SHOWN))
