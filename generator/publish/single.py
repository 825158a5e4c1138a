"""One layer or one model as a single HTML file with its pictures, styles and scripts: it loads no other file.

It is made of the built site's pages. A picture that is shown once becomes a data: URL there; one that is shown
several times, as sheets are by their tiles, is once in the style sheet. Files that only the script shows (a layer's
large pictures, and its other techniques) are in a JSON element, which ``single.js`` reads.
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
from generator.numbers import MEGABYTE
from generator.publish.inline import Inliner, inlined_style
from generator.publish.rewriting import Attributes, ElementChange, rewrite, tag
from generator.site.built import BuiltSite
from generator.site.records import Layer, Model
from generator.site.sheets import PER_SHEET

DEFAULT_LIMIT = 50
"""Megabytes that a single file may have by default: browsers open more, but people send it by mail."""

READING_PAGE = "reading.html"
TRANSPARENT_GIF = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
SINGLE_FILE_STYLE = """
.find, .steps, .box .go, .switch { display: none !important; }
a:not([href]) { text-decoration: none; color: inherit; }
img[data-file] { print-color-adjust: exact; }
"""
"""Hides what needs the whole site: the search, and links to other pages."""


@dataclass(frozen=True)
class SitePart:
    """The part of a site that the file shows: a model, or one of its layers."""

    model: Model
    layer: Layer | None

    @property
    def page(self) -> str:
        """Return the page that the file is made of."""
        return (self.layer or self.model).page


def find_part(site: BuiltSite, model: str, layer: str | None = None) -> SitePart:
    """Return the part of a site that a model's name, and a layer's name or glob, select.

    Raises UsageError, with the nearest name, unless they match one model and one layer.
    """
    models = {shown_model.name: shown_model for shown_model in site.manifest.models}
    if model not in models:
        raise UsageError(f"the site shows no model {model!r}", nearest(model, models) or f"It has: {', '.join(models)}")
    if layer is None:
        return SitePart(models[model], None)
    titles = {shown_layer.title: shown_layer for shown_layer in models[model].layers}
    matches = [title for title in titles if title == layer] or [title for title in titles if fnmatchcase(title, layer)]
    if not matches:
        hint = nearest(layer, titles) or f"See: filter-gallery layers {model}"
        raise UsageError(f"the site shows no layer {layer!r} of {model}", hint)
    if len(matches) > 1:
        raise UsageError(f"{layer!r} matches {len(matches)} layers of {model}, such as {matches[0]}", "Name one")
    return SitePart(models[model], titles[matches[0]])


def single_file(site: BuiltSite, part: SitePart, limit: int = DEFAULT_LIMIT * MEGABYTE) -> bytes:
    """Return the page of a layer, or of a model with the sheets of all its layers, as a self-contained file.

    Raises UsageError if it has more than ``limit`` bytes.
    """
    inliner = Inliner(site)
    anchors = {READING_PAGE: "#reading"} if READING_PAGE in site.by_path else {}
    if part.layer is None:
        anchors |= {layer.page: f"#layer-{layer.index:03d}" for layer in part.model.layers}
    else:
        folder = part.page.rpartition("/")[0]
        anchors |= {record.page: f"#filter={record.index}" for record in part.layer.filters}
    # In a model's drawing the strongest filters lead to their layer.
    layers = part.model.layers if part.layer is None else ()
    filters = {record.page: anchors[layer.page] for layer in layers for record in layer.filters}
    html = rewrite(site.text(part.page), _page_change(inliner, part.page, {**anchors, **filters}))
    sections = [_section(inliner, layer, anchors) for layer in layers]
    if READING_PAGE in anchors:
        change = _page_change(inliner, READING_PAGE, anchors, lower=True, main="reading")
        sections.append(rewrite(site.text(READING_PAGE), change, lambda name, _: name == "main"))
    before, end, after = html.rpartition("</main>")
    html = f"{before}{''.join(sections)}{end}{after}"
    root = f"{folder}/" if part.layer else ""
    uses: Counter[str] = Counter()
    rewrite(html, lambda name, attributes: uses.update([attributes.get("src") or ""]) if name == "img" else None)
    shared = {path for path, count in uses.items() if count > 1 and path in site.by_path}
    html = rewrite(html, lambda name, attributes: _with_files(inliner, name, attributes, shared, root))
    rules = (
        f'img[data-file="{path.removeprefix(root)}"] {{ background: url({inliner.url(path)}) no-repeat; }}\n'
        for path in sorted(shared)
    )
    head = f"<style>{SINGLE_FILE_STYLE}{''.join(rules)}</style>\n"
    scripts = [*_files(inliner, html, root, shared), *inliner.scripts]
    html = html.replace("</head>", f"{head}</head>", 1).replace("</body>", "\n".join(scripts) + "\n</body>", 1)
    content = html.encode()
    if len(content) > limit:
        size = -(-len(content) // MEGABYTE)
        hint = "" if part.layer else ", or choose a layer with --layer"
        raise UsageError(
            f"the single file would have {size} MB, more than {limit // MEGABYTE} MB",
            f"Use --single-file-limit {size}{hint}",
        )
    return content


def _section(inliner: Inliner, layer: Layer, anchors: Mapping[str, str]) -> str:
    """Return the section of a layer in its model's file: its description, and all its filters."""

    def is_part(name: str, attributes: Attributes) -> bool:
        return bool({"lead", "sheet"} & {*(attributes.get("class") or "").split()})

    page = layer.page
    content = rewrite(inliner.site.text(page), _page_change(inliner, page, anchors, lower=True), is_part)
    return f'<div id="layer-{layer.index:03d}">\n{content}\n</div>\n'


