"""Tasks and their keys. A key is a digest of all that shapes the result, and of nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

from generator.config.values import ModelEntry, RenderSettings
from generator.models.card import ConvLayer, ModelCard
from generator.models.identity import digest
from generator.plan.choose import EVERYTHING, Choice, ChosenLayer, chosen_layers

PICTURE, FEATURE_MAP, KERNEL = "picture", "feature-map", "kernel"

ENGINE = {PICTURE: 1, FEATURE_MAP: 1, KERNEL: 1}
"""Raised for a technique when the same settings give other results than before."""

LARGEST_BATCH = 32
"""More pictures at once gain nothing on a CPU, and make a batch that is redone after a kill longer."""


@dataclass(frozen=True)
class PhotoIdentity:
    """A photo by its name, its content, and the (height, width) it is fed at."""

    name: str
    digest: str
    size: tuple[int, int]


@dataclass(frozen=True)
class Task:
    """One unit of work: a technique for a batch of filters of one layer.

    ``key`` names its result; ``shelf`` gathers the results that differ in their batch alone.
    """

    technique: str
    model: str
    layer: ConvLayer
    filters: tuple[int, ...]
    settings: RenderSettings | None
    photo: PhotoIdentity | None
    shelf: str
    key: str


def plan_model(
    entry: ModelEntry, card: ModelCard, photos: Sequence[PhotoIdentity], choice: Choice = EVERYTHING
) -> list[Task]:
    """Return all tasks of a model in the order in which they are done: cheap ones first."""
    chosen = chosen_layers(entry, card, choice)
    tasks = [_task(entry, card, KERNEL, c.layer, c.filters) for c in chosen]
    tasks += [_task(entry, card, FEATURE_MAP, c.layer, c.filters, photo=p) for p in photos for c in chosen]
    tasks += [t for c in chosen for t in _pictures(entry, card, c)]
    return tasks


def _pictures(entry: ModelEntry, card: ModelCard, chosen: ChosenLayer) -> Iterator[Task]:
    for batch in batches(chosen.filters, batch_size(card, chosen.layer, chosen.settings)):
        yield _task(entry, card, PICTURE, chosen.layer, batch, settings=chosen.settings)


def _task(
    entry: ModelEntry,
    card: ModelCard,
    technique: str,
    layer: ConvLayer,
    filters: tuple[int, ...],
    settings: RenderSettings | None = None,
    photo: PhotoIdentity | None = None,
) -> Task:
    subject = {
        "technique": technique,
        "engine": ENGINE[technique],
        "model": card.digest,
        "layer": layer.index,
        "settings": asdict(settings) if settings else None,
        "photo": {"digest": photo.digest, "size": photo.size} if photo else None,
    }
    shelf = digest(subject)
    return Task(technique, entry.name, layer, filters, settings, photo, shelf, digest([shelf, list(filters)]))


def batches(filters: tuple[int, ...], size: int) -> list[tuple[int, ...]]:
    """Split filters into as few batches as the size allows, equal to within one: few shapes to compile for."""
    count = -(-len(filters) // size)
    bounds = [len(filters) * i // count for i in range(count + 1)]
    return [filters[a:b] for a, b in pairwise(bounds)]


def batch_size(card: ModelCard, layer: ConvLayer, settings: RenderSettings) -> int:
    """Return how many pictures fit into a quarter of the machine's memory (2 GiB at most), 32 at most."""
    height, width = card.canvas_size(settings.size, settings.margin)
    # Every activation of the pass is kept for the gradient; as much again is in flight.
    each = 2 * 4 * layer.floats * height * width
    return max(1, min(LARGEST_BATCH, int(memory_for_batches() / max(each, 1))))


def memory_for_batches() -> int:
    """Return the bytes that one batch may take, in a few steps, so that machines of one kind agree."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        total = 4 << 30
    return max(256 << 20, min(2 << 30, 1 << (total // 4).bit_length() - 1))
