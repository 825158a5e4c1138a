"""What the store holds of a model's tasks, whichever batches it was made in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from generator.config.values import RenderSettings
from generator.plan import FEATURE_MAP, KERNEL, PICTURE, PhotoIdentity, Task
from generator.store import Store

Entry = dict[str, Any]
ByFilter = dict[int, Entry]


class Results:
    """A model's results, filter by filter.

    With ``keep_all`` also those that are on the shelves without being asked for. Of two tasks for one filter on a
    shelf the later wins: what is asked for now over what is configured.
    """

    def __init__(self, tasks: Iterable[Task], store: Store, keep_all: bool) -> None:
        self._keep_all = keep_all
        self._kernels: dict[int, ByFilter] = {}
        self._answers: dict[tuple[PhotoIdentity, int], ByFilter] = {}
        self._pictures: dict[int, dict[RenderSettings, ByFilter]] = {}
        self._photos: dict[PhotoIdentity, str] = {}
        # Two photos may be one and the same picture: one shelf, shown under both names.
        record_groups: dict[tuple[str, PhotoIdentity | None], tuple[Task, set[int], list[str]]] = {}
        for task in tasks:
            _, wanted, keys = record_groups.setdefault((task.record_group, task.photo), (task, set(), []))
            wanted.update(task.filters)
            keys.append(task.key)
        for (record_group, _), (task, wanted, keys) in record_groups.items():
            self._gather(task, wanted, keys, dict(store.record_group(record_group)))

    def _gather(self, task: Task, wanted: set[int], keys: list[str], records: dict[str, Entry]) -> None:
        """Take each wanted filter from the plan's own batches where they are done, else from any other."""
        found: ByFilter = {}
        for key in [key for key in records if key not in keys] + [key for key in keys if key in records]:
            record = records[key]
            for entry in record["filters"]:
                if self._keep_all or entry["filter"] in wanted:
                    found[entry["filter"]] = {**entry, "size": entry.get("size") or record["size"]}
            if task.photo:
                self._photos.setdefault(task.photo, record["photo"])
        layer = task.layer.index
        if task.technique == KERNEL:
            self._kernels[layer] = found
        elif task.technique == FEATURE_MAP and task.photo:
            self._answers[task.photo, layer] = found
        elif task.technique == PICTURE and task.settings:
            self._pictures.setdefault(layer, {})[task.settings] = found

    def filters(self, layer: int) -> list[int]:
        """Return the filters of a layer that have a picture."""
        return sorted({index for found in self._pictures.get(layer, {}).values() for index in found})

    def pictures(self, layer: int, index: int) -> list[tuple[RenderSettings, Entry]]:
        """Return a filter's results with their settings, in the order of the plan."""
        of_layer = self._pictures.get(layer, {})
        return [(settings, found[index]) for settings, found in of_layer.items() if index in found]

    def kernel(self, layer: int, index: int) -> Entry | None:
        """Return a filter's kernel."""
        return self._kernels.get(layer, {}).get(index)

    def answers(self, photo: PhotoIdentity, layer: int) -> Mapping[int, Entry]:
        """Return the answers of a layer's filters to a photo."""
        return self._answers.get((photo, layer), {})

    def photo_blob(self, photo: PhotoIdentity) -> str | None:
        """Return the photo as the network sees it, if anything was made of it."""
        return self._photos.get(photo)