def _page_change(
    inliner: Inliner, page: str, anchors: Mapping[str, str], lower: bool = False, main: str = ""
) -> ElementChange:
    """Return the change of a page's elements: paths of pictures start at the site's root, links lead to ``anchors``.

    ``lower`` makes headings one level lower, for a section of another page; ``main`` is the id of that section.
    """

    def resolved(address: str) -> str | None:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc or not parts.path:
            return None
        return normpath(join(page, "..", unquote(parts.path)))

    def change(name: str, attributes: Attributes) -> tuple[str, Attributes] | str | None:
        changed = dict(attributes)
        if name == "link":
            return _link(inliner, resolved(changed.get("href") or ""), changed)
        if name == "script" and "src" in changed:
            return inliner.script(resolved(changed["src"] or ""), changed) if not lower else ""
        if name == "html":
            return name, {**changed, "data-root": "", "data-models": ""}
        if name == "main" and main:
            return "div", {"id": main}
        if name in ("h1", "h2", "h3", "h4") and lower:
            return f"h{int(name[1]) + 1}", changed
        if name == "a" and (path := resolved(changed.get("href") or "")) is not None:
            changed.pop("rel", None)
            if path in anchors:
                return name, {**changed, "href": anchors[path]}
            return name, {key: value for key, value in changed.items() if key not in ("href", "aria-label")}
        if "data-site" in changed:  # what only a whole site has
            return name, {"hidden": None}
        if name == "nav" and changed.pop("data-model", None) is not None:
            return name, changed
        for key in ("src", "poster"):
            if path := resolved(changed.get(key) or ""):
                changed[key] = path
        if "url(" in (changed.get("style") or ""):
            changed["style"] = inlined_style(inliner, changed["style"] or "", page)
        return (name, changed) if changed != attributes else None

    return change


def _link(inliner: Inliner, path: str | None, attributes: Attributes) -> tuple[str, Attributes] | str | None:
    """Return what replaces a link element: style sheets and the favicon are inlined, others are removed."""
    rel = attributes.get("rel") or ""
    if path is None:
        return None if rel == "icon" else ""
    if rel == "stylesheet" and path in inliner.site.by_path:
        css = inlined_style(inliner, inliner.site.text(path), path).replace("</", r"<\/")
        return f"<style>\n{css}</style>"
    if rel == "icon" and path in inliner.site.by_path:
        return "link", {**attributes, "href": inliner.url(path)}
    return ""


def _with_files(
    inliner: Inliner, name: str, attributes: Attributes, shared: set[str], root: str
) -> tuple[str, Attributes] | None:
    """Return an element that shows a file of the site with that file in it, None for others."""
    changed = dict(attributes)
    for key in ("src", "poster"):
        path = changed.get(key) or ""
        if path not in inliner.site.by_path:
            continue
        if name == "img" and path in shared:
            place = (changed.get("style") or "").replace("object-position", "background-position")
            style = ";".join(filter(None, (changed.get("style"), place)))
            changed |= {key: TRANSPARENT_GIF, "data-file": path.removeprefix(root), "style": style}
        else:
            changed[key] = inliner.url(path)
    return (name, changed) if changed != attributes else None


def _files(inliner: Inliner, html: str, root: str, shared: set[str]) -> Iterator[str]:
    """Yield the elements that hold the files that the page's script loads by name, and the script that reads them.

    Files in the style sheet are listed without their content.
    """
    data = re.search(r'<script type="application/json" id="layer">(.*?)</script>', html, re.S)
    if not data:
        return
    loaded = {f"{root}{name}" for name in _loaded_names(json.loads(data[1]))} & inliner.site.by_path.keys()
    contents = {path.removeprefix(root): "" if path in shared else inliner.url(path) for path in sorted(loaded)}
    files_json = json.dumps(contents, separators=(",", ":")).replace("<", r"\u003c")
    yield f"{tag('script', {'type': 'application/json', 'id': 'files'})}{files_json}</script>"
    code = (resources("generator.publish") / "single.js").read_text(encoding="utf-8")
    yield f"<script>\n{code}</script>"


def _loaded_names(layer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the files that the script of a layer's page loads: see ``site/data.py``."""
    filters = layer["filters"]
    for technique in layer["techniques"]:
        yield from (f"{technique['slug']}-{number:03d}.webp" for number in range(-(-len(filters) // PER_SHEET)))
        suffixes = technique["file"]
        for place, index in enumerate(filters):
            if place not in technique["none"]:
                yield f"{index:04d}{suffixes if isinstance(suffixes, str) else suffixes[place]}"
