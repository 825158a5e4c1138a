"""The fingerprint of a site: a digest of all its inputs, by which a build that changes nothing renders no page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from generator.config import Config, ModelEntry
from generator.digests import digest
from generator.models.summary import ModelSummary
from generator.pages.layout import Layout
from generator.pages.templating import Templates
from generator.plan import PhotoIdentity, Task
from generator.site.folder import intact_since
from generator.site.listing import JOURNAL, MANIFEST, manifest_bytes
from generator.store import Store

PlannedModel = tuple[ModelEntry, ModelSummary, Sequence[PhotoIdentity], Sequence[Task]]
"""A model of a build, with the photos that it is fed and the tasks of which the site shows what the store holds."""


def inputs_digest(
    config: Config,
    models: Sequence[PlannedModel],
    layout: Layout,
    templates: Templates,
    store: Store,
    keep_all: bool,
    growing: bool,
) -> str:
    """Return a digest of all inputs of a site: configuration, templates, summaries, the store's records, this package.

    Records are identified by their size and time: reading them all would take longer than everything else here.
    """
    record_groups = [
        [repr(entry), repr(summary), repr(photos), [(task.record_group, task.key) for task in tasks]]
        for entry, summary, photos, tasks in models
    ]
    datasets = {entry.name: digest(store.dataset(entry.name)) for entry, *_ in models if entry.dataset}
    names = dict.fromkeys(record_group for *_, tasks in record_groups for record_group, _ in tasks)
    return digest(
        {
            "config": [config.title, repr(config.branding), repr(config.compare)],
            "layout": {path: content.digest for path, content in layout.files.items()},
            "templates": templates.digest,
            "program": _source_files(),
            "models": record_groups,
            "records": {name: store.record_group_state(name) for name in names},
            "datasets": datasets,
            "circuits": store.circuits_state(),
            "comparisons": store.comparisons_state(),
            "keep_all": keep_all,
            "growing": growing,
        }
    )


def _source_files() -> list[Any]:
    """Return path, size and time of the source files that pages depend on: an edit of them changes the site."""
    package = Path(__file__).parents[1]
    rooms = ("pages", "site", "analysis", "dataset", "imaging", "plan")
    sources = sorted([*package.glob("*.py"), *(path for room in rooms for path in (package / room).rglob("*.py"))])
    return [[path.relative_to(package).as_posix(), path.stat().st_size, path.stat().st_mtime_ns] for path in sources]


def note_site(folder: Path, store: Store, inputs: str, verdicts: dict[str, int], times: Mapping[str, int]) -> None:
    """Keep in the store of which inputs a site was just written to a folder, and the times of its files."""
    manifest = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    noted = {"inputs": inputs, "manifest": manifest, "verdicts": verdicts, "times": [*map(times.get, sorted(times))]}
    store.note_site(folder, noted)


def noted_times(folder: Path, store: Store) -> dict[str, int]:
    """Return the times that the files of a site had when they were written; none if the site is another now."""
    noted, manifest = store.site(folder) or {}, manifest_bytes(folder)
    if manifest is None or noted.get("manifest") != hashlib.sha256(manifest).hexdigest():
        return {}
    return _times(noted, [file["path"] for file in json.loads(manifest)["files"]])


def unchanged_site(folder: Path, store: Store, inputs: str) -> tuple[int, dict[str, int]] | None:
    """Return the number of files and the verdicts of a site that has these inputs and is as it was written."""
    noted, manifest = store.site(folder) or {}, manifest_bytes(folder)
    if manifest is None or noted.get("inputs") != inputs:
        return None
    if noted.get("manifest") != hashlib.sha256(manifest).hexdigest() or (folder / JOURNAL).exists():
        return None
    files = json.loads(manifest)["files"]
    known = _times(noted, [file["path"] for file in files])
    times: dict[str, int] = {}
    for file in files:
        path = file["path"]
        modified = intact_since(folder, path, file["size"], file["digest"], known.get(path))
        if modified is None:
            return None
        times[path] = modified
    if times != known:  # a copy, or a checkout: read now, and not the next time
        note_site(folder, store, inputs, noted["verdicts"], times)
    return len(files), noted["verdicts"]


def _times(noted: Mapping[str, Any], paths: Sequence[str]) -> dict[str, int]:
    """Return the noted times, which are in the order of the manifest's paths."""
    times = noted.get("times")
    return dict(zip(paths, times, strict=True)) if isinstance(times, list) and len(times) == len(paths) else {}
