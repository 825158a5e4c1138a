"""One build at a time in an output: a lock of the operating system, which ends with the process that holds it.

The lock is on a file in the output, which says whose it is and is there only while it is held. A file that a killed
process left is locked by nobody, whatever it says: the next build takes it over, and removes it at its end.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from generator.errors import UsageError
from generator.files import read_regular
from generator.locking import BUSY, lock_file
from generator.site.folder import OUTPUT_HINT, check_output, check_owner
from generator.site.listing import LOCK, MANIFEST, is_ours

POLL_SECONDS = 0.1
UNKNOWN_SECONDS = 1.0
"""Seconds for which a holder that has not yet written who it is is looked at again, before it is told."""

_MAX_BYTES = 1000


@dataclass(frozen=True)
class Holder:
    """The process that holds a lock, or left it: its number, its host, and since when."""

    process: int
    host: str
    since: str

    @classmethod
    def here(cls) -> Holder:
        """Return this process, as a holder from now on."""
        return cls(os.getpid(), platform.node() or "localhost", datetime.now().astimezone().isoformat(" ", "seconds"))

    @classmethod
    def of(cls, folder: Path) -> Holder | None:
        """Return whom an output's lock names; None if it is not there, or makes no sense."""
        try:
            named = json.loads(read_regular(folder / LOCK, _MAX_BYTES))
            process, host, since = named["process"], named["host"], named["since"]
        except (OSError, ValueError, RecursionError, TypeError, KeyError):
            return None
        known = type(process) is int and isinstance(host, str) and isinstance(since, str)
        return cls(process, host[:80], since[:40]) if known else None

    def __str__(self) -> str:
        return f"process {self.process} on {self.host} since {self.since}"


@contextmanager
def output_lock(
    folder: Path, wait: bool, on_wait: Callable[[str], None] = lambda holder: None, hint: str = OUTPUT_HINT
) -> Iterator[str]:
    """Make sure that a site can be written to a folder, and let no other build write there meanwhile.

    Yields nothing, or a sentence for the user: why there is no lock, or that another machine left one behind.
    ``on_wait`` is called with each holder that is waited for, ``hint`` tells how to name another folder. Raises
    UsageError if the folder cannot be written, is not ours, or, unless ``wait``, is in use.
    """
    if not _has(folder, MANIFEST):  # so that nothing is put into a folder of someone else's
        try:
            check_owner(folder, hint)
        except UsageError:
            if not _has(folder, LOCK):  # else a build may just have begun: what it wrote is not all there yet
                raise
    with _held(folder, wait, on_wait) as doubt:
        check_output(folder, hint)
        yield doubt


@contextmanager
def removal_lock(folder: Path) -> Iterator[None]:
    """Let no build write to a folder of which a site is removed; what is not ours is left alone.

    Raises UsageError if it is in use.
    """
    if folder.is_dir() and (is_ours(folder) or _has(folder, LOCK)):
        with _held(folder, wait=False, on_wait=lambda holder: None):
            yield
    else:
        yield


@contextmanager
def _held(folder: Path, wait: bool, on_wait: Callable[[str], None]) -> Iterator[str]:
    """Hold the lock of a folder; go on without where there is none to be had. Yields why, or what else is odd."""
    try:
        handle = _acquire(folder, wait, on_wait)
    except OSError as error:
        yield f"has no lock ({error.strerror or error}): do not build there twice at once"
        return
    try:
        former, own = Holder.of(folder), Holder.here()
        with contextlib.suppress(OSError):  # another user's file, a full disk: it is the lock that counts
            os.ftruncate(handle, 0)
            os.lseek(handle, 0, os.SEEK_SET)
            os.write(handle, json.dumps(vars(own)).encode())
        yield f"{former} left its lock: it is gone" if former and former.host != own.host else ""
    finally:
        _release(folder, handle)


def _acquire(folder: Path, wait: bool, on_wait: Callable[[str], None]) -> int:
    """Return the descriptor of the lock's file, once it is locked.

    Raises OSError if the folder or its file system allows no lock.
    """
    began, told = time.monotonic(), ""
    while True:
        handle = _open(folder)
        try:
            lock_file(handle)
            if _is_in_place(folder, handle):
                return handle
            busy = False  # its holder removed the file after it was opened
        except OSError as error:
            busy = error.errno in BUSY
            if not busy:
                os.close(handle)
                raise
        os.close(handle)
        if busy:
            told = _wait(folder, wait, on_wait, told, time.monotonic() - began)


def _wait(folder: Path, wait: bool, on_wait: Callable[[str], None], told: str, waited: float) -> str:
    """Wait a moment; returns the holder that is waited for, as ``on_wait`` was told it."""
    holder = Holder.of(folder)
    name = str(holder or "another process")
    if holder or waited > UNKNOWN_SECONDS:
        if not wait:
            hint = f"Wait for it, or end it. {OUTPUT_HINT}"
            raise UsageError(f"output {folder}: in use by {name}", hint)
        if name != told:
            told = name
            on_wait(name)
    time.sleep(POLL_SECONDS)
    return told


def _has(folder: Path, name: str) -> bool:
    return os.path.isfile(f"{folder}/{name}")  # noqa: PTH113 (no error where nothing can be looked at)


def _open(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOCK
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise UsageError(f"output {path}: is not a file, and stands where the lock should", "Move it away")
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | flags, 0o666)
    except PermissionError:  # another user's
        return os.open(path, os.O_RDONLY | flags)


def _is_in_place(folder: Path, handle: int) -> bool:
    try:
        return os.path.samestat((folder / LOCK).lstat(), os.fstat(handle))
    except OSError:
        return False


def _release(folder: Path, handle: int) -> None:
    """Remove the lock's file, then let go of it. Windows removes no file that is open, so there it is removed after."""
    path, ours = folder / LOCK, _is_in_place(folder, handle)
    with contextlib.suppress(OSError):
        if ours and sys.platform != "win32":
            path.unlink()
    os.close(handle)
    with contextlib.suppress(OSError):
        if ours and sys.platform == "win32":
            path.unlink()
