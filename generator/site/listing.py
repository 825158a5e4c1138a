"""The files of a folder that a build of ours wrote, as its manifest and journal list them, of any version."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from generator.digests import DIGEST
from generator.files import read_regular
from generator.site.paths import is_inside

MANIFEST, JOURNAL = "manifest.json", ".building.json"
LOCK = ".filter-gallery-lock"
"""The file that is there while a build, or ``clean``, is at work in an output."""

MADE_BY = "filter-gallery"
"""The value of ``made_by`` in our manifests and journals: other programs write files of these names, too."""

MANIFEST_SCHEMA = "manifest.schema.json"
MAX_MANIFEST_BYTES = 250_000_000
"""That of all networks of keras.applications has less than half of this."""

Claims = Mapping[str, frozenset[str]]
"""By path, the digests that a file of ours may have."""


def is_manifest(value: Any) -> bool:
    """Tell whether a parsed manifest.json is ours. Schema 1 has no ``made_by``: its sites list the JSON Schema."""
    if not isinstance(value, dict) or not {"schema", "generator", "models", "files"} <= value.keys():
        return False
    if value["schema"] == 1:
        return any(path == MANIFEST_SCHEMA for path, _ in _files(value))
    return bool(value.get("made_by") == MADE_BY)


def is_journal(value: Any) -> bool:
    """Tell whether a parsed journal is ours."""
    return isinstance(value, dict) and value.get("made_by") == MADE_BY and isinstance(value.get("files"), list)


def listed_files(folder: Path) -> dict[str, str]:
    """Return the files that a folder's manifest lists, with their digests; none if it is not ours."""
    return files_of_manifest(read_json(folder / MANIFEST))


def files_of_manifest(manifest: Any) -> dict[str, str]:
    """Return the files that a manifest lists, with their digests; none if it is not ours."""
    return dict(_files(manifest)) if is_manifest(manifest) else {}


def count_filters(paths: Iterable[str]) -> int:
    """Return how many filters a site of such files shows: how many are pages of filters."""
    return sum(bool(re.fullmatch(r"[^/]+/[^/]+/\d{4,}\.html", path)) for path in paths)


def read_journal(folder: Path) -> Claims:
    """Return the files that the journal of an unfinished build lists; none if it is not ours."""
    journal = read_json(folder / JOURNAL)
    if not is_journal(journal):
        return {}
    entries = ((entry.get("path"), entry.get("digests")) for entry in journal["files"] if isinstance(entry, dict))
    return {
        path: frozenset(digest for digest in digests if _is_digest(digest))
        for path, digests in entries
        if is_inside(path) and isinstance(path, str) and isinstance(digests, list)
    }


def journal_bytes(claims: Claims) -> bytes:
    """Return the bytes of a journal that lists these files."""
    files = [{"path": path, "digests": sorted(digests)} for path, digests in sorted(claims.items())]
    return json.dumps({"made_by": MADE_BY, "files": files}).encode()


def merge_claims(*claims: Claims | Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Return the union of some claims."""
    union: dict[str, frozenset[str]] = {}
    for claim in claims:
        for path, digests in claim.items():
            own = frozenset({digests}) if isinstance(digests, str) else digests
            union[path] = union.get(path, frozenset()) | own
    return union


def is_ours(folder: Path) -> bool:
    """Tell whether a folder holds a site of ours, or the beginning of one."""
    return is_journal(read_json(folder / JOURNAL)) or is_manifest(read_json(folder / MANIFEST))


def unknown_owner(folder: Path) -> str | None:
    """Return why nobody can tell whether a folder is a site of ours: what is wrong with its manifest, or its journal.

    None if there is neither, or it can be read.
    """
    for name in (MANIFEST, JOURNAL):
        try:
            content = read_regular(folder / name, MAX_MANIFEST_BYTES)
            json.loads(content)
        except FileNotFoundError:
            continue
        except OSError as error:
            return f"{name} cannot be read: {error.strerror}"
        except (ValueError, RecursionError):
            return f"{name} is {'damaged' if content else 'empty'}"
    return None


def manifest_bytes(folder: Path) -> bytes | None:
    """Return the bytes of a folder's manifest, None if it cannot be read."""
    try:
        return read_regular(folder / MANIFEST, MAX_MANIFEST_BYTES)
    except OSError:
        return None


def read_json(path: Path) -> Any:
    """Return the value of a JSON file, None if it cannot be read."""
    try:
        return json.loads(read_regular(path, MAX_MANIFEST_BYTES))
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
