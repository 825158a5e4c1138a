"""The links of pages and style sheets, and which of them are broken.

A site has tens of megabytes of pages, so tags are found by expressions rather than by ``html.parser``, which takes five
times as long. Comments, scripts and text have no links. A page may be by anybody: the time is proportional to its size.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape
from posixpath import normpath
from urllib.parse import unquote, urlsplit

MISSING_FILE, OUTSIDE_SITE, ROOTED, FOREIGN = "missing", "outside", "rooted", "foreign"

_TAG = re.compile(r"""<([a-zA-Z][^\s/>]*+)((?:"[^"]*+"|'[^']*+'|[^'">]++)*+)>""")
_NAME = re.compile(r"<([a-zA-Z][^\s/>]*+)")
_PART = re.compile(r"""[^>=]*+(?:=\s*+)?""")
"""What stands in a tag up to the value of an attribute."""

_RAW_ENDS = {name: re.compile(rf"</{name}\s*+>", re.I) for name in ("script", "style")}
_ATTRIBUTE = re.compile(r"""([^\s=/"'>]++)\s*+(?:=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++)))?""")
_URL = re.compile(r"""url\(\s*['"]?([^)'"]+)|@import\s+['"]([^'"]+)""", re.I)
_MAY_HAVE_LINK = re.compile("href|src|style|poster|data|action", re.I)
_ADDRESSES = frozenset({"href", "src", "poster", "data", "action"})


def page_links(html: str) -> set[tuple[str, str]]:
    """Return the (tag, address) of all links of a page and its style elements."""
    links: set[tuple[str, str]] = set()
    for tag, attributes, content in _tags(html):
        if tag == "style":
            links.update(("style", address) for address in style_links(content))
        if not _MAY_HAVE_LINK.search(attributes):
            continue
        for key, double, single, bare in _ATTRIBUTE.findall(attributes):
            value = unescape(double or single or bare)
            key = key.lower()
            if key in _ADDRESSES:
                links.add((tag, value.strip()))
            elif key == "srcset":
                links.update((tag, part.split()[0]) for part in value.split(",") if part.strip())
            elif key == "style":
                links.update((tag, address) for address in style_links(value))
    return links


def _tags(html: str) -> Iterator[tuple[str, str, str]]:
    """Yield name, attributes and raw content of each start tag; as in a browser, what is not closed goes to the end.

    Each character is looked at once or twice, whatever the page holds.
    """
    place, balanced = html.find("<"), True
    while place >= 0:
        end = place + 1
        if html.startswith("<!--", place):
            end = html.find("-->", place + 4) + 3
            if end < 3:
                return
        elif name := _NAME.match(html, place):
            tag, content = name[1].lower(), ""
            whole = _TAG.match(html, place) if balanced else None
            balanced = whole is not None  # else a quote is not closed, here or further on: look at each by itself
            end = whole.end() if whole else _end_of_tag(html, name.end())
            if not end:
                return
            attributes = html[name.end() : end - 1]
            if tag in _RAW_ENDS:
                closing = _RAW_ENDS[tag].search(html, end)
                content = html[end : closing.start() if closing else len(html)]
                end = closing.end() if closing else len(html)
            yield tag, attributes, content
        place = html.find("<", end)


def _end_of_tag(html: str, place: int) -> int:
    """Return where a tag ends, whose attributes begin at a place; 0 if it is not closed."""
    while part := _PART.match(html, place):
        place = part.end()
        if place == len(html):
            return 0
        if html[place] == ">":
            return place + 1
        if html[place] in "\"'":
            place = html.find(html[place], place + 1)
            if place < 0:
                return 0
        place += 1
    return 0


def style_links(css: str) -> Iterator[str]:
    """Yield the addresses in style rules."""
    return (address or imported for address, imported in _URL.findall(css))


def link_faults(where: str, links: Iterable[tuple[str, str]], files: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield (fault, address) of the links of the page ``where`` that lead to no file of the site.

    Links to other hosts are not faults; files that the page itself would load from there are (``FOREIGN``).
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
            path = unquote(parts.path)
            target = normpath(f"{where.rpartition('/')[0]}/{path}".lstrip("/"))
            if target == ".." or target.startswith("../"):
                yield OUTSIDE_SITE, address
            elif target not in files and normpath(f"{target}/index.html") not in files:
                yield MISSING_FILE, address
