"""The Markdown of a gallery's owner: CommonMark with tables and strikethrough, without raw HTML.

Markup within it is shown as text, addresses that could run code are not made into links, and pictures are files, since
the pages make no request to another host.
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
    """A picture that a text names: the line it stands on, from 0, and its address: a path, or a URL."""

    line: int
    address: str

    @property
    def foreign(self) -> bool:
        """Tell whether a browser would have to ask another host for it."""
        return _has_host(self.address)


@dataclass(frozen=True)
class Shown:
    """Where a site holds a picture, from its root, and its pixels (0 where they are not known)."""

    path: str
    width: int
    height: int


def images(text: str) -> Iterator[Image]:
    """Yield the pictures that a text names; those whose bytes it holds itself (``data:``) need no file."""
    line = 0
    for block in _parser().parse(text):
        line = block.map[0] if block.map else line
        breaks = 0
        for token in block.children or ():
            breaks += token.type in ("softbreak", "hardbreak")
            if token.type == "image" and not (address := str(token.attrs["src"])).startswith("data:"):
                yield Image(line + breaks, address if _has_host(address) else unquote(address))


def to_html(text: str, root: str = "", pictures: Mapping[str, Shown] | None = None) -> str:
    """Return a text as HTML for a page whose way to the site's root is ``root``.

    Headings begin at the second level and leave none out. Relative links start at the site's root, and so do the
    ``pictures``, which are told by the addresses that ``images`` gives.
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


def _place(image: Token, root: str, pictures: Mapping[str, Shown]) -> None:
    shown = pictures.get(unquote(str(image.attrs["src"])))
    if shown:
        image.attrs["src"] = root + shown.path
        if shown.width and shown.height:
            image.attrs |= {"width": shown.width, "height": shown.height}


def _number_headings(tokens: list[Token]) -> None:
    """Turn the levels that were written into an outline below the page's own title."""
    above: list[str] = []
    for token in tokens:
        if token.type == "heading_open":
            while above and above[-1] >= token.tag:
                above.pop()
            level = min(2 + len(above), 6)
            above.append(token.tag)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{level}"
