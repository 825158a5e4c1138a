"""Snippets: the text that shows a target in documentation, in a README or in any page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote, urlencode

from generator.embed.target import EmbedTarget
from generator.site.selection import Strongest, select_filters
from generator.site.sheets import PER_LAYER


@dataclass(frozen=True)
class Placement:
    """How a target is shown; ``site`` is the path from the page to the site, or its address, with a trailing slash.

    ``filters`` is the selection as it was written, ``picture`` the file of a contact sheet, if one was made.
    """

    site: str
    filters: str = ""
    columns: int | None = None
    caption: str = ""
    picture: str = ""

    def address(self, path: str) -> str:
        """Return the escaped address of a path of the site."""
        return quote(self.site + path, safe="/:~?=&%@+,;!$'*[]#")


def directive(target: EmbedTarget, placement: Placement) -> str:
    """Return the Sphinx directive in reStructuredText."""
    return "\n".join(
        [f".. filter-gallery:: {_target(target)}", *(f"   {line}" for line in _options(target, placement, _plain_rst))]
    )


def myst(target: EmbedTarget, placement: Placement) -> str:
    """Return the Sphinx directive in MyST Markdown."""
    return "\n".join([f"```{{filter-gallery}} {_target(target)}", *_options(target, placement, _yaml), "```"])


def markdown(target: EmbedTarget, placement: Placement) -> str:
    """Return linked pictures in Markdown: a layer's contact sheet, selected filters, or each layer's strongest.

    If a contact sheet was made of the selected filters, it is used instead of them.
    """
    if placement.picture:
        lines = [_linked(placement.picture, target.written, placement.address(target.page))]
    elif target.layer is None:
        lines = []
        for layer in target.model.layers:
            filters = select_filters(target.each or Strongest(PER_LAYER), layer)
            pictures = _pictures(EmbedTarget(target.model, layer), filters, placement)
            lines += [f"[{_plain(layer.title)}]({placement.address(layer.page)})", "", pictures, ""]
        lines.pop()
    elif target.filters or target.technique:
        lines = [_pictures(target, target.filters or target.layer.indices, placement)]
    else:
        sheet = placement.address(f"{target.layer.folder}/contact.png")
        lines = [_linked(sheet, f"What the filters of {target.written} look for", placement.address(target.page))]
    return "\n".join([*lines, *(["", _plain(placement.caption)] if placement.caption else [])])


def _pictures(target: EmbedTarget, filters: Sequence[int], placement: Placement) -> str:
    """Return linked pictures of a layer's filters, in rows if the number of columns is given."""
    cells = []
    for index in filters:
        path, page = target.picture(index), placement.address(target.filter_page(index))
        alt = f"{target.layer_written}, filter {index}"
        cells.append(_linked(placement.address(path), alt, page) if path else f"[{index}]({page})")
    across = placement.columns or max(1, len(cells))
    rows = [" ".join(cells[start : start + across]) for start in range(0, len(cells), across)]
    return "<br>\n".join(rows)  # not every Markdown breaks a line at a backslash


def html(target: EmbedTarget, placement: Placement) -> str:
    """Return the custom element with its script; without JavaScript it is a link."""
    options = {
        "src": placement.site,
        "model": target.model.name,
        "layer": target.layer.title if target.layer else "",
        **_attributes(target, placement),
    }
    attributes = " ".join(f'{name}="{escape(value)}"' for name, value in options.items() if value)
    link = f'<a href="{escape(placement.address(target.page))}">{escape(target.written)}</a>'
    script = escape(placement.address("assets/filter-gallery.js"))
    return f'<script src="{script}" defer></script>\n<filter-gallery {attributes}>{link}</filter-gallery>'


def iframe(target: EmbedTarget, placement: Placement) -> str:
    """Return an iframe, and the script that fits its height to its content."""
    folder = (target.layer.page if target.layer else target.model.page).rpartition("/")[0]
    options = {name: value for name, value in _attributes(target, placement).items() if value}
    source = placement.address(f"{folder}/embed.html") + (
        f"#{urlencode(options, safe=',', quote_via=quote)}" if options else ""
    )
    return FRAME.format(source=escape(source), title=escape(target.written))


FRAME = """\
<iframe src="{source}" title="{title}" loading="lazy" \
style="display: block !important; width: 100% !important; border: 0 !important"></iframe>
<script>
addEventListener("message", function (event) {{
  if (!event.data || event.data.type !== "filter-gallery:height") return;
  for (var frame of document.querySelectorAll("iframe"))
    if (frame.contentWindow === event.source) frame.style.setProperty("height", event.data.height + "px", "important");
}});
</script>"""


def quarto(target: EmbedTarget, placement: Placement) -> str:
    """Return the custom element in a raw HTML block of Quarto."""
    return f"```{{=html}}\n{html(target, placement)}\n```"


SNIPPETS: dict[str, Callable[[EmbedTarget, Placement], str]] = {
    "rst": directive,
    "md": markdown,
    "html": html,
    "myst": myst,
    "quarto": quarto,
    "iframe": iframe,
}


def _attributes(target: EmbedTarget, placement: Placement) -> dict[str, str]:
    """Return the options of the custom element and the iframe."""
    is_single = len(target.filters) == 1
    return {
        "filter": str(target.filters[0]) if is_single else "",
        "filters": "" if is_single else placement.filters,
        "technique": target.technique.slug if target.technique else "",
        "columns": str(placement.columns or ""),
        "caption": " ".join(placement.caption.split()),
    }


def _target(target: EmbedTarget) -> str:
    return " ".join(target.written.split())


def _options(target: EmbedTarget, placement: Placement, caption: Callable[[str], str]) -> list[str]:
    options = {name: value for name, value in _attributes(target, placement).items() if name != "filter" and value}
    if "caption" in options:
        options["caption"] = caption(options["caption"])
    return [f":{name}: {value}" for name, value in options.items()]


def _plain(text: str) -> str:
    """Return a text, escaped, as one line of Markdown."""
    escaped = re.sub(r"([\\`*_{}\[\]<>#|!&~])", r"\\\1", " ".join(text.split()))
    return re.sub(r"^(\d*)([-+=.)])", r"\1\\\2", escaped)  # no list, no heading


def _plain_rst(text: str) -> str:
    """Return a text, escaped, as one line of reStructuredText."""
    return re.sub(r"([\\`*_|])", r"\\\1", text)


def _yaml(text: str) -> str:
    """Return a text in Markdown as a value of an option, which MyST reads as YAML."""
    plain = _plain(text)
    return plain if re.fullmatch(r"\w[\w ,.;()-]*", plain) else json.dumps(plain, ensure_ascii=False)


def _linked(picture: str, alt: str, link: str) -> str:
    return f"[![{_plain(alt)}]({_destination(picture)})]({_destination(link)})"


def _destination(address: str) -> str:
    return re.sub(r"[()\s<>]", lambda match: quote(match[0]).replace("(", "%28").replace(")", "%29"), address)
