"""Built sites, opened once for all directives."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from generator.errors import UsageError
from generator.site.built import BuiltSite, open_site
from generator.site.listing import MANIFEST


def read_site(folder: Path) -> BuiltSite:
    """Return the site in a folder; its manifest is read again only when it changed.

    Raises UsageError if there is none, or its manifest is not valid for this version.
    """
    try:
        state = (folder / MANIFEST).lstat()
    except OSError:
        hint = "Build it first (filter-gallery build), or set filter_gallery_site in conf.py"
        raise UsageError(f"no gallery in {folder}: there is no {MANIFEST}", hint) from None
    return _read(folder, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=8)  # a page may hold twenty directives, and the manifest of a large network three megabytes
def _read(folder: Path, _changed: int, _size: int) -> BuiltSite:
    return open_site(folder)
