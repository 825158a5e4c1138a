"""The status of the preview, for the pages that show it: one writer, a reading thread for each open page."""

from __future__ import annotations

import hashlib
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Condition

from generator.site.listing import manifest_bytes


@dataclass(frozen=True)
class State:
    """What an open page needs to know.

    ``site`` is a digest of everything that the site holds, empty where there is none yet; ``problems`` are a line
    each. ``number`` rises from state to state, and from one run of the command to the next, so that a state that
    arrives late is known as such.
    """

    number: int
    site: str = ""
    building: bool = False
    problems: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return the state as the page's script reads it."""
        return asdict(self)


def site_digest(folder: Path) -> str:
    """Return a digest of the site in a folder: of its manifest, which lists the digest of every file."""
    manifest = manifest_bytes(folder)
    return "" if manifest is None else hashlib.sha256(manifest).hexdigest()[:16]


class StatusFeed:
    """Holds the state, and wakes the threads that wait for a change."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._state = State(time.time_ns() // 1_000_000)

    @property
    def state(self) -> State:
        """Return the state as it is now."""
        return self._state

    def change(
        self, site: str | None = None, building: bool | None = None, problems: tuple[str, ...] | None = None
    ) -> None:
        """Replace what is given; the rest stays."""
        with self._changed:
            given = {"site": site, "building": building, "problems": problems}
            changed = replace(self._state, **{key: value for key, value in given.items() if value is not None})  # type: ignore[arg-type]
            if changed != self._state:
                self._state = replace(changed, number=self._state.number + 1)
                self._changed.notify_all()

    def wait(self, seen: int, seconds: float) -> State | None:
        """Return the state as soon as it is not the one that was ``seen``, None if nothing changed for so long."""
        with self._changed:
            self._changed.wait_for(lambda: self._state.number != seen, seconds)
            return self._state if self._state.number != seen else None
