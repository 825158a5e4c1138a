"""A built site: its folder and its manifest. Files are verified as they are read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from generator.errors import GalleryError, UsageError, way_out
from generator.files import read_regular
from generator.site.listing import JOURNAL, MANIFEST, MAX_MANIFEST_BYTES, unknown_owner
from generator.site.manifest import parse_manifest
from generator.site.paths import link_in
from generator.site.records import Manifest, SiteFile

BUILD_HINT = "Run: filter-gallery build"


@dataclass(frozen=True)
class BuiltSite:
    """A folder with a manifest; ``files`` are those that it lists and the manifest itself, sorted by path."""

    folder: Path
    manifest: Manifest
    files: tuple[SiteFile, ...]

    @cached_property
    def by_path(self) -> dict[str, SiteFile]:
        """Return the files by their paths."""
        return {file.path: file for file in self.files}

    @property
    def size(self) -> int:
        """Return the total size of all files in bytes."""
        return sum(file.size for file in self.files)

    def read(self, path: str) -> bytes:
        """Return the bytes of a file of the site.

        Raises GalleryError if they are not those that the build wrote.
        """
        file = self.by_path[path]
        if link := link_in(self.folder, path):
            raise GalleryError(f"{self.folder / link}: is a symbolic link", f"Remove it. {BUILD_HINT}")
        try:
            content = read_regular(self.folder / path, max(file.size, 1))
        except OSError as error:
            hint = way_out(error, BUILD_HINT)
            raise GalleryError(f"{self.folder / path}: cannot be read: {error.strerror}", hint) from None
        if len(content) != file.size or hashlib.sha256(content).hexdigest() != file.digest:
            raise GalleryError(f"{self.folder / path}: is not what the build wrote", f"Remove it. {BUILD_HINT}")
        return content

    def text(self, path: str) -> str:
        """Return the text of a page or another file in UTF-8."""
        return self.read(path).decode("utf-8")


def open_site(folder: Path) -> BuiltSite:
    """Return the site that a build wrote to a folder.

    Raises UsageError if there is none, or its manifest is damaged.
    """
    try:
        content = read_regular(folder / MANIFEST, MAX_MANIFEST_BYTES)
    except FileNotFoundError:
        unfinished = (folder / JOURNAL).is_file()
        problem = "holds a build that was interrupted" if unfinished else "holds no site of filter-gallery"
        raise UsageError(f"{folder}: {problem}", BUILD_HINT) from None
    except OSError as error:
        hint = way_out(error, f"Remove it. {BUILD_HINT}")
        raise UsageError(f"{folder / MANIFEST}: cannot be read: {error.strerror}", hint) from None
    try:
        manifest = parse_manifest(content)
    except ValueError as error:
        hint = f"Delete the folder if it is a site of yours. {BUILD_HINT}" if unknown_owner(folder) else BUILD_HINT
        raise UsageError(f"{folder / MANIFEST}: {error}", hint) from None
    manifest_file = SiteFile(path=MANIFEST, size=len(content), digest=hashlib.sha256(content).hexdigest())
    files = tuple(sorted((*manifest.files, manifest_file), key=lambda file: file.path))
    return BuiltSite(folder, manifest, files)
