"""The text that shows a target elsewhere: in documentation, in a README, in any page."""

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

SIZE = 96
"""Pixels a picture is shown at where it stands for itself."""


@dataclass(frozen=True)
class Placement:
    """How a target is shown; ``site`` is the way from the page to the site, or its address, with a last slash.

    ``filters`` is what was options for, as it was written. ``picture`` is a contact sheet's file, if one was made.
    """

    site: str
    filters: str = ""
    columns: int | None = None
    caption: str = ""
    picture: str = ""

    def address(self, path: str) -> str:
        """Return the address of a path of the site."""
        return quote(self.site + path, safe="/:~?=&%@+,;!$'*[]#")


def directive(target: EmbedTarget, placement: Placement) -> str:
    """Return our Sphinx directive in reStructuredText."""
    return "\n".join(
        [f".. filter-gallery:: {_target(target)}", *(f"   {line}" for line in _options(target, placement, _plain_rst))]
    )


def myst(target: EmbedTarget, placement: Placement) -> str:
    """Return our Sphinx directive in MyST Markdown."""
    return "\n".join([f"```{{filter-gallery}} {_target(target)}", *_options(target, placement, _yaml), "```"])


def markdown(target: EmbedTarget, placement: Placement) -> str:
    """Return linked pictures in Markdown: a layer's contact sheet, chosen filters, or each layer's strongest.

    A contact sheet is used instead of chosen filters if one was made of them.
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
    """Return linked pictures of a layer's filters, in rows if columns are options for."""
    cells = []
    for index in filters:
        path, page = target.picture(index), placement.address(target.filter_page(index))
        alt = f"{target.layer_written}, filter {index}"
        cells.append(_linked(placement.address(path), alt, page) if path else f"[{index}]({page})")
    across = placement.columns or max(1, len(cells))
    rows = [" ".join(cells[start : start + across]) for start in range(0, len(cells), across)]
    return "<br>\n".join(rows)  # not every Markdown knows a backslash for this


def html(target: EmbedTarget, placement: Placement) -> str:
    """Return the custom element with its script; without JavaScript a link is left."""
    options = {
        "src": placement.site,
        "model": target.model.name,
        "layer": target.layer.title if target.layer else "",
        **_attributes(target, placement),
    }
    words = " ".join(f'{name}="{escape(value)}"' for name, value in options.items() if value)
    link = f'<a href="{escape(placement.address(target.page))}">{escape(target.written)}</a>'
    script = escape(placement.address("assets/filter-gallery.js"))
    return f'<script src="{script}" defer></script>\n<filter-gallery {words}>{link}</filter-gallery>'


def iframe(target: EmbedTarget, placement: Placement) -> str:
    """Return a frame, and the script that makes it as high as what it shows."""
    folder = (target.layer.page if target.layer else target.model.page).rpartition("/")[0]
    options = {name: value for name, value in _attributes(target, placement).items() if value}
    source = placement.address(f"{folder}/embed.html") + (
        f"#{urlencode(options, safe=',', quote_via=quote)}" if options else ""
    )
    return FRAME.format(source=escape(source), title=escape(target.written))


FRAME = """\
<iframe src="{source}" title="{title}" loading="lazy" style="width: 100% !important; border: 0 !important"></iframe>
<script>
addEventListener("message", function (event) {{
  if (!event.data || event.data.type !== "filter-gallery:height") return;
  for (var frame of document.querySelectorAll("iframe"))
    if (frame.contentWindow === event.source) frame.style.setProperty("height", event.data.height + "px", "important");
}});
</script>"""


def quarto(target: EmbedTarget, placement: Placement) -> str:
    """Return the custom element as Quarto lets it through."""
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
    """Return the options of the element and the frame."""
    one = len(target.filters) == 1
    return {
        "filter": str(target.filters[0]) if one else "",
        "filters": "" if one else placement.filters,
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
    """Return a line of Markdown that shows a text as it is."""
    escaped = re.sub(r"([\\`*_{}\[\]<>#|!&~])", r"\\\1", " ".join(text.split()))
    return re.sub(r"^(\d*)([-+=.)])", r"\1\\\2", escaped)  # no list, no heading


def _plain_rst(text: str) -> str:
    """Return a line of reStructuredText that shows a text as it is."""
    return re.sub(r"([\\`*_|])", r"\\\1", text)


def _yaml(text: str) -> str:
    """Return a text in Markdown as a value of an option, which MyST reads as YAML."""
    plain = _plain(text)
    return plain if re.fullmatch(r"\w[\w ,.;()-]*", plain) else json.dumps(plain, ensure_ascii=False)


def _linked(picture: str, alt: str, link: str) -> str:
    return f"[![{_plain(alt)}]({_destination(picture)})]({_destination(link)})"


def _destination(address: str) -> str:
    return re.sub(r"[()\s<>]", lambda found: quote(found[0]).replace("(", "%28").replace(")", "%29"), address)
