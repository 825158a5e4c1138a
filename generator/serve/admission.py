"""How many connections the preview holds at a time: what the system has no descriptors for is refused."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import sys
import time
from threading import Lock

OUT_OF_DESCRIPTORS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

MOST, LEAST = 128, 8
"""Connections: a browser holds one for each page that follows the status, and half a dozen more."""

PAUSE = 0.1
"""Seconds without accepting, where not even one connection can be refused."""


def connection_limit() -> int:
    """Return how many connections are held at a time: a quarter of the descriptors, as builds need some, too."""
    if sys.platform == "win32":
        return MOST
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if soft == resource.RLIM_INFINITY else max(LEAST, min(MOST, soft // 4))


class Admission:
    """Counts connections, and keeps one descriptor in reserve, with which one can be accepted to be refused."""

    def __init__(self, limit: int) -> None:
        self._limit, self._held, self._lock = limit, 0, Lock()
        self._reserve: int | None = os.open(os.devnull, os.O_RDONLY)

    def enter(self) -> bool:
        """Count a connection in; False if there are too many."""
        with self._lock:
            admitted = self._held < self._limit
            self._held += admitted
            return admitted

    def leave(self) -> None:
        """Count a connection out."""
        with self._lock:
            self._held -= 1

    def turn_away(self, listener: socket.socket) -> None:
        """Accept a connection with the reserve, and close it; wait a moment if that cannot be done."""
        with self._lock:
            self._let_go()
            try:
                refused, _ = listener.accept()
                refused.close()
            except OSError:
                time.sleep(PAUSE)
            with contextlib.suppress(OSError):
                self._reserve = os.open(os.devnull, os.O_RDONLY)

    def close(self) -> None:
        """Let go of the reserve."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        if self._reserve is not None:
            os.close(self._reserve)
            self._reserve = None
