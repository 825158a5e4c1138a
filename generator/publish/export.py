"""Copying a site into a folder, or packing it: the same site gives the same bytes."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from generator.errors import UsageError, way_out
from generator.files import real_path, remove_left_beside, temporary_file
from generator.site.built import BuiltSite
from generator.site.copy import copy_files
from generator.site.folder import Changes, check_owner
from generator.site.lock import output_lock

ZIP, TAR = ".zip", ".tar.gz"
FILE_SUFFIXES = (".zip", ".gz", ".html", ".htm")
TARGET_HINT = "Name another place with --to"
_OTHER_ARCHIVES = (".tar", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".7z", ".rar", ".gz")
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip file can hold."""

_COMPRESSED = (".webp", ".png", ".jpg", ".avif", ".gif")
"""Files that are compressed already."""


def archive_kind(target: Path) -> str | None:
    """Return the kind of archive that a path names, None for a folder.

    Raises UsageError for kinds of archives that cannot be written.
    """
    name = target.name.lower()
    kind = next((kind for kind in (ZIP, TAR) if name.endswith(kind)), None)
    if kind is None and name.endswith(_OTHER_ARCHIVES):
        raise UsageError(f"{target}: not a kind of archive that is made here", f"There are {ZIP} and {TAR}")
    return kind


def copy_site(site: BuiltSite, target: Path, warn: Callable[[str], None] = lambda line: None) -> Changes:
    """Copy a site into a folder: only what changed is written, and other files of a former copy are deleted.

    Whoever else is writing there is waited for, which ``warn`` is told. Raises UsageError if the folder holds something
    else, lies in the site, or cannot be written.
    """
    check_target(site, target)
    said = f"Waiting: {target} is in use by"
    with output_lock(target, True, lambda holder: warn(f"{said} {holder}."), TARGET_HINT) as doubt:
        if doubt:
            warn(f"Warning: {target}: {doubt}")
        return copy_files(site, target)


def pack_site(site: BuiltSite, target: Path) -> int:
    """Write an archive with the site at its top, atomically; returns its size in bytes.

    The same site gives the same bytes: its files in the order of their names, without times and owners.
    Raises UsageError if it cannot be written.
    """
    check_target(site, target)
    kind = archive_kind(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_left_beside(target)
        with temporary_file(target) as opened:
            (_zip if kind == ZIP else _tar)(site, opened)
        return target.stat().st_size
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror}", way_out(error)) from None


def check_target(site: BuiltSite, target: Path) -> None:
    """Raise UsageError if a site cannot be copied or packed there; nothing is written."""
    _check_apart(site, target)
    if archive_kind(target) is None:
        check_owner(target, TARGET_HINT)
    check_place(target)


def check_place(target: Path) -> None:
    """Raise UsageError if a file cannot be there: it is a folder, or below a file."""
    above = next((parent for parent in target.absolute().parents if parent.exists()), None)
    if above is not None and not above.is_dir():
        raise UsageError(f"cannot write {target}: {above} is a file", "Name another place")
    if target.is_dir() and target.suffix.lower() in FILE_SUFFIXES:
        raise UsageError(f"cannot write {target}: it is a folder", "Name another place")


def _check_apart(site: BuiltSite, target: Path) -> None:
    copy, original = real_path(target), real_path(site.folder)
    if copy.is_relative_to(original) or original.is_relative_to(copy):
        raise UsageError(f"{target}: lies in the site, or the site in it", "Name a place elsewhere")


def _zip(site: BuiltSite, opened: IO[bytes]) -> None:
    with zipfile.ZipFile(opened, "w") as archive:
        for file in site.files:
            entry = zipfile.ZipInfo(file.path, _ZIP_EPOCH)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            entry.compress_type = zipfile.ZIP_STORED if file.path.endswith(_COMPRESSED) else zipfile.ZIP_DEFLATED
            archive.writestr(entry, site.read(file.path))


def _tar(site: BuiltSite, opened: IO[bytes]) -> None:
    compressed = gzip.GzipFile(filename="", mode="wb", fileobj=opened, compresslevel=6, mtime=0)
    with compressed, tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for file in site.files:
            entry = tarfile.TarInfo(file.path)
            entry.size, entry.mode = file.size, 0o644
            archive.addfile(entry, io.BytesIO(site.read(file.path)))
