"""One layer or one model as a single HTML file: pictures, styles and scripts are in it, and it asks for nothing else.

It is made of the built site's pages. A picture that one place shows stands there as a data: URL; one that several show,
as tiles do with a sheet, stands once in the style sheet. What only the script shows (a layer's large pictures, and its
other techniques) is told to it by ``single.js``.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.resources import files as resources
from posixpath import join, normpath
from typing import Any
from urllib.parse import unquote, urlsplit

from generator.errors import UsageError, nearest
from generator.publish.inline import Inliner, inlined_style
from generator.publish.rewriting import Attributes, ElementChange, rewrite, tag
from generator.site.built import BuiltSite
from generator.site.records import Layer, Model
from generator.site.sheets import PER_SHEET

MEGABYTE = 1_000_000
DEFAULT_LIMIT = 50
"""Megabytes that a single file may have unless told otherwise: browsers open more, but people send it by mail."""

READING_PAGE = "reading.html"
TRANSPARENT_GIF = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
SINGLE_FILE_STYLE = """
.find, .steps, .box .go, .switch { display: none !important; }
a:not([href]) { text-decoration: none; color: inherit; }
img[data-file] { print-color-adjust: exact; }
"""
"""What is of no use in a file alone: the search, the ways to other pages, and how their links look."""


@dataclass(frozen=True)
class SitePart:
    """What goes into the file: a model, and one of its layers or all."""

    model: Model
    layer: Layer | None

    @property
    def page(self) -> str:
        """Return the page that the file is made of."""
        return (self.layer or self.model).page


def find_part(site: BuiltSite, model: str, layer: str | None = None) -> SitePart:
    """Return what a model's name, and a layer's name or glob, choose of a site.

    Raises UsageError, with the nearest name, unless it is one model and one layer.
    """
    models = {shown.name: shown for shown in site.manifest.models}
    if model not in models:
        raise UsageError(f"the site shows no model {model!r}", nearest(model, models) or f"It has: {', '.join(models)}")
    if layer is None:
        return SitePart(models[model], None)
    titles = {shown.title: shown for shown in models[model].layers}
    matches = [title for title in titles if title == layer] or [title for title in titles if fnmatchcase(title, layer)]
    if not matches:
        hint = nearest(layer, titles) or f"See: filter-gallery layers {model}"
        raise UsageError(f"the site shows no layer {layer!r} of {model}", hint)
    if len(matches) > 1:
        raise UsageError(f"{layer!r} matches {len(matches)} layers of {model}, such as {matches[0]}", "Name one")
    return SitePart(models[model], titles[matches[0]])


def single_file(site: BuiltSite, part: SitePart, limit: int = DEFAULT_LIMIT * MEGABYTE) -> bytes:
    """Return the page of a layer, or of a model with the sheets of all its layers, as a file that needs no other.

    Raises UsageError if it has more than ``limit`` bytes.
    """
    inside = Inliner(site)
    anchors = {READING_PAGE: "#reading"} if READING_PAGE in site.by_path else {}
    if part.layer is None:
        anchors |= {layer.page: f"#layer-{layer.index:03d}" for layer in part.model.layers}
    else:
        folder = part.page.rpartition("/")[0]
        anchors |= {shown.page: f"#filter={shown.index}" for shown in part.layer.filters}
    # In a model's drawing the strongest filters lead to their layer.
    layers = part.model.layers if part.layer is None else ()
    filters = {shown.page: anchors[layer.page] for layer in layers for shown in layer.filters}
    html = rewrite(site.text(part.page), _told(inside, part.page, {**anchors, **filters}))
    sections = [_section(inside, layer, anchors) for layer in layers]
    if READING_PAGE in anchors:
        essay = _told(inside, READING_PAGE, anchors, lower=True, main="reading")
        sections.append(rewrite(site.text(READING_PAGE), essay, lambda name, _: name == "main"))
    before, end, after = html.rpartition("</main>")
    html = f"{before}{''.join(sections)}{end}{after}"
    root = f"{folder}/" if part.layer else ""
    uses: Counter[str] = Counter()
    rewrite(html, lambda name, attributes: uses.update([attributes.get("src") or ""]) if name == "img" else None)
    shared = {path for path, count in uses.items() if count > 1 and path in site.by_path}
    html = rewrite(html, lambda name, attributes: _shown(inside, name, attributes, shared, root))
    rules = (
        f'img[data-file="{path.removeprefix(root)}"] {{ background: url({inside.url(path)}) no-repeat; }}\n'
        for path in sorted(shared)
    )
    head = f"<style>{SINGLE_FILE_STYLE}{''.join(rules)}</style>\n"
    scripts = [*_files(inside, html, root, shared), *inside.scripts]
    html = html.replace("</head>", f"{head}</head>", 1).replace("</body>", "\n".join(scripts) + "\n</body>", 1)
    content = html.encode()
    if len(content) > limit:
        size = -(-len(content) // MEGABYTE)
        smaller = "" if part.layer else ", or choose a layer with --layer"
        raise UsageError(
            f"the single file would have {size} MB, more than {limit // MEGABYTE} MB",
            f"Say --single-file-limit {size}{smaller}",
        )
    return content


def _section(inside: Inliner, layer: Layer, anchors: Mapping[str, str]) -> str:
    """Return a layer for the file of its model: what it is, and all its filters."""

    def wanted(name: str, attributes: Attributes) -> bool:
        return bool({"lead", "sheet"} & {*(attributes.get("class") or "").split()})

    page = layer.page
    held = rewrite(inside.site.text(page), _told(inside, page, anchors, lower=True), wanted)
    return f'<div id="layer-{layer.index:03d}">\n{held}\n</div>\n'


def _told(inside: Inliner, page: str, anchors: Mapping[str, str], lower: bool = False, main: str = "") -> ElementChange:
    """Return what becomes of a page's elements: addresses of pictures from the site's root, links that lead inside.

    ``lower`` sets headings a step lower, as parts of another page; ``main`` is the name by which links reach the part.
    """

    def resolved(address: str) -> str | None:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc or not parts.path:
            return None
        return normpath(join(page, "..", unquote(parts.path)))

    def change(name: str, attributes: Attributes) -> tuple[str, Attributes] | str | None:
        made = dict(attributes)
        if name == "link":
            return _link(inside, resolved(made.get("href") or ""), made)
        if name == "script" and "src" in made:
            return inside.script(resolved(made["src"] or ""), made) if not lower else ""
        if name == "html":
            return name, {**made, "data-root": "", "data-models": ""}
        if name == "main" and main:
            return "div", {"id": main}
        if name in ("h1", "h2", "h3", "h4") and lower:
            return f"h{int(name[1]) + 1}", made
        if name == "a" and (path := resolved(made.get("href") or "")) is not None:
            made.pop("rel", None)
            if path in anchors:
                return name, {**made, "href": anchors[path]}
            return name, {key: value for key, value in made.items() if key not in ("href", "aria-label")}
        if "data-site" in made:  # what only a whole site has
            return name, {"hidden": None}
        if name == "nav" and made.pop("data-model", None) is not None:
            return name, made
        for key in ("src", "poster"):
            if path := resolved(made.get(key) or ""):
                made[key] = path
        if "url(" in (made.get("style") or ""):
            made["style"] = inlined_style(inside, made["style"] or "", page)
        return (name, made) if made != attributes else None

    return change


def _link(inside: Inliner, path: str | None, attributes: Attributes) -> tuple[str, Attributes] | str | None:
    """Return what becomes of a link element: a style sheet goes inside, as does the tab's mark."""
    rel = attributes.get("rel") or ""
    if path is None:
        return None if rel == "icon" else ""
    if rel == "stylesheet" and path in inside.site.by_path:
        css = inlined_style(inside, inside.site.text(path), path).replace("</", r"<\/")
        return f"<style>\n{css}</style>"
    if rel == "icon" and path in inside.site.by_path:
        return "link", {**attributes, "href": inside.url(path)}
    return ""


