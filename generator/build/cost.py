"""What tasks cost, for progress and estimates."""

from __future__ import annotations

from generator.models.card import ModelCard
from generator.plan import PICTURE, Task

PASSES = 2
"""A step goes forward and, for the gradient of the picture alone, once back."""

OVERHEAD = 400.0
"""Multiplications for each pixel and step that are no convolution: spectrum, affine map, activations, Adam."""

USUAL_SPEED = 1e11
"""Multiplications a second, for a machine that has not built anything yet: two ordinary cores."""

USUAL_BYTES = {"picture": 0.42, "feature-map": 0.16, "kernel": 900.0}
"""Bytes a file takes for each pixel (pictures, with their growth, and maps) or whole (kernels)."""


def task_cost(task: Task, card: ModelCard) -> float:
    """Return about how many multiplications a task takes."""
    if task.technique == PICTURE:
        assert task.settings is not None
        height, width = card.canvas_size(task.settings.size, task.settings.margin)
        views = max(1, task.settings.crops)
        each = height * width * (task.layer.macs * views + OVERHEAD) * PASSES * task.settings.steps
        return each * task.pictures
    if task.photo is not None:
        return task.photo.size[0] * task.photo.size[1] * task.layer.macs / max(1, task.layer.index)
    return 1e6


def task_bytes(task: Task, card: ModelCard) -> float:
    """Return about how many bytes a task's files will take on the site."""
    each = USUAL_BYTES[task.technique]
    if task.technique == PICTURE:
        assert task.settings is not None
        height, width = card.picture_size(task.settings.size)
        return 4 * each * height * width * task.pictures
    if task.photo is not None:
        height, width = (min(side, 64) for side in task.photo.size)
        return each * height * width * len(task.filters)
    return each * len(task.filters)
