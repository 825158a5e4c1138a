"""What the templates show: plain values, gathered from the models' cards and the store's records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from generator.config.values import ModelEntry, RenderSettings
from generator.models.card import ConvLayer, ModelCard
from generator.pages.verdict import CONVERGED, DEAD, WEAK, verdict
from generator.plan import FEATURE_MAP, KERNEL, PICTURE, PhotoIdentity, Task
from generator.store import Store

Entry = dict[str, Any]


@dataclass(frozen=True)
class File:
    """A picture of the site: where it is, relative to the root, which blob it is, and its pixels."""

    path: str
    blob: str
    width: int
    height: int


@dataclass(frozen=True)
class FeatureMap:
    """A filter's answer to a photo; ``seen`` is the photo as the network sees it."""

    photo: str
    seen: File
    file: File
    response: float
    peak: float


@dataclass(frozen=True)
class KernelView:
    """A filter's raw weights; ``inputs`` are (channel, share) of the slices shown, ``of`` how many there are."""

    file: File
    colour: bool
    inputs: tuple[tuple[int, float], ...]
    of: int


@dataclass(frozen=True)
class FilterView:
    """Everything on one filter's page; ``reached`` is the largest response seen from the start to the end."""

    index: int
    page: str
    picture: File
    growth: tuple[tuple[int, File], ...]
    settings: RenderSettings
    score: float
    reached: float
    trace: tuple[float, ...]
    maps: tuple[FeatureMap, ...]
    kernel: KernelView | None

    @cached_property
    def best_photo(self) -> FeatureMap | None:
        """Return the photo that excites the filter most."""
        return max(self.maps, key=lambda m: m.response, default=None)

    @cached_property
    def verdict(self) -> str:
        """Return the verdict on the picture."""
        return verdict(self.score, self.reached, [m.response for m in self.maps])


@dataclass(frozen=True)
class LayerView:
    """One convolutional layer with the filters that are shown."""

    layer: ConvLayer
    page: str
    filters: tuple[FilterView, ...]

    @cached_property
    def best(self) -> tuple[FilterView, ...]:
        """Return the filters whose pictures excite them, the strongest first."""
        rank = {CONVERGED: 0, WEAK: 1, DEAD: 2}
        return tuple(sorted(self.filters, key=lambda f: (rank[f.verdict], -f.score, f.index)))

    def count(self, which: str) -> int:
        """Return how many filters have a verdict."""
        return sum(f.verdict == which for f in self.filters)


@dataclass(frozen=True)
class ModelView:
    """One model with the layers that are shown; ``photos`` as the network sees them."""

    name: str
    slug: str
    entry: ModelEntry
    card: ModelCard
    page: str
    layers: tuple[LayerView, ...]
    photos: tuple[tuple[str, File], ...]

    @cached_property
    def by_index(self) -> dict[int, LayerView]:
        """Return the layers by their index on the card."""
        return {view.layer.index: view for view in self.layers}

    @property
    def wall(self) -> tuple[LayerView, ...]:
        """Return at most 14 layers, spread from the first to the last."""
        count = min(14, len(self.layers))
        return tuple(self.layers[round(i * (len(self.layers) - 1) / max(1, count - 1))] for i in range(count))

    @property
    def filters(self) -> int:
        """Return how many filters are shown."""
        return sum(len(view.filters) for view in self.layers)

    def count(self, which: str) -> int:
        """Return how many filters have a verdict."""
        return sum(view.count(which) for view in self.layers)