def _shown(
    inside: Inliner, name: str, attributes: Attributes, shared: set[str], root: str
) -> tuple[str, Attributes] | None:
    """Return what becomes of an element that shows a file of the site."""
    made = dict(attributes)
    for key in ("src", "poster"):
        path = made.get(key) or ""
        if path not in inside.site.by_path:
            continue
        if name == "img" and path in shared:
            place = (made.get("style") or "").replace("object-position", "background-position")
            style = ";".join(filter(None, (made.get("style"), place)))
            made |= {key: TRANSPARENT_GIF, "data-file": path.removeprefix(root), "style": style}
        else:
            made[key] = inside.url(path)
    return (name, made) if made != attributes else None


def _files(inside: Inliner, html: str, root: str, shared: set[str]) -> Iterator[str]:
    """Yield the scripts that give the page's script the files of a layer that it asks for by their names.

    Those in the style sheet are told without their content.
    """
    data = re.search(r'<script type="application/json" id="layer">(.*?)</script>', html, re.S)
    if not data:
        return
    wanted = {f"{root}{name}" for name in _asked(json.loads(data[1]))} & inside.site.by_path.keys()
    told = {path.removeprefix(root): "" if path in shared else inside.url(path) for path in sorted(wanted)}
    listed = json.dumps(told, separators=(",", ":")).replace("<", r"\u003c")
    yield f"{tag('script', {'type': 'application/json', 'id': 'files'})}{listed}</script>"
    code = (resources("generator.publish") / "single.js").read_text(encoding="utf-8")
    yield f"<script>\n{code}</script>"


def _asked(layer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names that the script of a layer's page makes: see ``pages/data.py``."""
    filters = layer["filters"]
    for technique in layer["techniques"]:
        yield from (f"{technique['slug']}-{number:03d}.webp" for number in range(-(-len(filters) // PER_SHEET)))
        ends = technique["file"]
        for place, index in enumerate(filters):
            if place not in technique["none"]:
                yield f"{index:04d}{ends if isinstance(ends, str) else ends[place]}"
