"""The forward pass over a dataset's images: measured in batches, summed up in chunks, each of which is stored whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.dataset import chunk as chunks
from generator.dataset.images import UNLABELLED, Feed, ImageError, ImageSet, fed
from generator.dataset.stored import TECHNIQUE, Key, key_of
from generator.models.load import LoadedModel
from generator.render.image_responses import ImageResponses, Responses
from generator.store import Store

Array = NDArray[Any]


class ImagePass:
    """One forward pass of some layers over a dataset's images, a chunk at a time, each put into the store."""

    def __init__(
        self,
        model: LoadedModel,
        layers: tuple[int, ...],
        images: ImageSet,
        feed: Feed,
        record_group: str,
        kept_examples: int,
        store: Store,
    ) -> None:
        self._model, self._layers, self._images, self._feed = model, layers, images, feed
        self._record_group, self._store = record_group, store
        self._threshold = chunks.threshold(images.digests)
        self._kept = kept_examples
        self._responses = ImageResponses(model, layers, feed.size)

    def chunk(self, places: Sequence[int], on_seen: Callable[[int], None]) -> tuple[str, dict[Key, str]]:
        """Measure images and store what was seen; returns its record's key, and the images that were of no use.

        ``on_seen`` is told how many of them are done.
        """
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
        key = key_of(self._record_group, [self._images.key(place) for place in places], self._layers)
        self._put(key, kept, unread, measured)
        return key, unread

    def _put(
        self, key: str, kept: Sequence[int], unread: Mapping[Key, str], measured: Sequence[Mapping[int, Responses]]
    ) -> None:
        names = sorted({name for place in kept if (name := self._images.class_of(place))})
        labels = np.array([_place_in(names, self._images.class_of(place)) for place in kept], np.int64)
        digests = [self._images.digests[place] for place in kept]
        in_sample = chunks.ranks(digests) < self._threshold
        layers: dict[int, chunks.LayerChunk] = {}
        for layer in self._layers if kept else ():
            joined = _joined([batch[layer] for batch in measured])
            layers[layer] = chunks.layer_chunk(joined, labels, len(names), in_sample, self._kept)
        blob = self._store.put_blob(chunks.to_bytes(layers))
        record = {
            "technique": TECHNIQUE,
            "images": [list(self._images.key(place)) for place in kept],
            "unread": [[content, label, why] for (content, label), why in unread.items()],
            "layers": [self._layer(layer) for layer in self._layers],
            "classes": names,
            "threshold": self._threshold,
            "numbers": blob,
            "blobs": [blob],
        }
        self._store.put_record(self._record_group, key, record)

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