class _Results:
    """A model's results by technique, photo, layer and filter, whichever batches they were made in."""

    def __init__(self, tasks: Iterable[Task], store: Store, keep_all: bool) -> None:
        self._keep_all = keep_all
        self._entries: dict[tuple[str, PhotoIdentity | None, int, int], Entry] = {}
        self._records: dict[tuple[str, PhotoIdentity | None, int], Entry] = {}
        self.settings: dict[int, RenderSettings] = {}
        # Of two tasks for one filter the later wins: what is asked for now over what is configured.
        # Two photos may be one and the same picture: one shelf, shown under both names.
        shelves: dict[tuple[str, PhotoIdentity | None], tuple[Task, set[int], list[str]]] = {}
        for task in tasks:
            _, wanted, keys = shelves.setdefault((task.shelf, task.photo), (task, set(), []))
            wanted.update(task.filters)
            keys.append(task.key)
        for (shelf, _), (task, wanted, keys) in shelves.items():
            self._gather(task, wanted, keys, list(store.shelf(shelf)))

    def _gather(self, task: Task, wanted: set[int], keys: list[str], found: list[tuple[str, Entry]]) -> None:
        """Take each wanted filter from the plan's own batches where they are done, else from any other."""
        records = dict(found)
        for key in [key for key in records if key not in keys] + [key for key in keys if key in records]:
            for entry in records[key]["filters"]:
                if self._keep_all or entry["filter"] in wanted:
                    self._entries[task.technique, task.photo, task.layer.index, entry["filter"]] = {
                        **entry,
                        "size": entry.get("size") or records[key]["size"],
                    }
            self._records[task.technique, task.photo, task.layer.index] = records[key]
            if task.settings:
                self.settings[task.layer.index] = task.settings

    def filters(self, layer: int) -> list[int]:
        """Return the filters of a layer that have a picture."""
        return sorted(key[3] for key in self._entries if key[0] == PICTURE and key[2] == layer)

    def entry(self, technique: str, photo: PhotoIdentity | None, layer: int, index: int) -> Entry | None:
        return self._entries.get((technique, photo, layer, index))

    def photo_blob(self, photo: PhotoIdentity) -> str | None:
        """Return the photo as the network sees it, if anything was made of it."""
        found = [r for (technique, p, _), r in self._records.items() if technique == FEATURE_MAP and p == photo]
        return found[0]["photo"] if found else None


def model_view(
    entry: ModelEntry,
    card: ModelCard,
    photos: Sequence[PhotoIdentity],
    tasks: Iterable[Task],
    store: Store,
    keep_all: bool = False,
) -> ModelView:
    """Gather what the store holds of a model's tasks."""
    results = _Results(tasks, store, keep_all)
    shown: dict[PhotoIdentity, File] = {}
    for photo in photos:
        if blob := results.photo_blob(photo):
            shown[photo] = File(f"{entry.slug}/photo-{len(shown)}.webp", blob, photo.size[1], photo.size[0])
    layers = []
    for layer in card.layers:
        folder = f"{entry.slug}/{layer.slug}"
        if filters := tuple(_filter(results, shown, layer, folder, index) for index in results.filters(layer.index)):
            layers.append(LayerView(layer, f"{folder}/index.html", filters))
    seen = tuple((photo.name, file) for photo, file in shown.items())
    return ModelView(entry.name, entry.slug, entry, card, f"{entry.slug}/index.html", tuple(layers), seen)


def _filter(
    results: _Results, photos: Mapping[PhotoIdentity, File], layer: ConvLayer, folder: str, index: int
) -> FilterView:
    stem = f"{folder}/{index:04d}"
    own = results.entry(PICTURE, None, layer.index, index)
    assert own is not None
    width, height = own["size"]
    growth = tuple(
        (step, File(f"{stem}-growth-{n}.webp", blob, width, height)) for n, (step, blob) in enumerate(own["growth"])
    )
    return FilterView(
        index=index,
        page=f"{stem}.html",
        picture=File(f"{stem}-picture.webp", own["picture"], width, height),
        growth=growth,
        settings=results.settings[layer.index],
        score=own["score"],
        reached=own["reached"],
        trace=tuple(own["trace"]),
        maps=tuple(_maps(results, photos, layer, stem, index)),
        kernel=_kernel(results.entry(KERNEL, None, layer.index, index), stem),
    )


def _maps(
    results: _Results, photos: Mapping[PhotoIdentity, File], layer: ConvLayer, stem: str, index: int
) -> Iterable[FeatureMap]:
    for number, (photo, seen) in enumerate(photos.items()):
        if entry := results.entry(FEATURE_MAP, photo, layer.index, index):
            file = File(f"{stem}-feature-map-{number}.webp", entry["map"], *entry["size"])
            yield FeatureMap(photo.name, seen, file, entry["response"], entry["peak"])


def _kernel(entry: Entry | None, stem: str) -> KernelView | None:
    if entry is None:
        return None
    inputs = tuple(zip(entry["inputs"], entry["shares"], strict=True))
    return KernelView(
        File(f"{stem}-kernel.webp", entry["kernel"], *entry["size"]), entry["colour"], inputs, entry["of"]
    )
