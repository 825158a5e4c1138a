"""The folder that a site is written to: whose it is, and how it changes from one build to the next."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from generator.errors import UsageError
from generator.site.listing import JOURNAL, LARGEST, MANIFEST, Claims, is_ours, journal, journal_json, listed, merged
from generator.site.paths import link_in, read_regular
from generator.files import NEW

ALLOWED_FILES = {"README.md", ".nojekyll"}
"""``rm -r site/*`` leaves the second, which is empty, of a site of ours."""


@dataclass(frozen=True)
class Changes:
    """How many files were written, left as they were, and deleted."""

    written: int
    unchanged: int
    deleted: int


@dataclass(frozen=True)
class Removed:
    """How many files were deleted, and which were kept because they are not as a build wrote them."""

    files: int
    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class Content:
    """A file of the site: its digest and size, and how to get its bytes."""

    digest: str
    size: int
    read: Callable[[], bytes]

    @classmethod
    def of(cls, content: bytes) -> Content:
        """Return the content that some bytes are."""
        return cls(hashlib.sha256(content).hexdigest(), len(content), lambda: content)

    @classmethod
    def packed(cls, content: bytes) -> Content:
        """Return the same, kept small: all pages wait until the last is made, and there may be 100,000."""
        small = zlib.compress(content, 1)
        return cls(hashlib.sha256(content).hexdigest(), len(content), lambda: zlib.decompress(small))


HINT = "Name another folder with -o, or `output:`"


def check_output(folder: Path, hint: str = HINT) -> None:
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


def check_owner(folder: Path, hint: str = HINT) -> None:
    """Raise UsageError if a site's folder is no folder, or holds someone else's files; nothing is written."""
    try:
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"output {folder}: is a file, not a folder", hint)
        if folder.is_dir() and not is_ours(folder):
            names = (entry.name for entry in folder.iterdir() if not entry.name.startswith(NEW))
            if others := sorted(name for name in names if name not in ALLOWED_FILES):
                raise UsageError(f"output {folder}: holds files that are not ours, such as {others[0]}", hint)
    except OSError as error:
        raise UsageError(f"output {folder}: cannot be written: {error.strerror}", hint) from None


def write_files(folder: Path, files: dict[str, Content], describe: Callable[[list[dict[str, Any]]], bytes]) -> Changes:
    """Make the folder hold exactly these files, and the manifest that ``describe`` makes of their list.

    Only files whose content changed are written, and of the others only those are deleted that a former build of
    ours wrote. A journal says whose the files are until the manifest does, so that a killed build can go on.
    Raises UsageError, before anything is written, if a file of someone else stands in the way.
    """
    before, begun = listed(folder), journal(folder)
    claims = merged(before, begun)
    for target in _in_the_way(folder, files, claims):
        what = "is a folder" if target.is_dir() and not target.is_symlink() else "is not ours"
        raise UsageError(f"output {target}: {what}, and stands where a page should", "Move it away")
    listing = [{"path": path, "size": c.size, "digest": c.digest} for path, c in sorted(files.items())]
    new_manifest = describe(listing)
    stale = sorted(path for path in claims if path not in files)
    # A build that was killed may have replaced what it announced, whatever the older manifest says of it.
    known = {path: digest for path, digest in before.items() if path not in begun}
    changed = [
        path
        for path, content in files.items()
        if known.get(path) != content.digest or size_of(folder, path) != content.size
    ]
    deleted = 0
    try:
        _sweep(folder, files)
        if changed or stale or _bytes(folder / MANIFEST) != new_manifest:
            announced = merged(claims, {path: content.digest for path, content in files.items()})
            folder.mkdir(parents=True, exist_ok=True)
            put_file(f"{folder}/{JOURNAL}", journal_json(announced))
            for parent in {path.rpartition("/")[0] for path in changed}:
                (folder / parent).mkdir(parents=True, exist_ok=True)
            for path in changed:
                put_file(f"{folder}/{path}", files[path].read())
            deleted = sum(_delete(folder, path, claims[path]) for path in stale)
            put_file(f"{folder}/{MANIFEST}", new_manifest)
        (folder / JOURNAL).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(
            f"output {folder}: cannot be written: {error.strerror}", "Free some space, then run again"
        ) from None
    return Changes(len(changed), len(files) - len(changed), deleted)


def size_of(folder: Path, path: str) -> int | None:
    """Return the size of a file of the site in bytes, None if it is not there."""
    try:
        return os.stat(f"{folder}/{path}").st_size  # noqa: PTH116 (asked for every file at every build)
    except OSError:
        return None


def put_file(path: str, content: bytes) -> None:
    """Write a file beside its place and move it there: ``write_atomically`` without what only costs here.

    The folder must be there. A site has tens of thousands of small files, and one build at a time.
    """
    parent, _, name = path.rpartition("/")
    beside = f"{parent}/{NEW}{name[-80:]}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(beside, flags, 0o666), "wb") as opened:  # noqa: PTH123
        opened.write(content)
    os.replace(beside, path)  # noqa: PTH105


def remove_site(folder: Path) -> Removed:
    """Delete the files that our builds wrote to a folder, as far as they are as they were written.

    Links are not followed. Raises UsageError for a folder that is not ours, or if a file cannot be deleted.
    """
    if not folder.is_dir():
        return Removed(0)
    if not is_ours(folder):
        if any(entry.name not in ALLOWED_FILES for entry in folder.iterdir()):
            raise UsageError(f"{folder}: not a site of filter-gallery; nothing was removed")
        return Removed(0)
    claims = merged(listed(folder), journal(folder))
    try:
        _sweep(folder, claims)
        removed = [path for path in sorted(claims) if _delete(folder, path, claims[path])]
        kept = tuple(path for path in sorted(claims) if os.path.lexists(f"{folder}/{path}"))
        for name in (MANIFEST, JOURNAL):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"cannot remove {error.filename}: {error.strerror}", "Allow it, then run again") from None
    return Removed(len(removed), kept)


def _bytes(path: Path) -> bytes | None:
    try:
        return read_regular(path, LARGEST)
    except OSError:
        return None


def _in_the_way(folder: Path, files: Mapping[str, Content], claims: Claims) -> Iterator[Path]:
    """Yield what is not ours where a file, or a folder that one is in, has to be."""
    parents = {str(parent) for folders in {path.rpartition("/")[0] for path in files} for parent in _upwards(folders)}
    for parent in sorted(parents):
        held = folder / parent
        if held.is_symlink() or (held.exists() and not held.is_dir()):
            yield held
    for path, content in files.items():
        if path in claims:
            if os.path.isdir(f"{folder}/{path}") and not os.path.islink(f"{folder}/{path}"):  # noqa: PTH112, PTH114
                yield folder / path
            continue
        if not os.path.lexists(f"{folder}/{path}"):
            continue
        target = folder / path
        if target.is_symlink() or not target.is_file() or _bytes(target) != content.read():
            yield target


def _upwards(folders: str) -> Iterator[PurePosixPath]:
    whole = PurePosixPath(folders)
    return (parent for parent in (whole, *whole.parents) if parent.name)


def _sweep(folder: Path, paths: Iterable[str]) -> None:
    """Delete what a killed build had begun to write beside some files."""
    for place in {path.rpartition("/")[0] for path in paths}:
        if (folder / place).is_dir() and not (place and link_in(folder, place)):
            with os.scandir(folder / place) as entries:
                left = [entry.path for entry in entries if entry.name.startswith(NEW)]
            for path in left:
                if os.path.islink(path) or os.path.isfile(path):  # noqa: PTH113, PTH114
                    os.unlink(path)  # noqa: PTH108


def _delete(folder: Path, path: str, digests: Collection[str]) -> bool:
    """Delete a file if it is one that a build of ours wrote, and the folders that it leaves empty."""
    target = folder / path
    if link_in(folder, path) or not _is_one_of(target, digests):
        return False
    target.unlink()
    for parent in target.relative_to(folder).parents:
        if parent == Path() or any(os.scandir(folder / parent)):
            break
        (folder / parent).rmdir()
    return True


def _is_one_of(target: Path, digests: Collection[str]) -> bool:
    """Tell whether a file has one of these digests."""
    try:
        if not stat.S_ISREG(target.lstat().st_mode):
            return False
        with target.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest() in digests
    except OSError:
        return False
