"""A site that grows while it is built: when it is written meanwhile, so that this costs next to nothing."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from generator.errors import GalleryError

FIRST_SECONDS = 5.0
"""A build that is done sooner writes its site once."""

SHARE = 0.05
"""Of the time of a build, at most, that writing a growing site takes, but for the first time."""

GROWTH = 2.0
"""How much longer writing may take than the last time: there is more of it."""


class GrowingSite:
    """Writes a site while it is built, at moments that cost little. ``write`` does it.

    ``seconds`` is what it took so far; it ``is_behind`` while the store holds more.
    """

    def __init__(self, write: Callable[[], None]) -> None:
        self._write = write
        self._began = time.monotonic()
        self._first: float | None = None
        self._last = 0.0
        self.is_behind = False
        self.seconds = 0.0

    def more(self) -> None:
        """Take note that the store holds more than before; write the site if it is time."""
        self.is_behind = True
        elapsed = time.monotonic() - self._began
        if self._first is None:
            if elapsed >= FIRST_SECONDS:
                self._write_now()
                self._first = self._last
        elif self.seconds - self._first + GROWTH * self._last <= SHARE * elapsed:
            self._write_now()

    def catch_up(self) -> None:
        """Write the site at once, as the build ends here; if it cannot be written, it stays as it was."""
        with contextlib.suppress(GalleryError):
            self._write_now()

    def _write_now(self) -> None:
        before = time.monotonic()
        self._write()
        self.is_behind = False
        self._last = time.monotonic() - before
        self.seconds += self._last
