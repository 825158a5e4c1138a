"""Which files of a folder a build of ours wrote: what the manifest and the journal list, of any version."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from generator.site.paths import is_inside, read_regular

MANIFEST, JOURNAL = "manifest.json", ".building.json"
MADE_BY = "filter-gallery"
"""What ``made_by`` says in a manifest and a journal of ours: other programs have files of these names, too."""

MANIFEST_SCHEMA = "manifest.schema.json"
LARGEST = 1_000_000_000
"""Bytes of a manifest: one of all networks of keras.applications has a tenth of that."""

DIGEST = "[0-9a-f]{64}"

Claims = Mapping[str, frozenset[str]]
"""By path the digests that a file may have to be ours."""


def is_manifest(value: Any) -> bool:
    """Tell whether what a manifest.json holds is ours. Before ``made_by`` was written, each site listed the schema."""
    if not isinstance(value, dict) or not {"schema", "generator", "models", "files"} <= value.keys():
        return False
    if value["schema"] == 1:
        return any(path == MANIFEST_SCHEMA for path, _ in _files(value))
    return bool(value.get("made_by") == MADE_BY)


def is_journal(value: Any) -> bool:
    """Tell whether what a journal holds is ours."""
    return isinstance(value, dict) and value.get("made_by") == MADE_BY and isinstance(value.get("files"), list)


def listed(folder: Path) -> dict[str, str]:
    """Return the files that a folder's manifest lists, with their digests; none if it is not ours."""
    return listed_in(read_json(folder / MANIFEST))


def listed_in(manifest: Any) -> dict[str, str]:
    """Return the files that a manifest lists, with their digests; none if it is not ours."""
    return dict(_files(manifest)) if is_manifest(manifest) else {}


def journal(folder: Path) -> Claims:
    """Return what the journal of an unfinished build lists; nothing if it is not ours."""
    begun = read_json(folder / JOURNAL)
    if not is_journal(begun):
        return {}
    entries = ((entry.get("path"), entry.get("digests")) for entry in begun["files"] if isinstance(entry, dict))
    return {
        path: frozenset(digest for digest in digests if _is_digest(digest))
        for path, digests in entries
        if is_inside(path) and isinstance(path, str) and isinstance(digests, list)
    }


def journal_json(claims: Claims) -> bytes:
    """Return the bytes of a journal that lists these files."""
    files = [{"path": path, "digests": sorted(digests)} for path, digests in sorted(claims.items())]
    return json.dumps({"made_by": MADE_BY, "files": files}).encode()


def merged(*claims: Claims | Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Return all claims together."""
    every: dict[str, frozenset[str]] = {}
    for each in claims:
        for path, digests in each.items():
            own = frozenset({digests}) if isinstance(digests, str) else digests
            every[path] = every.get(path, frozenset()) | own
    return every


def is_ours(folder: Path) -> bool:
    """Tell whether a folder holds a site of ours, or the beginning of one."""
    return is_journal(read_json(folder / JOURNAL)) or is_manifest(read_json(folder / MANIFEST))


def read_json(path: Path) -> Any:
    """Return what a JSON file holds, None if it cannot be read."""
    try:
        return json.loads(read_regular(path, LARGEST))
    except (OSError, ValueError, RecursionError):
        return None


def _files(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    files = manifest["files"]
    entries: Iterable[Any] = files if isinstance(files, list) else ()
    for entry in entries:
        if isinstance(entry, dict) and is_inside(entry.get("path")) and _is_digest(entry.get("digest")):
            yield entry["path"], entry["digest"]


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(DIGEST, value) is not None
