"""The results of a dataset as the store holds them: which images, in which records, and what they say together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from generator.arrays import layers_from_bytes
from generator.dataset.boxes import Fields
from generator.dataset.chunk import LayerChunk
from generator.dataset.evidence import Example, LayerEvidence, Part, merged
from generator.digests import digest
from generator.errors import GalleryError
from generator.store import Store

VERSION = 2
"""Raised when the same images give other records than before."""

TECHNIQUE = "dataset"

Key = tuple[str, str]
"""An image by its digest and its class: the same image in another class is another one."""


@dataclass(frozen=True)
class Looked:
    """The images that a model was looked at on, in their order, and the keys of the records of what was seen.

    A label is a place in ``classes``, or negative. ``size`` is the (height, width) at which they were fed. ``total``
    is how many images the dataset has, ``left_out`` how many of those that were taken could not be used. Where images
    are not to be shown, unless ``publish``, ``names`` are numbers.
    """

    dataset: str
    model: str
    record_group: str
    keys: tuple[str, ...]
    names: tuple[str, ...]
    labels: tuple[int, ...]
    classes: tuple[str, ...]
    digests: tuple[str, ...]
    size: tuple[int, int]
    publish: bool
    examples: int
    total: int
    left_out: int

    def to_json(self) -> dict[str, Any]:
        """Return it as the store keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, entry: Mapping[str, Any] | None, model: str) -> Looked | None:
        """Return what the store has, None if that is nothing, or of a model of another digest."""
        if entry is None or entry["model"] != model:
            return None
        values = {field.name: entry[field.name] for field in fields(cls)}
        tuples = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        count = len(tuples["names"])
        if not len(tuples["labels"]) == len(tuples["digests"]) == count:
            return None
        if any(label >= len(tuples["classes"]) for label in tuples["labels"]):
            return None
        return cls(**{**values, **tuples})

    @property
    def identity(self) -> str:
        """Return a digest of the images and of how they were fed, whatever they are called."""
        return digest([self.record_group, self.digests])

    @property
    def class_counts(self) -> list[int]:
        """Return how many of the images each class has."""
        counts = Counter(self.labels)
        return [counts[place] for place in range(len(self.classes))]

    def class_of(self, image: int) -> str:
        """Return the name of an image's class, empty where it has none."""
        label = self.labels[image]
        return self.classes[label] if label >= 0 else ""


@dataclass(frozen=True, eq=False)
class LayerImages:
    """The evidence on a layer, with what its units see: its map's (height, width) and its receptive fields."""

    evidence: LayerEvidence
    map: tuple[int, int]
    fields: Fields


def record_group_of(model: str, size: tuple[int, int], examples: int, scale: float) -> str:
    """Return the record group of a model's chunks: those that differ in their images alone."""
    subject = {"technique": TECHNIQUE, "version": VERSION, "model": model, "size": size, "examples": examples}
    return digest({**subject, "scale": scale})


def key_of(record_group: str, images: Iterable[Key], layers: Sequence[int]) -> str:
    """Return the key of a chunk of some images and layers."""
    return digest([record_group, sorted(images), sorted(layers)])


def covering(
    records: Iterable[tuple[str, Mapping[str, Any]]], wanted: Iterable[Key], layers: Iterable[int]
) -> tuple[list[str], set[Key], dict[Key, str]]:
    """Return the keys of records that together are of some of the wanted images, of each once, in all the layers.

    Also the images that they are of, and why each of those that could not be used could not.
    """
    left, needed = set(wanted), set(layers)
    keys, covered, unread = [], set(), {}
    found = []
    for key, record in records:
        if record["technique"] == TECHNIQUE and needed <= {layer["layer"] for layer in record["layers"]}:
            failed = {(content, label): why for content, label, why in record["unread"]}
            found.append((key, {(content, label) for content, label in record["images"]} | failed.keys(), failed))
    for key, own, failed in sorted(found, key=lambda item: (-len(item[1]), item[0])):
        if own and own <= left:
            left -= own
            covered |= own
            unread.update(failed)
            keys.append(key)
    return keys, covered, unread


def layer_evidence(store: Store, looked: Looked, layers: Iterable[int]) -> dict[int, LayerImages]:
    """Return what the store's records say together of some layers, by their index.

    A layer that not all records are of is left out. Raises GalleryError if a record's numbers are damaged.
    """
    records = [record for key in looked.keys if (record := store.record(looked.record_group, key))]
    if len(records) < len(looked.keys):
        return {}
    place_of = {(content, looked.class_of(place)): place for place, content in enumerate(looked.digests)}
    own_layers = [{layer["layer"]: layer for layer in record["layers"]} for record in records]
    common = [layer for layer in layers if all(layer in own for own in own_layers)]
    parts: dict[int, list[Part]] = {layer: [] for layer in common}
    count_of: Counter[str] = Counter()
    classes = list(looked.classes)
    for record in records:
        images = np.array([place_of[content, label] for content, label in record["images"]], np.int64)
        count_of.update(label for _, label in record["images"])
        if not len(images):
            continue
        for layer, chunk in _chunks(store, record["numbers"], common).items():
            by_class = np.zeros((len(classes), chunk.by_class.shape[1]))
            for row, name in enumerate(record["classes"]):
                by_class[classes.index(name)] += chunk.by_class[row]
            parts[layer].append(Part(chunk, images, record["threshold"], by_class))
    counts = [count_of[name] for name in classes]
    return {
        layer: LayerImages(
            merged(of_layer, looked.digests, counts, looked.examples),
            tuple(own_layers[0][layer]["map"]),
            _fields(own_layers[0][layer]["fields"]),
        )
        for layer, of_layer in parts.items()
        if of_layer
    }


def _chunks(store: Store, blob: str, layers: Sequence[int]) -> dict[int, LayerChunk]:
    try:
        return layers_from_bytes(LayerChunk, store.blob(blob), layers)
    except ValueError:
        raise GalleryError(f"{store.blob_path(blob)}: is no chunk of a dataset", "Run the build with --force") from None


def _fields(stored: Sequence[Any] | None) -> Fields:
    if stored is None:
        return Fields(None, None)
    rows, columns = (tuple(None if window is None else tuple(window) for window in axis) for axis in stored)
    return Fields(rows, columns)


def images_in_use(
    evidence: Mapping[int, LayerImages], looked: Looked, filters: Mapping[int, Sequence[int]]
) -> list[int]:
    """Return the images, in order, that are an example of any of the filters that are shown of each layer."""
    used: set[int] = set()
    for layer, indices in filters.items():
        if layer in evidence:
            for index in indices:
                used.update(example.image for example in all_examples(evidence[layer].evidence, looked, index))
    return sorted(used)


def all_examples(evidence: LayerEvidence, looked: Looked, index: int) -> Iterator[Example]:
    """Yield the examples of a filter: the best, the weaker ones, and the lowest."""
    best = evidence.examples(index, looked.examples)
    yield from best
    yield from (example for _, example in evidence.weaker(index, best))
    yield from evidence.lowest(index)
