"""Makes the views of models, layers and filters from the models' summaries and the store's records."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from generator.analysis.filter_views import FeatureMapView, ImageFile, KernelView, PooledMap
from generator.config.values import ModelEntry
from generator.models.summary import ConvLayer, ModelSummary
from generator.pages.answers import answer_names
from generator.pages.circuits import Circuits
from generator.pages.coming import MOST_FACES, ComingFilter, ComingLayer
from generator.pages.evidence import Evidence
from generator.pages.pictures import pictures_of
from generator.pages.sheets.contact import contact_sheet
from generator.pages.sheets.techniques import best, techniques
from generator.pages.sheets.thumbnails import with_sheets
from generator.pages.stored_records import Entry, StoredRecords
from generator.pages.views import FilterView, LayerView, ModelView
from generator.plan import PICTURE, PhotoIdentity, Task
from generator.site.sheets import BEST
from generator.store import Store


def model_view(
    entry: ModelEntry,
    summary: ModelSummary,
    photos: Sequence[PhotoIdentity],
    tasks: Iterable[Task],
    store: Store,
    keep_all: bool = False,
    growing: bool = False,
) -> ModelView:
    """Return the view of a model: everything that the store holds of its tasks.

    With ``keep_all`` also what it holds in their record groups of filters that no task has. With ``growing`` the view
    says of the others that they are coming, and leaves out what takes long: contact sheets, and what filters are
    made of.
    """
    tasks = list(tasks)
    records = StoredRecords(tasks, store, keep_all)
    photo_files: dict[PhotoIdentity, ImageFile] = {}
    for photo in photos:
        if blob := records.photo_blob(photo):
            photo_files[photo] = ImageFile(
                f"{entry.slug}/photo-{len(photo_files)}.webp", blob, photo.size[1], photo.size[0]
            )
    layers, coming = [], []
    shown_filters = {layer.index: indices for layer in summary.layers if (indices := records.filters(layer.index))}
    awaited = _awaited(tasks, shown_filters) if growing else {}
    every = {
        index: sorted({*shown_filters.get(index, ()), *awaited.get(index, ())}) for index in shown_filters | awaited
    }
    evidence = Evidence(entry, summary, every, store)
    circuits = None if growing else Circuits(summary, evidence.looked, photos, store)
    for layer in summary.layers:
        folder = f"{entry.slug}/{layer.slug}"
        indices = shown_filters.get(layer.index, [])
        names = answer_names(entry, layer, evidence)
        if filters := tuple(
            _filter(records, photo_files, layer, folder, index, evidence, circuits, names) for index in indices
        ):
            on_images = evidence.responses(layer, indices)
            view = LayerView(layer, f"{folder}/index.html", filters, on_images=on_images)
            layers.append(_with_sheets(view, entry.name, folder, store, with_contact=not growing))
        if others := awaited.get(layer.index):
            faces = (
                _coming(records, photo_files, layer, folder, index, evidence, names) for index in others[:MOST_FACES]
            )
            coming.append(ComingLayer(layer, len(others), len(others) + len(indices), tuple(faces)))
    named_photos = tuple((photo.name, file) for photo, file in photo_files.items())
    planned, shown = {task.layer.index for task in tasks}, {view.layer.index for view in layers}
    missing = tuple(layer for layer in summary.layers if layer.index in planned - shown - awaited.keys())
    return ModelView(
        entry.name,
        entry.slug,
        entry,
        summary,
        f"{entry.slug}/index.html",
        tuple(layers),
        named_photos,
        missing,
        evidence.dataset,
        tuple(coming),
    )


def _awaited(tasks: Iterable[Task], shown: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
    """Return the filters of each layer that tasks will make pictures of, the next first."""
    awaited: dict[int, dict[int, None]] = {}
    for task in tasks:
        if task.technique == PICTURE:
            own = awaited.setdefault(task.layer.index, {})
            own.update(dict.fromkeys(index for index in task.filters if index not in shown.get(task.layer.index, ())))
    return {layer: list(filters) for layer, filters in awaited.items() if filters}


def _coming(
    records: StoredRecords,
    photos: Mapping[PhotoIdentity, ImageFile],
    layer: ConvLayer,
    folder: str,
    index: int,
    evidence: Evidence,
    names: Sequence[str],
) -> ComingFilter:
    stem, label = f"{folder}/{index:04d}", names[index] if names else str(index)
    of_dataset = evidence.of(layer, index, stem)
    if of_dataset and of_dataset.best_file and of_dataset.fires:
        return ComingFilter(label, of_dataset.best_file, "example")
    for feature_map in _maps(records, photos, layer, stem, index):
        return ComingFilter(label, feature_map.file, "feature map")
    kernel = _kernel(records.kernel(layer.index, index), stem)
    return ComingFilter(label, kernel.file if kernel else None, "kernel" if kernel else "")


def _with_sheets(view: LayerView, model: str, folder: str, store: Store, with_contact: bool) -> LayerView:
    of_layer = tuple(with_sheets(technique, folder, store) for technique in techniques(view.filters))
    strongest = with_sheets(best(view.best[:BEST]), folder, store)
    contact = contact_sheet(view, model, folder, store) if with_contact else None
    return replace(view, techniques=of_layer, best_sheet=strongest.sheets[0], contact=contact)


def _filter(
    records: StoredRecords,
    photos: Mapping[PhotoIdentity, ImageFile],
    layer: ConvLayer,
    folder: str,
    index: int,
    evidence: Evidence,
    circuits: Circuits | None,
    names: Sequence[str],
) -> FilterView:
    stem = f"{folder}/{index:04d}"
    of_dataset = evidence.of(layer, index, stem)
    return FilterView(
        index=index,
        page=f"{stem}.html",
        pictures=pictures_of(records, photos, layer, stem, index, of_dataset),
        maps=tuple(_maps(records, photos, layer, stem, index)),
        kernel=_kernel(records.kernel(layer.index, index), stem),
        evidence=of_dataset,
        circuit=circuits.of(layer, index) if circuits else None,
        name=names[index] if names else "",
    )


def _maps(
    records: StoredRecords, photos: Mapping[PhotoIdentity, ImageFile], layer: ConvLayer, stem: str, index: int
) -> Iterable[FeatureMapView]:
    for number, (photo, seen) in enumerate(photos.items()):
        if entry := records.activations(photo, layer.index).get(index):
            file = ImageFile(f"{stem}-feature-map-{number}.webp", entry["map"], *entry["size"])
            pooled = entry["sketch"]
            pooled_map = PooledMap(pooled["low"], pooled["high"], base64.b64decode(pooled["cells"]))
            yield FeatureMapView(
                photo.name, seen, file, entry["response"], entry["peak"], entry["places"], pooled_map, number
            )


def _kernel(entry: Entry | None, stem: str) -> KernelView | None:
    if entry is None:
        return None
    inputs = tuple(zip(entry["inputs"], entry["shares"], strict=True))
    file = ImageFile(f"{stem}-kernel.webp", entry["kernel"], *entry["size"])
    similar = tuple((other, cosine) for other, cosine in entry["alike"])
    return KernelView(file, entry["colour"], inputs, entry["of"], similar)
