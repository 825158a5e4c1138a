"""Watches what Python does while a command runs: what it opens, writes and deletes, and how long it takes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

MEMORY = 1_000_000_000
PROCESSOR_SECONDS, SECONDS = 10, 60
"""Of processor time, which is the command's own; and by the clock, for what waits: other work may take the machine."""

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PATHS: dict[str, tuple[int, ...]] = {
    "os.remove": (0,),
    "os.rename": (0, 1),
    "os.mkdir": (0,),
    "os.rmdir": (0,),
    "os.link": (0, 1),
    "os.symlink": (1,),
    "os.truncate": (0,),
    "os.chmod": (0,),
    "os.chown": (0,),
    "os.utime": (0,),
}
"""Events by which Python says what it is about to change, and which of their arguments are paths."""

_DIRECTORY = {"os.remove": 1, "os.mkdir": 2, "os.rmdir": 1, "os.symlink": 2}
"""Which of their arguments is the folder that a path starts at, as a descriptor."""


class TooLongError(BaseException):
    """A command that goes past its time; no ``except Exception`` holds it up."""


@dataclass
class Watch:
    """What is forbidden, and what was done all the same."""

    may_write: Callable[[Path], bool]
    may_read: Callable[[Path], bool]
    faults: list[str] = field(default_factory=list)

    def check(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Look at an event; raises PermissionError for what must not be done."""
        if event == "open":
            path, mode, flags = arguments
            if isinstance(path, int):
                return
            if (flags or 0) & os.O_NOFOLLOW and Path(os.fsdecode(path)).is_symlink():  # the system refuses it
                return
            writes = bool((flags or 0) & _WRITING) or any(letter in "wax+" for letter in mode or "")
            self._check(event, Path(os.path.realpath(os.fsdecode(path))), writes)
        elif event in _PATHS:
            base = arguments[_DIRECTORY[event]] if event in _DIRECTORY else -1
            for place in _PATHS[event]:
                if not isinstance(arguments[place], int):
                    self._check(event, _absolute(os.fsdecode(arguments[place]), base), writes=True)
        elif event == "socket.connect":
            raise PermissionError("no network here")

    def _check(self, event: str, path: Path, writes: bool) -> None:
        if event in ("open", "os.mkdir") and path.is_dir():  # nothing happens; tempfile names the folder first
            return
        allowed = self.may_write(path) if writes else self.may_read(path)
        if not allowed:
            self.faults.append(f"{event} {path}")
            raise PermissionError(13, "not in this test", str(path))


def _absolute(path: str, base: int) -> Path:
    """Return a path without links on the way to it; itself it may be one."""
    below = Path() if base in (-1, None) else Path(f"/proc/self/fd/{base}").readlink()
    return Path(os.path.realpath((below / path).parent), Path(path).name)


_watch: Watch | None = None
_is_hooked = False


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    global _watch
    if (watch := _watch) is not None:
        _watch = None  # what is done here is not the command's
        try:
            watch.check(event, arguments)
        finally:
            _watch = watch


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Let a watch see all that is done in the block, within limits of time and memory.

    Raises TooLongError, or MemoryError where memory is asked for.
    """
    global _watch, _is_hooked
    if not _is_hooked:
        sys.addaudithook(_hook)  # for good: Python removes none
        _is_hooked = True
    with _limited_time(), _limited_memory():
        _watch = watch
        try:
            yield
        finally:
            _watch = None


@contextmanager
def _limited_time() -> Iterator[None]:
    def stop(number: int, _: FrameType | None) -> None:
        raise TooLongError(signal.Signals(number).name)

    limits = ((signal.SIGPROF, signal.ITIMER_PROF, PROCESSOR_SECONDS), (signal.SIGALRM, signal.ITIMER_REAL, SECONDS))
    before = [(number, signal.signal(number, stop)) for number, _, _ in limits]
    try:
        for _, timer, seconds in limits:
            signal.setitimer(timer, seconds)
        yield
    finally:
        for _, timer, _ in limits:
            signal.setitimer(timer, 0)
        for number, handler in before:
            signal.signal(number, handler)


@contextmanager
def _limited_memory() -> Iterator[None]:
    """Allow so many bytes more than are taken already, where the system can."""
    try:
        import resource

        status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        taken = int(status["VmData"].split()[0]) * 1024
        before = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (taken + MEMORY, before[1]))
    except (ImportError, OSError):
        yield
        return
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)
