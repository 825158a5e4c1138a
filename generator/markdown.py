"""Markdown of introductions and footers: CommonMark with tables and strikethrough, without raw HTML.

HTML in it is shown as text, addresses that could run code do not become links, and pictures are files, since the pages
make no request to another host.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token


@dataclass(frozen=True)
class Image:
    """A picture in a text: its line, from 0, and its address: a path or a URL."""

    line: int
    address: str

    @property
    def foreign(self) -> bool:
        """Tell whether a browser would load it from another host."""
        return _has_host(self.address)


@dataclass(frozen=True)
class SitePicture:
    """A picture of the site: its path from the root, and its size in pixels (0 if it is not known)."""

    path: str
    width: int
    height: int


def images(text: str) -> Iterator[Image]:
    """Yield the pictures of a text, but for those of ``data:`` URLs, which need no file."""
    line = 0
    for block in _parser().parse(text):
        line = block.map[0] if block.map else line
        breaks = 0
        for token in block.children or ():
            breaks += token.type in ("softbreak", "hardbreak")
            if token.type == "image" and not (address := str(token.attrs["src"])).startswith("data:"):
                yield Image(line + breaks, address if _has_host(address) else unquote(address))


def to_html(text: str, root: str = "", pictures: Mapping[str, SitePicture] | None = None) -> str:
    """Return a text as HTML for a page from which ``root`` leads to the site's root.

    Headings begin at the second level and skip none. Relative links start at the site's root; ``pictures`` are those
    of the site by the addresses that ``images`` yields.
    """
    parser = _parser()
    tokens = parser.parse(text)
    _number_headings(tokens)
    for token in tokens:
        if token.type in ("th_open", "td_open") and token.attrs.pop("style", "") == "text-align:right":
            token.attrs["class"] = "n"
        for inner in token.children or ():
            if inner.type == "link_open":
                inner.attrs["href"] = _from_root(str(inner.attrs["href"]), root)
            elif inner.type == "image":
                _place(inner, root, pictures or {})
    return str(parser.renderer.render(tokens, parser.options, {}))


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "typographer": False, "xhtmlOut": False}).enable(
        ["table", "strikethrough"]
    )


def _has_host(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:  # such as an unfinished IPv6 address
        return True
    return bool(parts.scheme or parts.netloc)


def _from_root(address: str, root: str) -> str:
    return address if not address or address[0] in "#/" or _has_host(address) else root + address


def _place(image: Token, root: str, pictures: Mapping[str, SitePicture]) -> None:
    picture = pictures.get(unquote(str(image.attrs["src"])))
    if picture:
        image.attrs["src"] = root + picture.path
        if picture.width and picture.height:
            image.attrs |= {"width": picture.width, "height": picture.height}


def _number_headings(tokens: list[Token]) -> None:
    """Change the levels of headings to an outline below the page's title, without gaps."""
    above: list[str] = []
    for token in tokens:
        if token.type == "heading_open":
            while above and above[-1] >= token.tag:
                above.pop()
            level = min(2 + len(above), 6)
            above.append(token.tag)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{level}"
