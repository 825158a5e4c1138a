"""Make every page of a site."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from generator import __version__, assets
from generator.config import Config, ModelEntry
from generator.models.card import ModelCard
from generator.pages import text
from generator.pages.manifest import manifest
from generator.pages.output import Content, write_files
from generator.pages.views import LayerView, ModelView, model_view
from generator.plan import PhotoIdentity, Task
from generator.store import Store

Gathered = tuple[ModelEntry, ModelCard, Sequence[PhotoIdentity], Iterable[Task]]


@dataclass(frozen=True)
class Written:
    """What writing the site changed, and the verdicts on the filters that it shows."""

    written: int
    unchanged: int
    deleted: int
    verdicts: Counter[str]


def write_site(config: Config, models: Iterable[Gathered], store: Store, keep_all: bool = False) -> Written:
    """Write the site of everything that the store holds of these models' tasks.

    With ``keep_all`` filters that are on the tasks' shelves without being asked for are shown as well.

    Raises UsageError if the output folder cannot be written, or a blob of the store is damaged.
    """
    views = [model_view(*gathered, store, keep_all) for gathered in models]
    files = dict(_pages(config.title, views))
    for view in views:
        files.update(_pictures(view, store))
    changes = write_files(config.output, files, lambda listing: _json(manifest(config.title, views, listing)))
    verdicts = Counter(one.verdict for view in views for layer in view.layers for one in layer.filters)
    return Written(changes.written, changes.unchanged, changes.deleted, verdicts)


def environment(folder: Path) -> Environment:
    """Return the template environment: everything is escaped, and a misspelt name is an error."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(text.FILTERS)
    return made


def _pages(title: str, views: Sequence[ModelView]) -> Iterator[tuple[str, Content]]:
    templates = environment(assets.templates_path())
    static = assets.templates_path() / "static"
    named: dict[str, str] = {}
    for source in (static / "site.css", static / "site.js"):
        content = source.read_bytes()
        path = f"assets/site-{hashlib.sha256(content).hexdigest()[:10]}{source.suffix}"
        named[source.suffix[1:]] = path
        yield path, Content.of(content)

    def page(template: str, path: str, **values: Any) -> tuple[str, Content]:
        root = "../" * path.count("/")
        shared = {"site_title": title, "root": root, "assets": named, "models": views, "version": __version__}
        html = templates.get_template(template).render(**shared, **values)
        return path, Content.of(html.encode())

    yield page("home.html", "index.html")
    yield page("reading.html", "reading.html")
    yield page("404.html", "404.html")
    yield ".nojekyll", Content.of(b"")
    yield "manifest.schema.json", Content.of(assets.manifest_schema())
    for view in views:
        yield page("model.html", view.page, model=view)
        for before, layer, after in _neighbours(view.layers):
            yield page("layer.html", layer.page, model=view, layer=layer, before=before, after=after)
            for left, one, right in _neighbours(layer.filters):
                values = {"model": view, "layer": layer, "filter": one, "before": left, "after": right}
                yield page("filter.html", one.page, **values)


def _neighbours(items: Sequence[Any]) -> Iterator[tuple[Any, Any, Any]]:
    for place, item in enumerate(items):
        after = items[place + 1] if place + 1 < len(items) else None
        yield (items[place - 1] if place else None), item, after


def _pictures(view: ModelView, store: Store) -> Iterator[tuple[str, Content]]:
    for file in _files(view):
        path = store.blob_path(file.blob)
        yield file.path, Content(file.blob, path.stat().st_size, lambda blob=file.blob: store.blob(blob))  # type: ignore[misc]


def _files(view: ModelView) -> Iterator[Any]:
    yield from (file for _, file in view.photos)
    layers: Iterable[LayerView] = view.layers
    for one in (one for layer in layers for one in layer.filters):
        for picture in one.pictures:
            yield picture.file
            yield from (file for _, file in picture.growth)
            if picture.channels:
                yield picture.channels
        yield from (m.file for m in one.maps)
        if one.kernel:
            yield one.kernel.file


def _json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=False, ensure_ascii=False, allow_nan=False) + "\n").encode()
