"""Files and temporary folders: written atomically, read without waiting, and removed where a killed process left them.

Whoever writes a temporary file, or works in a temporary folder, holds a lock of the operating system on it, which ends
with the process. So what is not locked was left behind, and whoever comes next removes it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import IO

from generator.errors import UsageError, way_out
from generator.locking import BUSY, lock_file

TEMPORARY_PREFIX = ".filter-gallery-new-"
"""How the names of files begin that are not finished yet."""

SCRATCH_PREFIX = "filter-gallery-scratch-"
"""How the names of our folders among the system's temporary ones begin."""

LEFT_SECONDS = 24 * 3600.0
"""Age from which something was left behind, where the file system has no locks to tell it by."""

_SCRATCH_LOCK = "lock"
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def real_path(path: Path) -> Path:
    """Return a path without links in it. Those that lead round in a circle stay, where ``Path.resolve`` raises."""
    return Path(os.path.realpath(path))


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file under a temporary name and rename it, so that no reader sees a part of it.

    What killed processes left beside it is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_left_beside(path)
    with temporary_file(path) as opened:
        opened.write(content)


def write_named(path: Path, content: bytes) -> None:
    """Write a file that the user named, atomically.

    Raises UsageError if the system does not let it be written.
    """
    try:
        write_atomically(path, content)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", way_out(error)) from None


@contextmanager
def temporary_file(path: Path) -> Iterator[IO[bytes]]:
    """Have a new file, open and locked, which replaces ``path`` at the end of the block, or goes if that fails.

    The folder must exist.
    """
    handle, name = _claimed(path.parent)
    opened = os.fdopen(handle, "wb")
    try:
        with opened:
            yield opened
            opened.flush()
            if os.name != "nt":  # while the lock is held
                Path(name).chmod(0o644)
                Path(name).replace(path)
        if os.name == "nt":  # it renames no file that is open, and deletes none, so that it needs no lock
            Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _claimed(folder: Path) -> tuple[int, str]:
    """Make a temporary file and lock it."""
    while True:
        handle, name = tempfile.mkstemp(dir=folder, prefix=TEMPORARY_PREFIX)
        if os.name == "nt" or _claim(handle, name):
            return handle, name
        os.close(handle)


def _claim(handle: int, name: str) -> bool:
    """Lock a new file; False if somebody who cleans up had it in that moment, and removes it."""
    try:
        lock_file(handle)
    except OSError as error:
        return error.errno not in BUSY  # a file system without locks: go on without
    return _is_in_place(handle, name)


def _is_in_place(handle: int, name: str | Path) -> bool:
    try:
        return os.path.samestat(os.lstat(name), os.fstat(handle))
    except OSError:
        return False


def remove_if_left(path: Path) -> bool:
    """Remove a temporary file that no process is writing; links are left alone. Returns whether it is gone."""
    try:
        state = path.lstat()
        if not stat.S_ISREG(state.st_mode):
            return False
        if os.name != "nt" and not _is_left(path, state.st_mtime):
            return False
        path.unlink()
    except OSError:
        return False
    return True


def _is_left(path: Path, modified: float) -> bool:
    """Tell whether no process holds the lock of a file. Raises OSError if it cannot be opened."""
    handle = os.open(path, _READ_FLAGS | _NO_LINK)
    try:
        lock_file(handle)
    except OSError as error:
        return error.errno not in BUSY and time.time() - modified > LEFT_SECONDS
    finally:
        os.close(handle)
    return True


def remove_left_beside(path: Path) -> None:
    """Remove the temporary files that killed processes left in the folder of a file that is to be written."""
    with contextlib.suppress(OSError):
        for left in path.parent.glob(f"{TEMPORARY_PREFIX}*"):
            remove_if_left(left)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Have an empty folder among the system's temporary ones; those that killed processes left are removed first."""
    _remove_left_folders(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=SCRATCH_PREFIX, ignore_cleanup_errors=True) as place:
        handle = os.open(f"{place}/{_SCRATCH_LOCK}", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            with contextlib.suppress(OSError):  # a file system without locks
                lock_file(handle)
            yield Path(place)
        finally:
            os.close(handle)


def _remove_left_folders(top: Path) -> None:
    """Remove scratch folders of this user whose processes have ended."""
    with contextlib.suppress(OSError):
        for folder in top.glob(f"{SCRATCH_PREFIX}*"):
            with contextlib.suppress(OSError):
                state = folder.lstat()
                if not stat.S_ISDIR(state.st_mode) or (os.name != "nt" and state.st_uid != os.geteuid()):
                    continue
                lock = folder / _SCRATCH_LOCK
                if lock.exists() and _is_left(lock, lock.lstat().st_mtime):
                    shutil.rmtree(folder, ignore_errors=True)
                elif time.time() - state.st_mtime > LEFT_SECONDS:
                    folder.rmdir()  # killed before it was locked: empty, else it is none of ours


def open_regular(path: Path, follow: bool = True) -> BufferedReader:
    """Open a regular file for reading, or, unless told not to follow it, the link to one.

    Raises OSError for anything else: a pipe would be waited for, and a device read for ever.
    """
    opened = open(os.open(path, _READ_FLAGS | (0 if follow else _NO_LINK)), "rb")  # noqa: PTH123, SIM115 (is returned)
    if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
        opened.close()
        raise OSError(0, "is not a file", str(path))
    return opened


def read_regular(path: Path, max_bytes: int) -> bytes:
    """Return the bytes of a regular file.

    Raises OSError for anything else, such as a link, a folder or a pipe, and for a file of more than ``max_bytes``.
    """
    with open_regular(path, follow=False) as opened:
        size = os.fstat(opened.fileno()).st_size
        if size > max_bytes:
            raise OSError(0, f"has more than {max_bytes:,} bytes", str(path))
        return opened.read(size)  # which takes as much memory at once as it is told
