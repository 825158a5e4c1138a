"""The links of pages and style sheets, and which of them are broken.

A site has tens of megabytes of pages, so tags are found by expressions rather than by ``html.parser``, which takes five
times as long. Comments, scripts and text have no links.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape
from posixpath import normpath
from urllib.parse import unquote, urlsplit

MISSING_FILE, OUTSIDE_SITE, ROOTED, FOREIGN = "missing", "outside", "rooted", "foreign"

_IN_TAG = r"""((?:"[^"]*+"|'[^']*+'|[^'">]++)*+)"""
_TAG = re.compile(
    rf"<!--.*?-->|<(?P<raw>script|style)\b{_IN_TAG}>(?P<content>.*?)</(?P=raw)\s*>|<(?P<name>[a-zA-Z][^\s/>]*+){_IN_TAG}>",
    re.S | re.I,
)
_ATTRIBUTE = re.compile(r"""([^\s=/"'>]++)\s*+(?:=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++)))?""")
_URL = re.compile(r"""url\(\s*['"]?([^)'"]+)|@import\s+['"]([^'"]+)""", re.I)
_MAY_HAVE_LINK = re.compile("href|src|style|poster|data|action", re.I)
_ADDRESSES = frozenset({"href", "src", "poster", "data", "action"})


def page_links(html: str) -> set[tuple[str, str]]:
    """Return the (tag, address) of all links of a page and its style elements."""
    links: set[tuple[str, str]] = set()
    for match in _TAG.finditer(html):
        raw, raw_attributes, content, name, tag_attributes = match.groups()
        tag = (raw or name or "").lower()
        if content and tag == "style":
            links.update(("style", address) for address in style_links(content))
        attributes = raw_attributes or tag_attributes
        if not attributes or not _MAY_HAVE_LINK.search(attributes):
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
