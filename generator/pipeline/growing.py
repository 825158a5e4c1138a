"""A site that grows while it is built: when it is written meanwhile, so that this costs next to nothing."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from generator.errors import GalleryError

FIRST_SECONDS = 5.0
"""A build that is done sooner writes its site once."""

SHARE = 0.05
"""Of the time of a build, at most, that writing a growing site takes, but for the first time."""

FIXED = 8
"""As long as it is not known better, the pages of so many pictures take as long as what every site needs."""

FEW = 1 / 8
"""Of the pictures to make: writing the pages of so few cannot cost much, though it is not known how much."""


@dataclass(frozen=True)
class _Writing:
    """The seconds that writing a site took, and how many pictures were new in it."""

    seconds: float
    pictures: int


class GrowingSite:
    """Writes a site while it is built, at moments that cost little: ``write`` does it.

    ``planned`` pictures will come. ``seconds`` is what writing took; it ``is_behind`` while the store holds more.
    """

    def __init__(self, write: Callable[[], None], planned: int) -> None:
        self._write, self._planned = write, planned
        self._began = time.monotonic()
        self._first: _Writing | None = None
        self._last = _Writing(0.0, 0)
        self._pictures = self._done = 0  # since it was written, and in all
        self.is_behind = False
        self.seconds = 0.0

    def more(self, pictures: int = 0) -> None:
        """Take note that the store holds more than before, so many pictures among it; write the site if it is time."""
        self.is_behind = True
        self._pictures += pictures
        self._done += pictures
        elapsed = time.monotonic() - self._began
        if self._first is None:
            if elapsed >= FIRST_SECONDS:
                self._write_now()
                self._first = self._last
        elif self.seconds - self._first.seconds + self._expected(self._first) <= SHARE * self._allowed(elapsed):
            self._write_now()

    def catch_up(self) -> None:
        """Write the site at once, as the build ends here; if it cannot be written, it stays as it was."""
        with contextlib.suppress(GalleryError):
            self._write_now()

    def _write_now(self) -> None:
        before = time.monotonic()
        self._write()
        self.is_behind = False
        self._last = _Writing(time.monotonic() - before, self._pictures)
        self._pictures = 0
        self.seconds += self._last.seconds

    def _allowed(self, elapsed: float) -> float:
        """Return the seconds of which a share may be spent: those that passed.

        Where half of the pictures are new, those of the whole build, as far as can be foreseen: a site with twice as
        many is worth more now than later.
        """
        is_worth_it = 2 * self._pictures >= self._done > 0
        rate = max(1.0, self._planned / self._done) if is_worth_it else 1.0
        return (elapsed - self.seconds) * rate

    def _expected(self, first: _Writing) -> float:
        """Return the seconds that writing takes now: what it takes without new pictures, and what each of these does.

        Pages of layers that are as they were are not made again.
        """
        if self._last is not first and self._last.pictures:
            each = max(0.0, self._last.seconds - first.seconds) / self._last.pictures
        else:
            each = 0.0 if self._done <= FEW * self._planned else first.seconds / FIXED
        return first.seconds + each * self._pictures
