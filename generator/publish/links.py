"""What the pages and style sheets of a site lead to.

A site has tens of megabytes of pages, so tags are found by expressions rather than by ``html.parser``, which takes five
times as long. Comments, and what stands inside scripts and between tags, name nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape
from posixpath import normpath
from urllib.parse import unquote, urlsplit

MISSING_FILE, OUTSIDE_SITE, ROOTED, FOREIGN = "missing", "outside", "rooted", "foreign"

_INSIDE = r"""((?:"[^"]*+"|'[^']*+'|[^'">]++)*+)"""
_TAG = re.compile(
    rf"<!--.*?-->|<(?P<raw>script|style)\b{_INSIDE}>(?P<held>.*?)</(?P=raw)\s*>|<(?P<name>[a-zA-Z][^\s/>]*+){_INSIDE}>",
    re.S | re.I,
)
_ATTRIBUTE = re.compile(r"""([^\s=/"'>]++)\s*+(?:=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++)))?""")
_URL = re.compile(r"""url\(\s*['"]?([^)'"]+)|@import\s+['"]([^'"]+)""", re.I)
_WORTH = re.compile("href|src|style|poster|data|action", re.I)
_ADDRESSES = frozenset({"href", "src", "poster", "data", "action"})


def page_links(html: str) -> set[tuple[str, str]]:
    """Return the (tag, address) of all that a page points to, its own styles included."""
    found: set[tuple[str, str]] = set()
    for match in _TAG.finditer(html):
        raw, attributes, held, name, more = match.groups()
        tag = (raw or name or "").lower()
        if held and tag == "style":
            found.update(("style", address) for address in style_links(held))
        inside = attributes or more
        if not inside or not _WORTH.search(inside):
            continue
        for key, double, single, bare in _ATTRIBUTE.findall(inside):
            value = unescape(double or single or bare)
            key = key.lower()
            if key in _ADDRESSES:
                found.add((tag, value.strip()))
            elif key == "srcset":
                found.update((tag, part.split()[0]) for part in value.split(",") if part.strip())
            elif key == "style":
                found.update((tag, address) for address in style_links(value))
    return found


def style_links(css: str) -> Iterator[str]:
    """Yield the addresses in style rules."""
    return (one or other for one, other in _URL.findall(css))


def link_faults(where: str, links: Iterable[tuple[str, str]], files: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield (what is wrong, address) of the links of a page that lead to no file of the site.

    Links to other hosts are for who follows them; only what a page itself would load from there is told (``FOREIGN``).
    """
    for tag, address in sorted(links):
        try:
            parts = urlsplit(address)
        except ValueError:
            yield MISSING_FILE, address
            continue
        if parts.scheme or parts.netloc:
            if tag not in ("a", "area", "form") and parts.scheme in ("http", "https", ""):
                yield FOREIGN, address
        elif parts.path.startswith("/"):
            yield ROOTED, address
        elif parts.path:
            wanted = unquote(parts.path)
            target = normpath(f"{where.rpartition('/')[0]}/{wanted}".lstrip("/"))
            if target == ".." or target.startswith("../"):
                yield OUTSIDE_SITE, address
            elif target not in files and normpath(f"{target}/index.html") not in files:
                yield MISSING_FILE, address
