"""The folder that a site is written to: whose it is, and how it changes from one build to the next."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from generator.errors import UsageError
from generator.store import NEW

MANIFEST, JOURNAL = "manifest.json", ".building.json"
NOT_OURS_BUT_WELCOME = {"README.md", ".nojekyll"}
"""``rm -r site/*`` leaves the second, which is empty, of a site of ours."""


@dataclass(frozen=True)
class Changes:
    """How many files were written, left as they were, and deleted."""

    written: int
    unchanged: int
    deleted: int


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


WAY_OUT = "Name another folder with -o, or `output:`"


def check_output(folder: Path, way_out: str = WAY_OUT) -> None:
    """Make sure that a site can be written to a folder.

    Raises UsageError if it is no folder, holds someone else's files, or cannot be written.
    """
    check_owner(folder, way_out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UsageError(f"output {folder}: cannot be written: {error.strerror}", way_out) from None


def check_owner(folder: Path, way_out: str = WAY_OUT) -> None:
    """Raise UsageError if a site's folder is no folder, or holds someone else's files; nothing is written."""
    try:
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"output {folder}: is a file, not a folder", way_out)
        if folder.is_dir() and not _is_ours(folder):
            names = (entry.name for entry in folder.iterdir() if not entry.name.startswith(NEW))
            if others := sorted(name for name in names if name not in NOT_OURS_BUT_WELCOME):
                raise UsageError(f"output {folder}: holds files that are not ours, such as {others[0]}", way_out)
    except OSError as error:
        raise UsageError(f"output {folder}: cannot be written: {error.strerror}", way_out) from None


def write_files(folder: Path, files: dict[str, Content], describe: Callable[[list[dict[str, Any]]], bytes]) -> Changes:
    """Make the folder hold exactly these files, and the manifest that ``describe`` makes of their list.

    Only files whose content changed are written, and of the others only those are deleted that a former build of
    ours wrote. A journal says whose the files are until the manifest does, so that a killed build can go on.
    Raises UsageError, before anything is written, if a file of someone else stands in the way.
    """
    before, begun = _listed(folder / MANIFEST), _listed(folder / JOURNAL)
    claimed = {*before, *begun}
    for target in _in_the_way(folder, files, claimed):
        raise UsageError(f"output {target}: is not ours, and stands where a page should", "Move it away")
    listing = [{"path": path, "size": c.size, "digest": c.digest} for path, c in sorted(files.items())]
    new_manifest = describe(listing)
    stale = sorted(path for path in claimed if path not in files and _is_inside(path))
    # A build that was killed may have replaced what it announced, whatever the older manifest says of it.
    known = {path: digest for path, digest in before.items() if path not in begun}
    changed = [
        path
        for path, content in files.items()
        if known.get(path) != content.digest or size_of(folder, path) != content.size
    ]
    try:
        _sweep(folder, files)
        if changed or stale or _bytes(folder / MANIFEST) != new_manifest:
            journal = {"files": [{"path": path} for path in sorted({*claimed, *files})]}
            folder.mkdir(parents=True, exist_ok=True)
            put_file(f"{folder}/{JOURNAL}", json.dumps(journal).encode())
            for parent in {path.rpartition("/")[0] for path in changed}:
                (folder / parent).mkdir(parents=True, exist_ok=True)
            for path in changed:
                put_file(f"{folder}/{path}", files[path].read())
            deleted = sum(_delete(folder, path) for path in stale)
            put_file(f"{folder}/{MANIFEST}", new_manifest)
        else:
            deleted = 0
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
    with open(beside, "wb") as opened:  # noqa: PTH123
        opened.write(content)
    os.replace(beside, path)  # noqa: PTH105


def remove_site(folder: Path) -> int:
    """Delete the files that our last build wrote to a folder; returns how many there were.

    Raises UsageError for a folder that is not ours.
    """
    if not folder.is_dir():
        return 0
    if not _is_ours(folder):
        if any(entry.name not in NOT_OURS_BUT_WELCOME for entry in folder.iterdir()):
            raise UsageError(f"{folder}: not a site of filter-gallery; nothing was removed")
        return 0
    listed = sorted({*_listed(folder / MANIFEST), *_listed(folder / JOURNAL)})
    _sweep(folder, filter(_is_inside, listed))
    removed = sum(_delete(folder, path) for path in listed if _is_inside(path))
    for name in (MANIFEST, JOURNAL):
        (folder / name).unlink(missing_ok=True)
    return removed


def _is_ours(folder: Path) -> bool:
    if (folder / JOURNAL).is_file():
        return True
    manifest = _read(folder / MANIFEST)
    return isinstance(manifest, dict) and {"schema", "generator", "models", "files"} <= manifest.keys()


def _listed(path: Path) -> dict[str, str | None]:
    """Return the files that a manifest or journal lists, with their digests."""
    listing = _read(path)
    files = listing.get("files") if isinstance(listing, dict) else None
    files = files if isinstance(files, list) else []
    return {f["path"]: f.get("digest") for f in files if isinstance(f, dict) and isinstance(f.get("path"), str)}


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _in_the_way(folder: Path, files: Mapping[str, Content], claimed: Collection[str]) -> Iterator[Path]:
    """Yield what is not ours where a file, or a folder that one is in, has to be."""
    parents = {str(parent) for folders in {path.rpartition("/")[0] for path in files} for parent in _upwards(folders)}
    for parent in sorted(parents):
        held = folder / parent
        if held.is_symlink() or (held.exists() and not held.is_dir()):
            yield held
    for path, content in files.items():
        if path in claimed or not os.path.lexists(f"{folder}/{path}"):
            continue
        target = folder / path
        if target.is_symlink() or not target.is_file() or _bytes(target) != content.read():
            yield target


def _upwards(folders: str) -> Iterator[PurePosixPath]:
    whole = PurePosixPath(folders)
    return (parent for parent in (whole, *whole.parents) if parent.name)


def _is_inside(path: str) -> bool:
    """A manifest could have been edited: what it lists must not lead out of the folder."""
    parts = PurePosixPath(path).parts
    return bool(parts) and not PurePosixPath(path).is_absolute() and ".." not in parts and not {"\\", "\0"} & {*path}


def _sweep(folder: Path, paths: Iterable[str]) -> None:
    """Delete what a killed build had begun to write beside some files."""
    for place in {(folder / path).parent for path in paths}:
        for left in place.glob(f"{NEW}*"):
            left.unlink()


def _delete(folder: Path, path: str) -> bool:
    target = folder / path
    if not target.parent.resolve().is_relative_to(folder.resolve()) or not (target.is_file() or target.is_symlink()):
        return False
    target.unlink()
    for parent in target.relative_to(folder).parents:
        if parent == Path() or any(os.scandir(folder / parent)):
            break
        (folder / parent).rmdir()
    return True
