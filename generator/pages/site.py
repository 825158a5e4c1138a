"""Writes a site: every page, its pictures and the manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from generator.analysis.filter_views import ImageFile
from generator.config import Config
from generator.digests import digest
from generator.pages.comparison import Comparison
from generator.pages.diagram.drawing import drawing
from generator.pages.embedding import embed_pages
from generator.pages.fingerprint import PlannedModel, inputs_digest, note_site, noted_times, unchanged_site
from generator.pages.gather import model_view
from generator.pages.gather_comparisons import comparisons
from generator.pages.layout import Layout, make_layout
from generator.pages.manifest import model_record
from generator.pages.templating import Templates, open_templates
from generator.pages.views import FilterView, LayerView, ModelView
from generator.site.data import SITE_DATA, layer_data, model_data, site_data
from generator.site.folder import Changes, Content, write_files
from generator.site.listing import MANIFEST_SCHEMA, count_filters, listed_files
from generator.site.manifest import manifest_json, schema_json
from generator.site.records import Layer, Model
from generator.store import Store


@dataclass(frozen=True)
class Written:
    """What writing the site changed, and the verdicts on the filters that it shows.

    ``changes`` are None if nothing had changed since it was last written.
    """

    written: int
    unchanged: int
    deleted: int
    verdicts: Counter[str]
    changes: Changes | None = None

    def after(self, former: Sequence[Changes]) -> Written:
        """Return what was changed, together, by former writes of the site and by this last one."""
        if self.changes is None or not former:
            return self
        changes = self.changes.after(former)
        return Written(changes.written, changes.unchanged, changes.deleted, self.verdicts, changes)


def check_templates(config: Config) -> None:
    """Check the owner's templates before anything is rendered.

    Raises ConfigError with a line for each that is wrong.
    """
    open_templates(config.branding.templates)


def write_site(config: Config, models: Sequence[PlannedModel], store: Store, keep_all: bool = False) -> Written:
    """Write the site: everything that the store holds of these models' tasks.

    With ``keep_all`` filters that the store has in the tasks' record groups are shown as well, if no task has them.

    Raises UsageError if the output folder cannot be written, or a blob of the store is damaged.
    """
    written = _write(config, models, store, keep_all)
    assert written is not None
    return written


@dataclass
class Kept:
    """What one writing of a growing site leaves to the next: its templates, and each layer's pages, by their state."""

    templates: Templates | None = None
    pages: dict[str, tuple[str, list[tuple[str, Content]]]] = field(default_factory=dict)

    def unless_changed(
        self, layer: str, state: str, pages: Iterator[tuple[str, Content]]
    ) -> Iterator[tuple[str, Content]]:
        """Yield the pages of a layer, named by its own: as they were if it is in the same state, else ``pages``."""
        if layer not in self.pages or self.pages[layer][0] != state:
            self.pages[layer] = state, list(pages)
        yield from self.pages[layer][1]


def grow_site(
    config: Config, models: Sequence[PlannedModel], store: Store, keep_all: bool = False, kept: Kept | None = None
) -> Written | None:
    """Write what there is of a site that is being built, as ``write_site`` does; the rest is said to be coming.

    Models are compared when none of their filters are coming. None, and nothing is written, if the site that is there
    shows more filters, or has more files: what a finished one has and a growing one has not.
    The pages of layers that are as they were are those that were ``kept``.
    Raises UsageError as ``write_site`` does.
    """
    return _write(config, models, store, keep_all, kept or Kept())


def _write(
    config: Config, models: Sequence[PlannedModel], store: Store, keep_all: bool, kept: Kept | None = None
) -> Written | None:
    """Write a site, a growing one if there is something ``kept`` of it."""
    growing = kept is not None
    templates = (kept and kept.templates) or open_templates(config.branding.templates)
    if kept:
        kept.templates = templates
    layout = make_layout(config.title, config.branding, templates)
    inputs = inputs_digest(config, models, layout, templates, store, keep_all, growing)
    if unchanged := unchanged_site(config.output, store, inputs):
        count, counted = unchanged
        return Written(0, count, 0, Counter(counted))
    views = [model_view(*planned, store, keep_all, growing) for planned in models]
    former = listed_files(config.output) if growing else {}
    if sum(view.filters for view in views) < count_filters(former):
        return None
    records = [model_record(view) for view in views]
    compared = comparisons(config, [view for view in views if not view.coming], store)
    files = dict(_pages(templates, layout, views, records, compared, kept))
    for view in views:
        files.update(_pictures(view, store))
    if len(files) < len(former):
        return None
    times = noted_times(config.output, store)
    changes = write_files(config.output, files, lambda listing: manifest_json(config.title, records, listing), times)
    verdicts: Counter[str] = Counter(
        filter_view.verdict for view in views for layer in view.layers for filter_view in layer.filters
    )
    note_site(config.output, store, inputs, verdicts, changes.times)
    return Written(changes.written, changes.unchanged, changes.deleted, verdicts, changes)


