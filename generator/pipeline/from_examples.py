"""Pictures that begin at an example: of filters that an image of the dataset excites more than their own picture does.

The search from noise had missed what excites them; an image has it. Either the part with the highest activation, as
often as there is room, or the image with the largest response stands in the start picture, whichever excites the filter
more. The method ``fourier`` goes on from there in small steps, as the second search does (``render.search``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from generator.config.values import ModelEntry, ObjectiveSpec, RenderSettings
from generator.dataset.boxes import Box
from generator.dataset.images import Feed, ImageError, ImageSet, fed
from generator.dataset.stored import LayerImages, Looked, layer_evidence
from generator.digests import digest
from generator.models.summary import ModelSummary
from generator.pages.stored_records import StoredRecords
from generator.plan import PICTURE, Task, batches, tasks_from_examples
from generator.store import Store

if TYPE_CHECKING:  # importing it imports TensorFlow, which a build with nothing to do goes without
    from generator.models.load import LoadedModel

Array = NDArray[Any]

BATCH = 16
"""Filters that are optimised together: they are few, as a rule."""


@dataclass(frozen=True)
class Start:
    """Parts of images that a filter may begin at: images by their places, and boxes in them."""

    parts: tuple[tuple[int, Box], ...]


def example_tasks(
    entry: ModelEntry, summary: ModelSummary, shown: Sequence[Task], store: Store
) -> list[tuple[Task, tuple[Start, ...]]]:
    """Return the pictures that begin at an example, with what each filter may begin at.

    There are none for layers whose responses can be negative, where zero is no threshold, and of images that are not to
    be shown: such a picture shows something of the image.
    """
    looked = Looked.from_json(store.dataset(entry.name), summary.digest) if entry.dataset else None
    mains = _mains(shown)
    if looked is None or not looked.publish or not mains:
        return []
    records = StoredRecords(shown, store, keep_all=False)
    evidence = layer_evidence(store, looked, [task.layer.index for task in mains])
    found = []
    for main in mains:
        own = evidence.get(main.layer.index)
        if own is None or main.settings is None:
            continue
        indices = [index for index in records.filters(main.layer.index) if _is_beaten(records, main, index, own)]
        for filters in batches(tuple(indices), BATCH) if indices else []:
            starts = tuple(_start(own, looked, index) for index in filters)
            of = [
                digest([[looked.digests[image], box] for image, box in start.parts] + [looked.size]) for start in starts
            ]
            found.append((tasks_from_examples(entry, summary, main.layer, main.settings, filters, of), starts))
    return found


def _mains(shown: Sequence[Task]) -> list[Task]:
    """Return a task of the main picture of each layer that can have such pictures."""
    first: dict[int, Task] = {}
    for task in shown:
        if task.technique == PICTURE:
            first.setdefault(task.layer.index, task)
    return [task for task in first.values() if task.settings and _can_begin(task.settings) and not task.layer.signed]


def _can_begin(settings: RenderSettings) -> bool:
    plain = settings.objective == ObjectiveSpec() and settings.sign == "positive"
    return plain and settings.method == "fourier" and settings.diversity == 1


def _is_beaten(records: StoredRecords, main: Task, index: int, own: LayerImages) -> bool:
    """Tell whether an image excites a filter more than every picture of its main objective."""
    scores = [
        picture["score"]
        for settings, entry in records.pictures(main.layer.index, index)
        if _can_begin(settings)
        for picture in entry["pictures"]
    ]
    most = float(own.evidence.most[index]) if index < len(own.evidence.most) else 0.0
    return bool(scores) and most > max(0.0, *scores) and not own.evidence.spoiled[index]


def _start(own: LayerImages, looked: Looked, index: int) -> Start:
    best = own.evidence.examples(index, 1)[0]  # there is one, as its response is above zero
    whole = (0, 0, *looked.size)
    peak = own.fields.box(best.place, own.map[1], looked.size)
    return Start(((best.image, peak), (int(own.evidence.most_image[index]), whole)))


def start_pictures(
    model: LoadedModel, task: Task, images: ImageSet, feed: Feed, starts: Sequence[Start]
) -> Array | None:
    """Return the pictures (n, height, width, channels) that a task's filters begin at, with values from 0 to 1.

    None if an image cannot be read any more.
    """
    from generator.render.optimize import scores  # it imports TensorFlow

    assert task.settings is not None
    size = model.summary.for_layer(task.layer).picture_size(task.settings.size)
    places = sorted({image for start in starts for image, _ in start.parts})
    pixels: Mapping[int, Array | ImageError] = dict(fed(images, places, feed))
    if any(isinstance(own, ImageError) for own in pixels.values()):
        return None
    candidates = np.stack(
        [[filled(np.asarray(pixels[image]), box, size) for image, box in start.parts] for start in starts]
    ).clip(0, 255)
    values = [
        scores(model, task.layer.index, task.filters, candidates[:, which]) for which in range(candidates.shape[1])
    ]
    best = np.argmax(values, axis=0)
    chosen: Array = (candidates[np.arange(len(starts)), best] / 255.0).astype(np.float32)
    return chosen


def filled(pixels: Array, box: Box, size: tuple[int, int]) -> Array:
    """Return a picture of a size (height, width) that is filled with a part of an image, mirrored at its sides.

    Of a part that is larger, it is the middle.
    """
    top, left, height, width = box
    part = pixels[top : top + height, left : left + width]
    rows, columns = (_mirrored(length, wanted) for length, wanted in zip(part.shape[:2], size, strict=True))
    return part[rows][:, columns]


def _mirrored(length: int, wanted: int) -> NDArray[np.int64]:
    """Return which of so many pixels stand at the wanted ones: to and fro about the middle."""
    at = np.arange(wanted) - (wanted - length) // 2
    period = at % (2 * length)
    return np.where(period < length, period, 2 * length - 1 - period)
