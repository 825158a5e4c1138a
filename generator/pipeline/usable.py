"""The filters that pictures can be optimised for: those that give finite numbers. The others fail one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from generator.models.load import LoadedModel
from generator.pipeline.failures import NOT_FINITE, OVERFLOW
from generator.plan import Task
from generator.render.finite import finite_weights, not_finite

Reasons = Mapping[int, Mapping[int, str]]
"""Why filters cannot be optimised, by the index of their layer and their own."""


@dataclass(frozen=True)
class Batch:
    """A task as it was planned, its ``part`` that can be done, and why its other filters fail, by filter."""

    task: Task
    part: Task
    failed: Mapping[int, str]


@contextmanager
def without_spoiled_filters(model: LoadedModel, layers: Sequence[int], size: int) -> Iterator[Reasons]:
    """Keep filters that give no finite numbers from spoiling the others of their layer while the block runs.

    The block gets the reasons why filters of some layers cannot be optimised; ``size`` is that of a picture.
    """
    summary = model.summary
    by_size: dict[tuple[int, int], list[int]] = {}
    for layer in layers:
        by_size.setdefault(summary.for_layer(summary.layers[layer - 1]).picture_size(size), []).append(layer)
    found = {layer: own for side, some in by_size.items() for layer, own in not_finite(model, some, side).items()}
    reasons = {
        layer: dict.fromkeys(filters.activations, OVERFLOW) | dict.fromkeys(filters.weights, NOT_FINITE)
        for layer, filters in found.items()
    }
    if not any(reasons.values()):
        yield reasons
        return
    with finite_weights(model):
        yield reasons


def batch_of(task: Task, reasons: Reasons) -> Batch:
    """Return what of a task can be done: nothing of a direction one of whose filters cannot be optimised."""
    failed = {index: why for index, why in reasons[task.layer.index].items() if index in task.filters}
    if failed and task.settings is not None and task.settings.objective.weights:
        failed = dict.fromkeys(task.filters, next(iter(failed.values())))
    return Batch(task, replace(task, filters=tuple(index for index in task.filters if index not in failed)), failed)