def _pages(
    templates: Templates,
    layout: Layout,
    views: Sequence[ModelView],
    records: Sequence[Model],
    compared: Sequence[Comparison],
    kept: Kept | None,
) -> Iterator[tuple[str, Content]]:
    unfolded = any(view.trees for view in views)
    yield from ((path, file) for path, file in layout.files.items() if unfolded or path != layout.assets["tree"])

    def page(template: str, path: str, **values: Any) -> tuple[str, Content]:
        html = templates.render(template, {**layout.values(path), "models": views, "compared": compared, **values})
        return path, Content.packed(html.encode())

    yield page("home.html", "index.html", introduction=layout.introduction)
    yield page("reading.html", "reading.html")
    yield page("404.html", "404.html")
    yield ".nojekyll", Content.of(b"")
    yield MANIFEST_SCHEMA, Content.of(schema_json())
    yield SITE_DATA, Content.of(site_data(records))
    for view, record in zip(views, records, strict=True):
        links = [(f"{pair.a.name}, {pair.b.name}", pair.page) for pair in compared if pair.a.slug == view.slug]
        yield f"data/{view.slug}.js", Content.of(model_data(record, links))
        yield page("model.html", view.page, model=view, drawing=drawing(view.summary, view.by_index))
        for path, values in embed_pages(view):
            yield page("embed.html", path, **values)
        for (before, layer, after), layer_record in zip(_neighbours(view.layers), record.layers, strict=True):
            pages = _layer_pages(page, view, layer, layer_record, before, after)
            if kept:
                beside = [other and other.page for other in (before, after)]
                state = [layer_record.model_dump_json(), beside, view.coming_of(layer.layer), len(view.photos)]
                pages = kept.unless_changed(layer.page, digest(state), pages)
            yield from pages
    yield from _comparison_pages(page, compared)


def _layer_pages(
    page: Callable[..., tuple[str, Content]],
    view: ModelView,
    layer: LayerView,
    record: Layer,
    before: LayerView | None,
    after: LayerView | None,
) -> Iterator[tuple[str, Content]]:
    """Yield the pages of a layer and its filters; ``page`` renders a template with its values to a path."""
    data = layer_data(record)
    yield page("layer.html", layer.page, model=view, layer=layer, data=data, before=before, after=after)
    for left, shown, right in _neighbours(layer.filters):
        yield page("filter.html", shown.page, model=view, layer=layer, filter=shown, before=left, after=right)
        if (layer.layer.index, shown.index) in view.trees:
            yield page("tree.html", shown.tree, model=view, layer=layer, filter=shown)


def _comparison_pages(
    page: Callable[..., tuple[str, Content]], compared: Iterable[Comparison]
) -> Iterator[tuple[str, Content]]:
    """Yield the pages of comparisons; ``page`` renders a template with its values to a path."""
    for comparison in compared:
        yield page("compare.html", comparison.page, comparison=comparison)
        for before, pair, after in _neighbours(comparison.layers):
            values = {"comparison": comparison, "pair": pair, "before": before, "after": after}
            yield page("compare-layer.html", pair.page, **values)


def _neighbours(items: Sequence[Any]) -> Iterator[tuple[Any, Any, Any]]:
    """Yield each item with the one before it and the one after it; None where there is none."""
    yield from zip([None, *items], items, [*items[1:], None], strict=False)


def _pictures(view: ModelView, store: Store) -> Iterator[tuple[str, Content]]:
    for file in _files(view):
        path = store.blob_path(file.blob)
        yield file.path, Content(file.blob, path.stat().st_size, lambda blob=file.blob: store.blob(blob))  # type: ignore[misc]


def _files(view: ModelView) -> Iterator[ImageFile]:
    yield from (file for _, file in view.photos)
    yield from view.dataset.files if view.dataset else ()
    for layer in view.layers:
        yield from (sheet for technique in layer.techniques for sheet in technique.sheets)
        yield from filter(None, [layer.best_sheet, layer.contact])
        for shown in layer.filters:
            yield from _filter_files(shown)
    for coming in view.coming:
        yield from (face.file for face in coming.faces if face.file)


def _filter_files(view: FilterView) -> Iterator[ImageFile]:
    for picture in view.pictures:
        yield picture.file
        yield from (file for _, file in picture.snapshots)
        if picture.channels:
            yield picture.channels
    yield from (m.file for m in view.maps)
    if view.kernel:
        yield view.kernel.file
    if view.evidence:
        yield from filter(None, [view.evidence.best_file, view.evidence.others_file])
