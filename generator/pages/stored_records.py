"""The records that the store holds of a model's tasks, filter by filter, whichever batch they were rendered in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from generator.config.values import RenderSettings
from generator.plan import FEATURE_MAP, KERNEL, PICTURE, PhotoIdentity, Task
from generator.store import Store

Entry = dict[str, Any]
"""What a record holds of one filter."""

ByFilter = dict[int, Entry]


class StoredRecords:
    """The records of a model's pictures, kernels and activations, by layer and filter.

    With ``keep_all`` also those that a record group holds of filters that no task has. Of two tasks with the same
    filter and record group the later wins: what is rendered now over what is configured.
    """

    def __init__(self, tasks: Iterable[Task], store: Store, keep_all: bool) -> None:
        self._keep_all = keep_all
        self._kernels: dict[int, ByFilter] = {}
        self._activations: dict[tuple[PhotoIdentity, int], ByFilter] = {}
        self._pictures: dict[int, dict[RenderSettings, ByFilter]] = {}
        self._photos: dict[PhotoIdentity, str] = {}
        # Two photos may be the same image: then they have one record group, which is shown under both names.
        record_groups: dict[tuple[str, PhotoIdentity | None], tuple[Task, set[int], list[str]]] = {}
        for task in tasks:
            _, filters, keys = record_groups.setdefault((task.record_group, task.photo), (task, set(), []))
            filters.update(task.filters)
            keys.append(task.key)
        for (record_group, _), (task, filters, keys) in record_groups.items():
            self._gather(task, filters, keys, dict(store.record_group(record_group)))

    def _gather(self, task: Task, filters: set[int], keys: list[str], records: dict[str, Entry]) -> None:
        """Take each of the filters from the batches of the plan where they are done, else from any other batch."""
        by_filter: ByFilter = {}
        for key in [key for key in records if key not in keys] + [key for key in keys if key in records]:
            record = records[key]
            for entry in record["filters"]:
                if self._keep_all or entry["filter"] in filters:
                    by_filter[entry["filter"]] = {**entry, "size": entry.get("size") or record["size"]}
            if task.photo:
                self._photos.setdefault(task.photo, record["photo"])
        layer = task.layer.index
        if task.technique == KERNEL:
            self._kernels[layer] = by_filter
        elif task.technique == FEATURE_MAP and task.photo:
            self._activations[task.photo, layer] = by_filter
        elif task.technique == PICTURE and task.settings:
            self._pictures.setdefault(layer, {})[task.settings] = by_filter

    def filters(self, layer: int) -> list[int]:
        """Return the filters of a layer that have a picture."""
        return sorted({index for by_filter in self._pictures.get(layer, {}).values() for index in by_filter})

    def pictures(self, layer: int, index: int) -> list[tuple[RenderSettings, Entry]]:
        """Return what the records hold of a filter's pictures, with their settings, in the order of the plan."""
        of_layer = self._pictures.get(layer, {})
        return [(settings, by_filter[index]) for settings, by_filter in of_layer.items() if index in by_filter]

    def kernel(self, layer: int, index: int) -> Entry | None:
        """Return what the record holds of a filter's kernel."""
        return self._kernels.get(layer, {}).get(index)

    def activations(self, photo: PhotoIdentity, layer: int) -> Mapping[int, Entry]:
        """Return the activations of a layer's filters on a photo, by filter."""
        return self._activations.get((photo, layer), {})

    def photo_blob(self, photo: PhotoIdentity) -> str | None:
        """Return the blob of the photo as the network sees it, None if no record has it."""
        return self._photos.get(photo)
