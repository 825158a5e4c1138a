"""A built site, as its manifest.json describes it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from generator.errors import UsageError
from generator.pages.manifest import SCHEMA

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Site:
    """A site's folder and its manifest; ``digests`` are the SHA-256 of its files by their paths."""

    folder: Path
    models: list[dict[str, Any]] = field(hash=False)
    digests: dict[str, str] = field(hash=False)


def read_site(folder: Path) -> Site:
    """Read the manifest of a built site.

    Raises UsageError if there is none, or none that this version understands.
    """
    path = folder / MANIFEST
    try:
        state = path.stat()
    except OSError:
        hint = "Build it first (filter-gallery build), or set filter_gallery_site in conf.py"
        raise UsageError(f"no gallery in {folder}: there is no {MANIFEST}", hint) from None
    return _read(folder, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=8)  # a page may hold twenty directives, and the manifest of a large network three megabytes
def _read(folder: Path, _changed: int, _size: int) -> Site:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
        if manifest["schema"] != SCHEMA:
            raise UsageError(f"{path}: schema {manifest['schema']}, expected {SCHEMA}", "Build the site again")
        return Site(folder, manifest["models"], {file["path"]: file["digest"] for file in manifest["files"]})
    except (OSError, ValueError, TypeError, KeyError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise UsageError(f"{path}: cannot be read as a manifest ({reason})", "Build the site again") from None
