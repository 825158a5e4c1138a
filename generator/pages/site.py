"""Make every page of a site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from generator.config import Config
from generator.pages.comparison import Comparison
from generator.pages.diagram.drawing import drawing
from generator.pages.embedding import embedded
from generator.pages.fingerprint import Gathered, inputs_digest, note, still_there
from generator.pages.gather import model_view
from generator.pages.gather_comparisons import comparisons
from generator.pages.layout import Shell, make_shell
from generator.pages.manifest import model_record
from generator.pages.templating import Templates, open_templates
from generator.pages.views import LayerView, ModelView
from generator.site.data import SITE_DATA, layer_data, model_data, site_data
from generator.site.folder import Content, write_files
from generator.site.listing import MANIFEST_SCHEMA
from generator.site.manifest import manifest_json, schema_json
from generator.site.records import Model
from generator.store import Store


@dataclass(frozen=True)
class Written:
    """What writing the site changed, and the verdicts on the filters that it shows."""

    written: int
    unchanged: int
    deleted: int
    verdicts: Counter[str]


def check_templates(config: Config) -> None:
    """Make sure that pages can be made with the owner's templates, before anything is rendered for them.

    Raises ConfigError with a line for each that is wrong.
    """
    open_templates(config.branding.templates)


def write_site(config: Config, models: Sequence[Gathered], store: Store, keep_all: bool = False) -> Written:
    """Write the site of everything that the store holds of these models' tasks.

    With ``keep_all`` filters that are on the tasks' shelves without being asked for are shown as well.

    Raises UsageError if the output folder cannot be written, or a blob of the store is damaged.
    """
    templates = open_templates(config.branding.templates)
    shell = make_shell(config.title, config.branding, templates)
    inputs = inputs_digest(config, models, shell, templates, store, keep_all)
    if kept := still_there(config.output, store, inputs):
        return Written(0, kept[0], 0, Counter(kept[1]))
    views = [model_view(*gathered, store, keep_all) for gathered in models]
    records = [model_record(view) for view in views]
    files = dict(_pages(templates, shell, views, records, comparisons(config, views, store)))
    for view in views:
        files.update(_pictures(view, store))
    changes = write_files(config.output, files, lambda listing: manifest_json(config.title, records, listing))
    verdicts: Counter[str] = Counter(one.verdict for view in views for layer in view.layers for one in layer.filters)
    note(config.output, store, inputs, verdicts)
    return Written(changes.written, changes.unchanged, changes.deleted, verdicts)


def _pages(
    templates: Templates,
    shell: Shell,
    views: Sequence[ModelView],
    records: Sequence[Model],
    compared: Sequence[Comparison],
) -> Iterator[tuple[str, Content]]:
    yield from shell.files.items()

    def page(template: str, path: str, **values: Any) -> tuple[str, Content]:
        html = templates.render(template, {**shell.values(path), "models": views, "compared": compared, **values})
        return path, Content.packed(html.encode())

    yield page("home.html", "index.html", introduction=shell.introduction)
    yield page("reading.html", "reading.html")
    yield page("404.html", "404.html")
    yield ".nojekyll", Content.of(b"")
    yield MANIFEST_SCHEMA, Content.of(schema_json())
    yield SITE_DATA, Content.of(site_data(records))
    for view, record in zip(views, records, strict=True):
        own = [(f"{one.a.name}, {one.b.name}", one.page) for one in compared if one.a.slug == view.slug]
        yield f"data/{view.slug}.js", Content.of(model_data(record, own))
        yield page("model.html", view.page, model=view, drawing=drawing(view.summary, view.by_index))
        for path, values in embedded(view):
            yield page("embed.html", path, **values)
        for (before, layer, after), layer_record in zip(_neighbours(view.layers), record.layers, strict=True):
            data = layer_data(layer_record)
            yield page("layer.html", layer.page, model=view, layer=layer, data=data, before=before, after=after)
            for left, one, right in _neighbours(layer.filters):
                values = {"model": view, "layer": layer, "filter": one, "before": left, "after": right}
                yield page("filter.html", one.page, **values)
    yield from _comparison_pages(page, compared)


def _comparison_pages(
    page: Callable[..., tuple[str, Content]], compared: Iterable[Comparison]
) -> Iterator[tuple[str, Content]]:
    """Yield the pages of comparisons; ``page`` makes one of a template, its path and the values that it shows."""
    for one in compared:
        yield page("compare.html", one.page, comparison=one)
        for before, layer, after in zip([None, *one.layers], one.layers, [*one.layers[1:], None], strict=False):
            yield page("compare-layer.html", layer.page, comparison=one, pair=layer, before=before, after=after)


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
    for layer in view.layers:
        yield from (sheet for technique in layer.techniques for sheet in technique.sheets)
        yield from filter(None, [layer.best_sheet, layer.contact])
    layers: Iterable[LayerView] = view.layers
    for one in (one for layer in layers for one in layer.filters):
        for picture in one.pictures:
            yield picture.file
            yield from (file for _, file in picture.snapshots)
            if picture.channels:
                yield picture.channels
        yield from (m.file for m in one.maps)
        if one.kernel:
            yield one.kernel.file
