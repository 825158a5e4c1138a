"""What tasks cost, for progress and estimates."""

from __future__ import annotations

from collections.abc import Iterable

from generator.models.summary import ModelSummary
from generator.plan import FEATURE_MAP, KERNEL, PICTURE, Task

PASSES = 2
"""A step goes forward and, for the gradient of the picture alone, once back."""

OVERHEAD = 400.0
"""Multiplications for each pixel and step that are no convolution: spectrum, affine map, activations, Adam."""

USUAL_SPEED = 1e11
"""Multiplications a second, for a machine that has not built anything yet: two ordinary cores."""

LOADING, COMPILING = 8.0, 2.0
"""Seconds to import TensorFlow and load a model, and to compile the optimisation of a layer: two ordinary cores."""

USUAL_BYTES = {PICTURE: 0.42, FEATURE_MAP: 0.16, KERNEL: 900.0}
"""Bytes a file takes for each pixel (pictures, with their snapshots, and maps) or whole (kernels)."""

EXAMPLES_BYTES = 11_000
"""Bytes of a filter's examples: measured with nine of the bundled images."""


def task_cost(task: Task, summary: ModelSummary) -> float:
    """Return about how many multiplications a task takes."""
    if task.technique == PICTURE:
        assert task.settings is not None
        height, width = summary.for_layer(task.layer).canvas_size(task.settings.size, task.settings.margin)
        views = max(1, task.settings.crops)
        each = height * width * (task.layer.macs * views + OVERHEAD) * PASSES * task.settings.steps
        return each * task.pictures
    if task.photo is not None:
        return task.photo.size[0] * task.photo.size[1] * task.layer.macs / max(1, task.layer.index)
    return 1e6


def fixed_seconds(tasks: Iterable[Task]) -> float:
    """Return about how many seconds tasks take whatever their size: a model is loaded, each layer is compiled."""
    tasks = list(tasks)
    compiled = {task.record_group for task in tasks if task.technique == PICTURE}
    return (LOADING if tasks else 0.0) + COMPILING * len(compiled)


def duration(seconds: float) -> str:
    """Return a duration as people write it: ``58 s``, ``12 min``, ``3.5 h``."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 99.5 * 60 else f"{seconds / 3600:.1f} h"


def task_bytes(task: Task, summary: ModelSummary) -> float:
    """Return about how many bytes a task's files will take on the site."""
    each = USUAL_BYTES[task.technique]
    if task.technique == PICTURE:
        assert task.settings is not None
        height, width = summary.for_layer(task.layer).picture_size(task.settings.size)
        return 4 * each * height * width * task.pictures
    if task.photo is not None:
        height, width = (min(side, 64) for side in task.photo.size)
        return each * height * width * len(task.filters)
    return each * len(task.filters)
