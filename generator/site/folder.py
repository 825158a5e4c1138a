"""Writing a site to its folder: only what changed, and nothing that a build of ours did not write."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from generator.errors import UsageError, way_out
from generator.files import TEMPORARY_PREFIX
from generator.site.listing import (
    JOURNAL,
    LOCK,
    MANIFEST,
    Claims,
    is_ours,
    journal_bytes,
    listed_files,
    manifest_bytes,
    merge_claims,
    read_journal,
    unknown_owner,
)
from generator.site.paths import link_in

ALLOWED_FILES = {"README.md", ".nojekyll"}
"""Files that an output folder may hold before the first build; ``rm -r site/*`` leaves the second behind."""


@dataclass(frozen=True)
class Changes:
    """How many files were written, left as they were, and deleted.

    ``times`` are those of all files now, in nanoseconds: a file of the same size and time is as it was written.
    ``changed`` and ``removed`` are the paths of those that were written and deleted.
    """

    written: int
    unchanged: int
    deleted: int
    times: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)
    changed: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    removed: frozenset[str] = field(default=frozenset(), compare=False, repr=False)

    def after(self, former: Iterable[Changes]) -> Changes:
        """Return what was changed, together, by former writes of a site and by this last one."""
        changed = self.changed.union(*(one.changed for one in former)) & self.times.keys()
        removed = self.removed.union(*(one.removed for one in former)) - self.times.keys()
        counts = len(changed), len(self.times) - len(changed), len(removed)
        return Changes(*counts, self.times, frozenset(changed), frozenset(removed))


@dataclass(frozen=True)
class Removed:
    """How many files were deleted, and which were kept because they are not as a build wrote them."""

    files: int
    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class Content:
    """The content of a file: its digest and size, and the function that returns its bytes."""

    digest: str
    size: int
    read: Callable[[], bytes]

    @classmethod
    def of(cls, content: bytes) -> Content:
        """Return the content of some bytes."""
        return cls(hashlib.sha256(content).hexdigest(), len(content), lambda: content)

    @classmethod
    def packed(cls, content: bytes) -> Content:
        """Return the content of some bytes, held compressed: there may be 100,000 pages in memory."""
        compressed = zlib.compress(content, 1)
        return cls(hashlib.sha256(content).hexdigest(), len(content), lambda: zlib.decompress(compressed))


UNKNOWN_HINT = "Mend it or its permissions, or, if the folder is a site of yours, delete it and build again."
"""For a folder of which nobody can tell which files are a build's."""

OUTPUT_HINT = "Name another folder with -o, or `output:`"


def check_output(folder: Path, hint: str = OUTPUT_HINT) -> None:
    """Make sure that a site can be written to a folder.

    Raises UsageError if it is no folder, holds someone else's files, or cannot be written.
    """
    check_owner(folder, hint)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UsageError(f"output {folder}: cannot be written: {error.strerror}", hint) from None


def check_owner(folder: Path, hint: str = OUTPUT_HINT) -> None:
    """Raise UsageError if a site's folder is no folder, or holds someone else's files; nothing is written."""
    try:
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"output {folder}: is a file, not a folder", hint)
        if folder.is_dir() and not is_ours(folder):
            names = (entry.name for entry in folder.iterdir() if not entry.name.startswith(TEMPORARY_PREFIX))
            if others := sorted(name for name in names if name not in {*ALLOWED_FILES, LOCK}):
                if unknown := unknown_owner(folder):
                    raise UsageError(f"output {folder}: {unknown}", f"{UNKNOWN_HINT} {hint}")
                raise UsageError(f"output {folder}: holds files that are not ours, such as {others[0]}", hint)
    except OSError as error:
        raise UsageError(f"output {folder}: cannot be written: {error.strerror}", hint) from None


def write_files(
    folder: Path,
    files: dict[str, Content],
    describe: Callable[[list[dict[str, Any]]], bytes],
    former_times: Mapping[str, int] | None = None,
) -> Changes:
    """Make the folder hold exactly these files, and the manifest that ``describe`` makes of their list.

    Only files whose content changed are written, and of the others only those are deleted that a former build of
    ours wrote. A journal lists our files until the manifest does, so that a killed build can be resumed.
    ``former_times`` are the times of files that are known to be as they were written; all others are read.
    Raises UsageError, before anything is written, if a file of someone else has the path of one of ours.
    """
    before, journal = listed_files(folder), read_journal(folder)
    claims = merge_claims(before, journal)
    for target in _obstacles(folder, files, claims):
        what = "is a folder" if target.is_dir() and not target.is_symlink() else "is not ours"
        raise UsageError(f"output {target}: {what}, and stands where a page should", "Move it away")
    listing = [{"path": path, "size": c.size, "digest": c.digest} for path, c in sorted(files.items())]
    new_manifest = describe(listing)
    stale = sorted(path for path in claims if path not in files)
    # A build that was killed may have replaced what it announced, whatever the older manifest says of it.
    known = {path: digest for path, digest in before.items() if path not in journal}
    times, changed = dict[str, int](), list[str]()
    for path, content in files.items():
        known_time = (former_times or {}).get(path)
        fits = known.get(path) == content.digest
        modified = intact_since(folder, path, content.size, content.digest, known_time) if fits else None
        if modified is None:
            changed.append(path)
        else:
            times[path] = modified
    removed = frozenset[str]()
    try:
        _delete_unfinished(folder, {*files, *claims})
        if changed or stale or manifest_bytes(folder) != new_manifest:
            announced = merge_claims(claims, {path: content.digest for path, content in files.items()})
            folder.mkdir(parents=True, exist_ok=True)
            put_file(f"{folder}/{JOURNAL}", journal_bytes(announced))
            for parent in {path.rpartition("/")[0] for path in changed}:
                (folder / parent).mkdir(parents=True, exist_ok=True)
            times.update(_put_files(folder, {path: files[path] for path in changed}))
            removed = frozenset(path for path in stale if _delete(folder, path, claims[path]))
            put_file(f"{folder}/{MANIFEST}", new_manifest)
        (folder / JOURNAL).unlink(missing_ok=True)
    except OSError as error:
        hint = way_out(error, "Run again")
        where = error.filename2 or error.filename or folder
        raise UsageError(f"output {where}: cannot be written: {error.strerror}", hint) from None
    return Changes(len(changed), len(files) - len(changed), len(removed), times, frozenset(changed), removed)


def intact_since(folder: Path, path: str, size: int, digest: str, known_time: int | None) -> int | None:
    """Return the time of a file of the site in nanoseconds; None if it is not there, or not as it was written.

    One that has the size and the time that it had when it was written is not read.
    """
    try:
        state = os.lstat(f"{folder}/{path}")  # asked for every file at every build
    except OSError:
        return None
    if not stat.S_ISREG(state.st_mode) or state.st_size != size:
        return None
    as_written = state.st_mtime_ns == known_time or _has_digest(folder / path, (digest,))
    return state.st_mtime_ns if as_written else None


def _put_files(folder: Path, files: Mapping[str, Content]) -> dict[str, int]:
    """Write files of a site, all under temporary names first, and return their times.

    So hardly ever, and not for long, a page is there without what it links to: a killed build leaves a site to read.
    """
    times, staged = dict[str, int](), dict[str, str]()
    try:
        for number, (path, content) in enumerate(files.items()):
            staged[path] = f"{folder}/{path.rpartition('/')[0]}/{TEMPORARY_PREFIX}{number}"
            _write_new(staged[path], content.read())
        for path in sorted(staged, key=_links_to_others):
            os.replace(staged[path], f"{folder}/{path}")  # noqa: PTH105
            times[path] = os.stat(f"{folder}/{path}").st_mtime_ns  # noqa: PTH116
    except BaseException:
        with contextlib.suppress(OSError):
            _delete_unfinished(folder, files)
        raise
    return times


def _links_to_others(path: str) -> tuple[bool, int]:
    """Return a key that sorts pages after what they show, and those above after those below."""
    return path.endswith(".html"), -path.count("/")


def put_file(path: str, content: bytes) -> None:
    """Write a file under a temporary name and rename it: a faster ``write_atomically``, for one writer at a time.

    The folder must exist.
    """
    parent, _, name = path.rpartition("/")
    temporary = f"{parent}/{TEMPORARY_PREFIX}{name[-80:]}"
    _write_new(temporary, content)
    os.replace(temporary, path)  # noqa: PTH105


def _write_new(path: str, content: bytes) -> None:
    """Write a temporary file; no link is followed."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags, 0o666), "wb") as opened:  # noqa: PTH123
        opened.write(content)


def remove_site(folder: Path) -> Removed:
    """Delete the files that our builds wrote to a folder; those that were changed since are kept.

    Links are not followed. Raises UsageError for a folder that is not ours, or if a file cannot be deleted.
    """
    if not folder.is_dir():
        return Removed(0)
    if not is_ours(folder):
        if unknown := unknown_owner(folder):
            raise UsageError(f"{folder}: {unknown}; nothing was removed", UNKNOWN_HINT)
        if any(entry.name not in {*ALLOWED_FILES, LOCK} for entry in folder.iterdir()):
            raise UsageError(f"{folder}: not a site of filter-gallery; nothing was removed")
        return Removed(0)
    claims = merge_claims(listed_files(folder), read_journal(folder))
    try:
        _delete_unfinished(folder, claims)
        removed = [path for path in sorted(claims) if _delete(folder, path, claims[path])]
        kept = tuple(path for path in sorted(claims) if os.path.lexists(f"{folder}/{path}"))
        for name in (MANIFEST, JOURNAL):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"cannot remove {error.filename}: {error.strerror}", way_out(error)) from None
    return Removed(len(removed), kept)


def _obstacles(folder: Path, files: Mapping[str, Content], claims: Claims) -> Iterator[Path]:
    """Yield the paths that files, or their folders, need and that are not ours."""
    parents = {str(parent) for folders in {path.rpartition("/")[0] for path in files} for parent in _ancestors(folders)}
    for parent in sorted(parents):
        path_of_parent = folder / parent
        if path_of_parent.is_symlink() or (path_of_parent.exists() and not path_of_parent.is_dir()):
            yield path_of_parent
    for path, content in files.items():
        if path in claims:
            if os.path.isdir(f"{folder}/{path}") and not os.path.islink(f"{folder}/{path}"):  # noqa: PTH112, PTH114
                yield folder / path
            continue
        if os.path.lexists(f"{folder}/{path}") and not _has_digest(folder / path, (content.digest,)):
            yield folder / path


def _ancestors(folders: str) -> Iterator[PurePosixPath]:
    lowest = PurePosixPath(folders)
    return (parent for parent in (lowest, *lowest.parents) if parent.name)


def _delete_unfinished(folder: Path, paths: Iterable[str]) -> None:
    """Delete the temporary files that a killed build left beside some files."""
    for place in {path.rpartition("/")[0] for path in paths}:
        if (folder / place).is_dir() and not (place and link_in(folder, place)):
            with os.scandir(folder / place) as entries:
                unfinished = [entry.path for entry in entries if entry.name.startswith(TEMPORARY_PREFIX)]
            for path in unfinished:
                if os.path.islink(path) or os.path.isfile(path):  # noqa: PTH113, PTH114
                    os.unlink(path)  # noqa: PTH108
            if unfinished and place:
                with contextlib.suppress(OSError):  # there is more in it
                    (folder / place).rmdir()


def _delete(folder: Path, path: str, digests: Collection[str]) -> bool:
    """Delete a file if it is one that a build of ours wrote, and the folders that it leaves empty."""
    target = folder / path
    if link_in(folder, path) or not _has_digest(target, digests):
        return False
    target.unlink()
    for parent in target.relative_to(folder).parents:
        if parent == Path() or any(os.scandir(folder / parent)):
            break
        (folder / parent).rmdir()
    return True


def _has_digest(target: Path, digests: Collection[str]) -> bool:
    """Tell whether a file has one of these digests."""
    try:
        if not stat.S_ISREG(target.lstat().st_mode):
            return False
        with target.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest() in digests
    except OSError:
        return False
