"""Which files of a folder a store wrote: those are cleaned and removed, and nothing of anybody else's."""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from generator.digests import DIGEST
from generator.errors import UsageError, way_out
from generator.files import TEMPORARY_PREFIX, read_regular, remove_if_left

MARK, SPEED, IGNORE = "store.json", "speed.json", ".gitignore"
IGNORED = b"# Made by filter-gallery: all that is here can be made again.\n*\n"
"""The content of .gitignore, which keeps the store out of a repository."""

SUBFOLDERS = (
    *("objects", "records", "cards", "names", "tunings", "activities", "comparisons", "sheets", "sites", "datasets"),
    "circuits",
)
SCHEMA = 1
MADE_BY = "filter-gallery"
_MARKS = ({"made_by": MADE_BY, "schema": SCHEMA}, {"schema": SCHEMA})
"""The content of store.json; the second is what earlier versions wrote."""

_BLOB = r"objects/([0-9a-f]{2})/\1[0-9a-f]{62}"
_RECORD = rf"records/{DIGEST}/{DIGEST}\.json"
_OTHER = rf"({'|'.join(SUBFOLDERS[2:])})/{DIGEST}\.json"
_UNFINISHED = rf"(.+/)?{re.escape(TEMPORARY_PREFIX)}[^/]*"
_OWN_FILES = (_BLOB, _RECORD, _OTHER, _UNFINISHED)
"""The paths of all files that a store writes besides store.json and speed.json."""

_MAX_MARK_BYTES = 1000


def mark_bytes() -> bytes:
    """Return the bytes of store.json."""
    return json.dumps(_MARKS[0], sort_keys=True, separators=(",", ":")).encode()


def is_marked(folder: Path) -> bool:
    """Tell whether a folder is marked as a store."""
    try:
        return json.loads(read_regular(folder / MARK, _MAX_MARK_BYTES)) in _MARKS
    except (OSError, ValueError, RecursionError):
        return False


def check_free(folder: Path) -> None:
    """Raise UsageError if a folder that is not marked as a store holds anything but what one could begin with.

    Another build may be writing its first files at this moment, and a tuning may come from another machine. Beside
    results, in a folder of nothing else, store.json is ours, and was damaged.
    """
    if os.path.lexists(folder / MARK) and not stat.S_ISREG((folder / MARK).lstat().st_mode):
        raise UsageError(f"{folder / MARK}: is not a file, and stands where a store is marked", "Move it away")
    lost_mark = False
    if (folder / MARK).exists():
        lost_mark = any(_has_form(folder, path, (_BLOB, _RECORD)) for path in own_files(folder))
    for place, folders, names in os.walk(folder):
        linked = [name for name in folders if os.path.islink(f"{place}/{name}")]  # noqa: PTH114
        for name in sorted((*linked, *names)):
            path = Path(place, name)
            if path == folder / MARK and (lost_mark or is_marked(folder)):  # written by now
                continue
            if path == folder / SPEED and lost_mark and not path.is_symlink():
                continue
            if path == folder / IGNORE and _is_own_ignore(path):
                continue
            if not _has_form(folder, path) or path.is_symlink():
                hint = "Name another folder with `cache:`"
                raise UsageError(f"{folder}: holds files that are not a store's, such as {name}", hint)


def remove_own(folder: Path) -> bool:
    """Delete a store's own files, and its folders as far as nothing else is in them.

    Links are not followed. Returns False if there is no store. Raises UsageError for a folder that is none, or if
    a file cannot be deleted.
    """
    if not folder.exists():
        return False
    if not is_marked(folder):
        try:
            read_regular(folder / MARK, _MAX_MARK_BYTES)
        except PermissionError as error:
            raise UsageError(f"{folder / MARK}: cannot be read: {error.strerror}", way_out(error)) from None
        except OSError:
            pass
        raise UsageError(f"{folder}: not a store of filter-gallery; nothing was removed")
    try:
        ignores = [folder / IGNORE] if _is_own_ignore(folder / IGNORE) else []
        own = (*own_files(folder), folder / SPEED, *ignores, folder / MARK)  # the mark last: till then it is ours
        for path in own:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"cannot remove {error.filename}: {error.strerror}", way_out(error)) from None
    for below in (*sorted((below for below, _ in _contents(folder)), reverse=True), folder):
        with contextlib.suppress(OSError):  # not empty: what is left is not ours
            below.rmdir()
    return True


def _is_own_ignore(path: Path) -> bool:
    """Tell whether a .gitignore is as a store writes it, not somebody's own."""
    try:
        return read_regular(path, len(IGNORED)) == IGNORED
    except (OSError, ValueError):
        return False


def remove_left(folder: Path) -> None:
    """Remove a store's temporary files that no process is writing."""
    below = (place / name for place, names in _contents(folder) for name in names if name.startswith(TEMPORARY_PREFIX))
    for path in (*below, *folder.glob(f"{TEMPORARY_PREFIX}*")):
        remove_if_left(path)


def own_files(folder: Path) -> list[Path]:
    """Return the files of a store's form in a folder, links aside, but for store.json and speed.json."""
    contents = (below / name for below, names in _contents(folder) for name in names)
    own = (path for path in (*contents, *folder.glob(f"{TEMPORARY_PREFIX}*")) if _has_form(folder, path))
    return [path for path in own if not path.is_symlink()]


def _contents(folder: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield the folders of a store, links aside, with the names of what is in them."""
    for subfolder in (folder / name for name in SUBFOLDERS):
        if not subfolder.is_symlink():
            yield from ((Path(below), names) for below, _, names in os.walk(subfolder))


def _has_form(folder: Path, path: Path, forms: tuple[str, ...] = _OWN_FILES) -> bool:
    inside = path.relative_to(folder).as_posix()
    return any(re.fullmatch(form, inside) for form in forms)
