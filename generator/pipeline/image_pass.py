"""The forward pass over a dataset's images: measured in batches, summed up in chunks, each of which is stored whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.arrays import layers_to_bytes
from generator.dataset import chunk as chunks
from generator.dataset.boxes import Fields
from generator.dataset.evidence import Part
from generator.dataset.images import UNLABELLED, Feed, ImageError, ImageSet, fed
from generator.dataset.stored import TECHNIQUE, Key, key_of
from generator.models.load import LoadedModel
from generator.render.image_responses import ImageResponses, Responses
from generator.store import Store

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class MeasuredChunk:
    """What was seen of some images: the places of those that were ``kept``, and why others were of no use.

    ``layers`` are the chunks of the layers by their index, whose classes are ``classes``; none if no image was kept.
    """

    kept: tuple[int, ...]
    unread: Mapping[Key, str]
    classes: tuple[str, ...]
    layers: Mapping[int, chunks.LayerChunk]


class ImagePass:
    """One forward pass of some layers over a dataset's images, a chunk at a time."""

    def __init__(
        self, model: LoadedModel, layers: tuple[int, ...], images: ImageSet, feed: Feed, kept_examples: int
    ) -> None:
        self._model, self._layers, self._images, self._feed = model, layers, images, feed
        filters = sum(model.summary.layers[layer - 1].filters for layer in layers)
        self._threshold = chunks.threshold(images.digests, filters)
        self._kept = kept_examples
        self._responses = ImageResponses(model, layers, feed.size)

    @property
    def batch(self) -> int:
        """Return how many images are measured at a time."""
        return self._responses.batch

    def measure(self, places: Sequence[int], on_seen: Callable[[int], None] = lambda done: None) -> MeasuredChunk:
        """Measure the images at some places; ``on_seen`` is told how many of them are done."""
        kept: list[int] = []
        unread: dict[Key, str] = {}
        measured: list[Mapping[int, Responses]] = []
        pending: list[Array] = []

        def run() -> None:
            if pending:
                measured.append(self._responses(np.stack(pending)))
                pending.clear()
                on_seen(len(kept) + len(unread))

        for place, pixels in fed(self._images, places, self._feed, ahead=2 * self._responses.batch):
            if isinstance(pixels, ImageError):
                unread[self._images.key(place)] = str(pixels)
                continue
            kept.append(place)
            pending.append(pixels)
            if len(pending) == self._responses.batch:
                run()
        run()
        names = sorted({name for place in kept if (name := self._images.class_of(place))})
        labels = np.array([_place_in(names, self._images.class_of(place)) for place in kept], np.int64)
        in_sample = chunks.ranks([self._images.digests[place] for place in kept]) < self._threshold
        layers: dict[int, chunks.LayerChunk] = {}
        for layer in self._layers if kept else ():
            joined = _joined([batch[layer] for batch in measured])
            layers[layer] = chunks.layer_chunk(joined, labels, len(names), in_sample, self._kept)
        return MeasuredChunk(tuple(kept), unread, tuple(names), layers)

    def store(
        self, places: Sequence[int], record_group: str, store: Store, on_seen: Callable[[int], None]
    ) -> tuple[str, Mapping[Key, str]]:
        """Measure images and put what was seen into the store.

        Returns the key of its record, and why images were of no use.
        """
        done = self.measure(places, on_seen)
        key = key_of(record_group, [self._images.key(place) for place in places], self._layers)
        blob = store.put_blob(layers_to_bytes(done.layers))
        record = {
            "technique": TECHNIQUE,
            "images": [list(self._images.key(place)) for place in done.kept],
            "unread": [[content, label, why] for (content, label), why in done.unread.items()],
            "layers": [self._layer(layer) for layer in self._layers],
            "classes": list(done.classes),
            "threshold": self._threshold,
            "numbers": blob,
            "blobs": [blob],
        }
        store.put_record(record_group, key, record)
        return key, done.unread

    def seen_by(self, layer: int) -> LayerSight:
        """Return the map of a layer, and what its units see."""
        windows = self._responses.windows[layer]
        return LayerSight(self._responses.maps[layer], Fields(*(windows or (None, None))))

    def part(self, done: MeasuredChunk, layer: int, classes: Sequence[str]) -> Part:
        """Return a layer's chunk as a part of the whole dataset, which has some classes."""
        chunk = done.layers[layer]
        by_class = np.zeros((len(classes), chunk.by_class.shape[1]))
        by_class[[list(classes).index(name) for name in done.classes]] = chunk.by_class
        return Part(chunk, np.array(done.kept, np.int64), self._threshold, by_class)

    def _layer(self, layer: int) -> dict[str, Any]:
        height, width = self._responses.maps[layer]
        windows = self._responses.windows[layer]
        fields = None if windows is None else [[w and list(w) for w in axis] for axis in windows]
        return {
            "layer": layer,
            "filters": self._model.summary.layers[layer - 1].filters,
            "map": [height, width],
            "fields": fields,
        }


@dataclass(frozen=True)
class LayerSight:
    """The (height, width) of a layer's map, and what its units see."""

    map: tuple[int, int]
    fields: Fields


def _joined(batches: Sequence[Responses]) -> Responses:
    """Return the responses to several batches as those to one."""
    first = batches[0]
    trough = trough_place = None
    if first.trough is not None:
        trough = np.concatenate([batch.trough for batch in batches if batch.trough is not None])
        trough_place = np.concatenate([batch.trough_place for batch in batches if batch.trough_place is not None])
    response, peak, place = (
        np.concatenate([getattr(batch, name) for batch in batches]) for name in ("response", "peak", "place")
    )
    return Responses(response, peak, place, trough, trough_place)


def _place_in(names: Sequence[str], name: str) -> int:
    return names.index(name) if name else UNLABELLED
