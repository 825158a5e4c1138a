"""Measure what a model's filters are made of, on images of its dataset or on the photos, and put it into the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.analysis.circuit import LayerCircuit, circuit_key, layer_circuit
from generator.arrays import layers_to_bytes
from generator.config.values import ModelEntry
from generator.dataset.images import Feed, ImageError, fed
from generator.dataset.stored import Looked, layer_evidence
from generator.errors import GalleryError, PhotoError, reason
from generator.models.summary import PICTURE_LAYER, ModelSummary
from generator.pipeline.context import BuildContext
from generator.pipeline.dataset import Datasets, shown_filters
from generator.pipeline.events import CircuitWarning, ImagesSeen
from generator.plan import PhotoIdentity, Task
from generator.store import Store

MULTIPLICATIONS = 4e11
"""What showing a network the images costs at most, if they are more than ``FEWEST``."""

FEWEST, MOST = 8, 256
"""Images that are shown, of those that there are."""

BEST = 3
"""An image counts for the filters of which it is one of so many best examples."""

DOING = "measuring what filters are made of"


def trace_circuits(
    entry: ModelEntry,
    summary: ModelSummary,
    shown: Sequence[Task],
    context: BuildContext,
    datasets: Datasets,
    force: bool,
) -> None:
    """Bring what the store knows of the inputs of a model's filters up to date.

    ``shown`` are the tasks of the filters that pages show. A model whose layers do not allow it has none, and a
    warning says so; with ``force`` it is measured again.
    """
    filters = shown_filters(shown)
    # The inputs of a layer that sees the picture alone are its colours, which its kernels show.
    sources = {
        layer: {source for run in summary.layers[layer - 1].inputs for source, _ in run.first} for layer in filters
    }
    layers = [layer for layer in filters if sources[layer] - {PICTURE_LAYER}]
    store = context.store
    looked = _looked(entry, summary, store)
    photos = context.identities(summary)
    key = circuit_key(summary.digest, None if looked is None else looked.identity, photos)
    if not layers or key is None:
        return
    stored = store.circuit(key)
    if stored and not force and set(layers) <= set(stored["layers"]):
        return
    if stored:
        layers = sorted({*layers, *stored["layers"]})
    try:
        batches = (
            _of_dataset(entry, summary, looked, filters, store, datasets)
            if looked
            else _of_photos(summary, context, photos)
        )
        measured = _measured(entry, layers, batches, context)
    except GalleryError:  # reported where the dataset was looked at, or the photos were
        return
    except Exception as error:  # a model's own layers can raise anything
        context.on_event(CircuitWarning(entry.name, f"what its filters are made of is not known: {reason(error)}"))
        return
    if measured is not None:
        count, found = measured
        blob = store.put_blob(layers_to_bytes(found))
        store.put_circuit(key, {"count": count, "layers": layers, "numbers": blob})


def _looked(entry: ModelEntry, summary: ModelSummary, store: Store) -> Looked | None:
    return Looked.from_json(store.dataset(entry.name) if entry.dataset else None, summary.digest)


Batch = NDArray[Any]


def _of_dataset(
    entry: ModelEntry,
    summary: ModelSummary,
    looked: Looked,
    filters: Mapping[int, Sequence[int]],
    store: Store,
    datasets: Datasets,
) -> list[Batch]:
    """Return the images that are among the best examples of most filters, as they are fed."""
    assert entry.dataset
    images = datasets.images(entry.dataset)
    place_of = {content: place for place, content in enumerate(images.digests)}
    height, width = looked.size
    cost = max(summary.layers[layer - 1].macs for layer in filters) * height * width
    count = int(np.clip(MULTIPLICATIONS / max(1.0, cost), FEWEST, MOST))
    votes: Counter[int] = Counter()
    for layer, own in layer_evidence(store, looked, filters).items():
        evidence = own.evidence
        for index in filters[layer]:
            if index < len(evidence.fires):
                votes.update(example.image for example in evidence.examples(index, BEST))
    ranked = sorted(range(len(looked.digests)), key=lambda image: (-votes[image], looked.digests[image]))
    places = [place_of[looked.digests[image]] for image in ranked[:count] if looked.digests[image] in place_of]
    feed = Feed(looked.size, summary.channels, summary.bands)
    return [pixels for _, pixels in fed(images, sorted(places), feed) if not isinstance(pixels, ImageError)]


def _of_photos(summary: ModelSummary, context: BuildContext, photos: Sequence[PhotoIdentity]) -> list[Batch]:
    found = []
    for photo, identity in zip(context.photos, photos, strict=True):
        try:
            found.append(photo.fitted(identity.size, summary.channels, summary.bands))
        except PhotoError:  # it fails when its feature maps are rendered
            continue
    return found


def _measured(
    entry: ModelEntry, layers: Sequence[int], images: Sequence[Batch], context: BuildContext
) -> tuple[int, dict[int, LayerCircuit]] | None:
    """Return how many images were shown, and the circuits of the layers; None if there are no images."""
    if not images:
        return None
    context.store.check_writable()
    model = context.models.load(entry)
    from generator.render.contributions import Contributions  # it imports TensorFlow

    contributions = Contributions(model, layers, images[0].shape[:2])
    done = 0
    for batch in _batches(images, contributions.batch):
        contributions.add(batch)
        done += len(batch)
        context.on_event(ImagesSeen(entry.name, "", DOING, done, len(images)))
    found = {}
    for layer in layers:
        own = contributions.of(layer)
        found[layer] = layer_circuit(own.values, own.kernels, own.groups)
    return len(images), found


def _batches(images: Sequence[Batch], count: int) -> Iterator[Batch]:
    for first in range(0, len(images), count):
        yield np.stack(images[first : first + count])
