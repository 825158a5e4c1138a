"""The fingerprint of a site: a digest of all its inputs, by which a build that changes nothing renders no page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from generator.config import Config, ModelEntry
from generator.digests import digest
from generator.models.summary import ModelSummary
from generator.pages.layout import Layout
from generator.pages.templating import Templates
from generator.plan import PhotoIdentity, Task
from generator.site.folder import size_of
from generator.site.listing import JOURNAL, MANIFEST, MAX_MANIFEST_BYTES
from generator.site.paths import read_regular
from generator.store import Store

PlannedModel = tuple[ModelEntry, ModelSummary, Sequence[PhotoIdentity], Sequence[Task]]
"""A model of a build, with the photos that it is fed and the tasks of which the site shows what the store holds."""


def inputs_digest(
    config: Config, models: Iterable[PlannedModel], layout: Layout, templates: Templates, store: Store, keep_all: bool
) -> str:
    """Return a digest of all inputs of a site: configuration, templates, summaries, the store's records, this package.

    Records are identified by their size and time: reading them all would take longer than everything else here.
    """
    record_groups = [
        [repr(entry), repr(summary), repr(photos), [(task.record_group, task.key) for task in tasks]]
        for entry, summary, photos, tasks in models
    ]
    names = dict.fromkeys(record_group for *_, tasks in record_groups for record_group, _ in tasks)
    return digest(
        {
            "config": [config.title, repr(config.branding), repr(config.compare)],
            "layout": {path: content.digest for path, content in layout.files.items()},
            "templates": templates.digest,
            "program": _source_files(),
            "models": record_groups,
            "records": {name: store.record_group_state(name) for name in names},
            "comparisons": store.comparisons_state(),
            "keep_all": keep_all,
        }
    )


def _source_files() -> list[Any]:
    """Return path, size and time of the source files that pages depend on: an edit of them changes the site."""
    package = Path(__file__).parents[1]
    rooms = ("pages", "site", "analysis", "imaging", "plan")
    sources = sorted([*package.glob("*.py"), *(path for room in rooms for path in (package / room).rglob("*.py"))])
    return [[path.relative_to(package).as_posix(), path.stat().st_size, path.stat().st_mtime_ns] for path in sources]


def note_site(folder: Path, store: Store, inputs: str, verdicts: dict[str, int]) -> None:
    """Keep in the store of which inputs a site was just written to a folder."""
    manifest = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    store.note_site(folder, {"inputs": inputs, "manifest": manifest, "verdicts": verdicts})


def unchanged_site(folder: Path, store: Store, inputs: str) -> tuple[int, dict[str, int]] | None:
    """Return the number of files and the verdicts of a site that has these inputs and is as it was written."""
    noted = store.site(folder) or {}
    try:
        manifest = read_regular(folder / MANIFEST, MAX_MANIFEST_BYTES)
    except OSError:
        return None
    if noted.get("inputs") != inputs or noted.get("manifest") != hashlib.sha256(manifest).hexdigest():
        return None
    if (folder / JOURNAL).exists():
        return None
    files = json.loads(manifest)["files"]
    if any(size_of(folder, file["path"]) != file["size"] for file in files):
        return None
    return len(files), noted["verdicts"]
