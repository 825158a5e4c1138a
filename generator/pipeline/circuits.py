"""Measure what a model's filters are made of, on images of its dataset or on the photos, and put it into the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from generator.analysis.circuit import LayerCircuit, LayerEffects, circuit_key, layer_circuit
from generator.analysis.expansion import LayerExpansion, layer_expansion, reached, strongest_links
from generator.arrays import layers_from_bytes, layers_to_bytes
from generator.config.values import ModelEntry
from generator.dataset.images import Feed, ImageError, fed
from generator.dataset.stored import Looked, layer_evidence
from generator.errors import GalleryError, PhotoError, reason
from generator.models.summary import PICTURE_LAYER, ModelSummary
from generator.pipeline.context import BuildContext
from generator.pipeline.dataset import Datasets, shown_filters
from generator.pipeline.events import CircuitWarning, ImagesSeen
from generator.plan import PhotoIdentity, Task, spread
from generator.store import Store

if TYPE_CHECKING:
    from generator.models.load import LoadedModel

MULTIPLICATIONS = 4e11
"""What showing a network the images costs at most, if they are more than ``FEWEST``."""

FEWEST, MOST = 8, 256
"""Images that are shown, of those that there are."""

BEST = 3
"""An image counts for the filters of which it is one of so many best examples."""

MOST_ANSWERS = 16
"""Answers of which it is measured what filters say to them: each costs as much as a step of training."""

DOING = "measuring what filters are made of"
ANSWERING = "measuring what filters say to its answers"
LINKING = "finding what lies further back"


@dataclass(frozen=True)
class _Wanted:
    """The layers of which it is asked what their filters are made of, those that say something to the ``answers``.

    ``linked`` are the filters, by their layer, of which it is asked what has a linear effect on them from further back.
    """

    layers: tuple[int, ...]
    affecting: tuple[int, ...]
    answers: tuple[tuple[int, int], ...]
    linked: Mapping[int, tuple[int, ...]]


def trace_circuits(
    entry: ModelEntry,
    summary: ModelSummary,
    shown: Sequence[Task],
    context: BuildContext,
    datasets: Datasets,
    force: bool,
) -> None:
    """Bring what the store knows of the inputs of a model's filters, and of what they say to its answers, up to date.

    ``shown`` are the tasks of the filters that pages show. A model whose layers do not allow it has none, and a
    warning says so; with ``force`` it is measured again.
    """
    filters = shown_filters(shown)
    store = context.store
    looked = _looked(entry, summary, store)
    photos = context.identities(summary)
    key = circuit_key(summary.digest, None if looked is None else looked.identity, photos)
    if key is None:
        return
    size = photos[0].size if looked is None else looked.size
    wanted = _wanted(summary, filters, size)
    if not wanted.layers:
        return
    stored = store.circuit(key)
    linked = _stored_links(stored, store) if stored else {}
    if stored and not force and _holds(stored, linked, wanted):
        return
    if stored:
        both = {
            layer: {*wanted.linked.get(layer, ()), *(own.filters.tolist() if (own := linked.get(layer)) else ())}
            for layer in wanted.linked.keys() | linked
        }
        wanted = replace(
            wanted,
            layers=tuple(sorted({*wanted.layers, *stored["layers"]})),
            affecting=tuple(sorted({*wanted.affecting, *stored["affecting"]})),
            linked={layer: tuple(sorted(filters)) for layer, filters in sorted(both.items())},
        )
    try:
        batches = (
            _of_dataset(entry, summary, looked, filters, store, datasets)
            if looked
            else _of_photos(summary, context, photos)
        )
        measured = _measured(entry, wanted, batches, context)
    except GalleryError:  # reported where the dataset was looked at, or the photos were
        return
    except Exception as error:  # a model's own layers can raise anything
        context.on_event(CircuitWarning(entry.name, f"what its filters are made of is not known: {reason(error)}"))
        return
    if measured is not None:
        count, found, effects, links = measured
        store.put_circuit(
            key,
            {
                "count": count,
                "layers": list(wanted.layers),
                "numbers": store.put_blob(layers_to_bytes(found)),
                "answers": [list(answer) for answer in wanted.answers],
                "affecting": list(wanted.affecting),
                "effects": store.put_blob(layers_to_bytes(effects)) if effects else None,
                "linked": list(links),
                "links": store.put_blob(layers_to_bytes(links)) if links else None,
            },
        )


def _wanted(summary: ModelSummary, filters: Mapping[int, Sequence[int]], size: tuple[int, int]) -> _Wanted:
    """Return what is asked of the shown filters on images of a size."""
    takes = [
        layer
        for layer in filters
        if not summary.layers[layer - 1].own_size or size == summary.for_images().photo_size()
    ]
    # The inputs of a layer that sees the picture alone are its colours, which its kernels show.
    sources = {
        layer: {source for run in summary.layers[layer - 1].inputs for source, _ in run.first} for layer in takes
    }
    layers = tuple(layer for layer in takes if sources[layer] - {PICTURE_LAYER})
    heads = [layer for layer in takes if summary.layers[layer - 1].gives_answers]
    units = [(layer, index) for layer in heads for index in filters[layer]]
    answers = tuple(units[place] for place in spread(len(units), MOST_ANSWERS)) if units else ()
    affecting = tuple(layer for layer in takes if layer not in heads) if answers else ()
    linked = {layer: tuple(filters[layer]) for layer in layers if reached(summary, summary.layers[layer - 1])}
    return _Wanted(layers, affecting, answers if affecting else (), linked)


def _holds(stored: Mapping[str, Any], linked: Mapping[int, LayerExpansion], wanted: _Wanted) -> bool:
    """Tell whether what is stored has all that is asked."""
    answers = {tuple(answer) for answer in stored["answers"]}
    return (
        set(wanted.layers) <= set(stored["layers"])
        and set(wanted.affecting) <= set(stored["affecting"])
        and set(wanted.answers) <= answers
        and all(
            layer in linked and set(filters) <= set(linked[layer].filters.tolist())
            for layer, filters in wanted.linked.items()
        )
    )


def _stored_links(stored: Mapping[str, Any], store: Store) -> dict[int, LayerExpansion]:
    """Return the links that a stored circuit has, by layer; none if they are damaged."""
    if not stored["links"]:
        return {}
    try:
        return layers_from_bytes(LayerExpansion, store.blob(stored["links"]), stored["linked"])
    except (ValueError, GalleryError):
        return {}


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
    entry: ModelEntry, wanted: _Wanted, images: Sequence[Batch], context: BuildContext
) -> tuple[int, dict[int, LayerCircuit], dict[int, LayerEffects], dict[int, LayerExpansion]] | None:
    """Return how many images were shown, the circuits of the layers, what they say to the answers, and their links.

    None if there are no images.
    """
    if not images:
        return None
    context.store.check_writable()
    model = context.models.load(entry)
    from generator.render.contributions import Contributions  # it imports TensorFlow

    ahead = {layer: reached(model.summary, model.summary.layers[layer - 1]) for layer in wanted.linked}
    sources = {source for own in ahead.values() for layers in own.values() for source in layers}
    contributions = Contributions(model, wanted.layers, images[0].shape[:2], also=sources)
    done = 0
    for batch in _batches(images, contributions.batch):
        contributions.add(batch)
        done += len(batch)
        context.on_event(ImagesSeen(entry.name, "", DOING, done, len(images)))
    found = {}
    for layer in wanted.layers:
        own = contributions.of(layer)
        found[layer] = layer_circuit(own.values, own.kernels, own.groups)
    powers = {source: contributions.power(source) for source in sources}
    links = _links(entry, model, wanted.linked, ahead, powers, context)
    return len(images), found, _effects(entry, model, wanted, images, context), links


def _links(
    entry: ModelEntry,
    model: LoadedModel,
    linked: Mapping[int, Sequence[int]],
    ahead: Mapping[int, Mapping[int, frozenset[int]]],
    powers: Mapping[int, NDArray[Any]],
    context: BuildContext,
) -> dict[int, LayerExpansion]:
    """Return the links of filters, by their layer, to the layers that lie ``ahead`` of each, by the distance."""
    from generator.render.expanded import ExpandedWeights  # it imports TensorFlow

    expanded, found = ExpandedWeights(model, powers), {}
    for done, (layer, filters) in enumerate(linked.items(), start=1):
        try:
            links = [
                (some, {distance: strongest_links(maps, powers) for distance, maps in found_there.items()})
                for some, found_there in expanded.of(layer, filters, ahead[layer])
            ]
        except Exception as error:  # a model's own layers can raise anything
            title = model.summary.layers[layer - 1].title
            message = f"what lies further back than the inputs of {title} is not known: {reason(error)}"
            context.on_event(CircuitWarning(entry.name, message))
            links = []
        found[layer] = layer_expansion(filters, links)
        context.on_event(ImagesSeen(entry.name, "", LINKING, done, len(linked)))
    return found


def _effects(
    entry: ModelEntry, model: LoadedModel, wanted: _Wanted, images: Sequence[Batch], context: BuildContext
) -> dict[int, LayerEffects]:
    """Return what the filters of the layers say to the answers, on as many of the images as it may cost."""
    if not wanted.answers:
        return {}
    from generator.render.effects import Effects  # it imports TensorFlow

    height, width = images[0].shape[:2]
    passes = 3 * len(wanted.answers)  # each forward and back
    cost = passes * height * width * max(model.summary.layers[layer - 1].macs for layer in wanted.affecting)
    count = int(np.clip(MULTIPLICATIONS / max(1.0, cost), FEWEST, MOST))
    images = [images[place] for place in spread(len(images), count)]
    effects = Effects(model, wanted.affecting, wanted.answers, (height, width))
    done = 0
    for batch in _batches(images, effects.batch):
        effects.add(batch)
        done += len(batch)
        context.on_event(ImagesSeen(entry.name, "", ANSWERING, done, len(images)))
    return {layer: LayerEffects(effects.of(layer)) for layer in wanted.affecting}


def _batches(images: Sequence[Batch], count: int) -> Iterator[Batch]:
    for first in range(0, len(images), count):
        yield np.stack(images[first : first + count])
