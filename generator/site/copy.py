"""A built site, copied into another folder."""

from __future__ import annotations

from pathlib import Path

from generator.site.built import BuiltSite
from generator.site.folder import Changes, Content, write_files
from generator.site.listing import MANIFEST


def copy_files(site: BuiltSite, target: Path) -> Changes:
    """Make a folder hold the files of a site and its manifest: only what changed is written, a former copy's rest goes.

    Raises UsageError if something else stands in the way or the folder cannot be written, and GalleryError if a file
    of the site is missing or damaged.
    """
    manifest = site.read(MANIFEST)
    files = {file.path: _content(site, file.path) for file in site.files if file.path != MANIFEST}
    return write_files(target, files, lambda _: manifest)


def _content(site: BuiltSite, path: str) -> Content:
    file = site.by_path[path]
    return Content(file.digest, file.size, lambda: site.read(path))
