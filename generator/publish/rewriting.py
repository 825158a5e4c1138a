"""Rewriting HTML element by element: what is not changed stays the same, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from html.parser import HTMLParser

Attributes = dict[str, str | None]
ElementChange = Callable[[str, Attributes], "tuple[str, Attributes] | str | None"]
"""From an element's tag and attributes to another tag and attributes, a text that replaces its tags, or None to leave
it. The text for a script or a style replaces its content, too."""

_EMPTY = frozenset(
    {"img", "link", "meta", "br", "hr", "input", "source", "wbr", "col", "area", "base", "embed", "track"}
)


def tag(name: str, attributes: Attributes) -> str:
    """Return a start tag."""
    pairs = (f" {key}" if value is None else f' {key}="{escape(value)}"' for key, value in attributes.items())
    return f"<{name}{''.join(pairs)}>"


def rewrite(html: str, change: ElementChange, only: Callable[[str, Attributes], bool] | None = None) -> str:
    """Return HTML with its elements changed; with ``only`` just those elements, with their content."""
    writer = _Writer(change, only)
    writer.feed(html)
    writer.close()
    return "".join(writer.parts)


class _Writer(HTMLParser):
    def __init__(self, change: ElementChange, only: Callable[[str, Attributes], bool] | None) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self._change, self._only = change, only
        self._open: list[tuple[str, str]] = []  # (tag, its end tag) of each ancestor
        self._from: int | None = None if only else 0  # depth of the outermost element that is written
        self._skips_content = False

    def _write(self, text: str) -> None:
        if self._from is not None and not self._skips_content:
            self.parts.append(text)

    def _started(self, name: str, attrs: Iterable[tuple[str, str | None]], closed: bool) -> None:
        attributes = dict(attrs)
        if self._from is None and self._only and self._only(name, attributes):
            self._from = len(self._open)
        changed = self._change(name, attributes)
        if changed is None:
            self._write(self.get_starttag_text() or "")
            end = f"</{name}>"
        elif isinstance(changed, str):
            self._write(changed)
            end = ""
            self._skips_content = name in ("script", "style")
        else:
            self._write(tag(*changed) + (f"</{changed[0]}>" if closed else ""))
            end = f"</{changed[0]}>"
        if name not in _EMPTY and not closed:
            self._open.append((name, end))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._started(tag, attrs, closed=False)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._started(tag, attrs, closed=True)

    def handle_endtag(self, tag: str) -> None:
        places = [place for place, (name, _) in enumerate(self._open) if name == tag]
        if not places:
            self._write(f"</{tag}>")
            return
        self._skips_content = False
        del self._open[places[-1] + 1 :]  # elements whose end tags HTML makes optional, such as li and p
        self._write(self._open.pop()[1])
        if self._only and self._from is not None and len(self._open) <= self._from:
            self._from = None

    def handle_data(self, data: str) -> None:
        self._write(data)

    def handle_entityref(self, name: str) -> None:
        self._write(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._write(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self._write(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self._write(f"<!{decl}>")
