"""Tasks and their keys. A key is a digest of all that shapes the result, and of nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from types import MappingProxyType

from generator.config.values import ModelEntry, RenderSettings
from generator.digests import digest
from generator.models.summary import ConvLayer, ModelSummary
from generator.plan.activity import Activity
from generator.plan.choose import EVERYTHING, Choice, ChosenLayer, chosen_layers
from generator.plan.tuning import Tuning

PICTURE, FEATURE_MAP, KERNEL = "picture", "feature-map", "kernel"

ENGINE = {PICTURE: 5, FEATURE_MAP: 4, KERNEL: 2}
"""Raised for a technique when the same settings give other results than before."""


@dataclass(frozen=True)
class PhotoIdentity:
    """A photo by its name, its content, and the (height, width) it is fed at."""

    name: str
    digest: str
    size: tuple[int, int]


@dataclass(frozen=True)
class Task:
    """One unit of work: a technique for a batch of filters of one layer.

    ``key`` names its result; ``record_group`` is shared by the results that differ in their batch alone.
    """

    technique: str
    model: str
    layer: ConvLayer
    filters: tuple[int, ...]
    settings: RenderSettings | None
    photo: PhotoIdentity | None
    record_group: str
    key: str

    @property
    def optimized_filters(self) -> tuple[int, ...]:
        """Return the filters that a picture task optimises: a direction is one picture for all that it names."""
        return self.filters[:1] if self.settings and self.settings.objective.weights else self.filters

    @property
    def pictures(self) -> int:
        """Return how many pictures a picture task makes, 0 for other tasks."""
        return len(self.optimized_filters) * self.settings.diversity if self.settings else 0


def plan_model(
    entry: ModelEntry,
    summary: ModelSummary,
    photos: Sequence[PhotoIdentity],
    choice: Choice = EVERYTHING,
    tuning: Tuning | None = None,
    activity: Activity = MappingProxyType({}),
) -> list[Task]:
    """Return all tasks of a model in the order in which they are done: cheap ones first."""
    chosen = chosen_layers(entry, summary, choice, activity)
    tasks = [t for c in chosen for t in _tasks(entry, summary, KERNEL, c.layer, [c.filters])]
    for photo in photos:
        tasks += [
            task
            for own in chosen
            if own.layer.has_maps
            for task in _tasks(entry, summary, FEATURE_MAP, own.layer, [own.filters], photo=photo)
        ]
    tasks += [t for c in chosen for t in _pictures(entry, summary, c, tuning or Tuning())]
    return tasks


def _pictures(entry: ModelEntry, summary: ModelSummary, chosen: ChosenLayer, tuning: Tuning) -> Iterator[Task]:
    for settings in chosen.settings:
        if settings.precision == "auto":
            settings = replace(settings, precision=tuning.precision)
        if settings.objective.weights:  # one picture, which is about all of them
            groups = [tuple(sorted(i for i, _ in settings.objective.weights))]
        else:
            size = tuning.batch_size(summary, chosen.layer, settings) // settings.diversity
            groups = batches(chosen.filters, max(1, size))
        yield from _tasks(entry, summary, PICTURE, chosen.layer, groups, settings=settings)


def _tasks(
    entry: ModelEntry,
    summary: ModelSummary,
    technique: str,
    layer: ConvLayer,
    groups: Sequence[tuple[int, ...]],
    settings: RenderSettings | None = None,
    photo: PhotoIdentity | None = None,
) -> Iterator[Task]:
    """Yield the tasks of one record group, one for each group of filters."""
    subject = {
        "technique": technique,
        "engine": ENGINE[technique],
        "model": summary.digest,
        "layer": layer.index,
        "settings": _shaping(settings) if settings else None,
        "photo": {"digest": photo.digest, "size": photo.size} if photo else None,
    }
    record_group = digest(subject)
    for filters in groups:
        key = digest([record_group, list(filters)])
        yield Task(technique, entry.name, layer, filters, settings, photo, record_group, key)


def _shaping(settings: RenderSettings) -> dict[str, object]:
    """Return what of the settings shapes a picture; the usual start goes without saying, as it always did."""
    return {name: value for name, value in asdict(settings).items() if (name, value) != ("start", "noise")}


def tasks_from_examples(
    entry: ModelEntry,
    summary: ModelSummary,
    layer: ConvLayer,
    settings: RenderSettings,
    filters: tuple[int, ...],
    starts: Sequence[str],
) -> Task:
    """Return the task of pictures that begin at examples; ``starts`` are digests of each filter's own."""
    (task,) = _tasks(entry, summary, PICTURE, layer, [filters], settings=replace(settings, start="example"))
    return replace(task, key=digest([task.key, list(starts)]))


def batches(filters: tuple[int, ...], size: int) -> list[tuple[int, ...]]:
    """Split filters into as few batches as the size allows, equal to within one: few shapes to compile for."""
    count = -(-len(filters) // size)
    bounds = [len(filters) * i // count for i in range(count + 1)]
    return [filters[a:b] for a, b in pairwise(bounds)]
