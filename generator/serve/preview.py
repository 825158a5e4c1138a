"""The loop of the preview: build, wait for a change, build again; open pages get their status."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from generator.config import Config
from generator.files import real_path
from generator.pipeline.events import Event, PagesGrown, Summary
from generator.serve.builder import BuildAborted, Builder
from generator.serve.status import StatusFeed, site_digest
from generator.serve.watch import Reading, read, stamps

POLL_SECONDS = 0.2
"""Seconds between two checks of the files; a change has to last that long, as a file may still be written."""

RETRY_SECONDS = 1.0
"""Seconds between two readings of a configuration that is wrong: a file that it names can appear."""


@dataclass(frozen=True)
class Rebuilding:
    """A build begins, as these files changed; none at the start, and where a file appeared that was named before."""

    changed: tuple[Path, ...]


@dataclass(frozen=True)
class Built:
    """A build is done."""

    summary: Summary


@dataclass(frozen=True)
class BuildFailed:
    """Nothing is built: what is wrong, a line each. ``trace`` is the traceback of an error that a build raised."""

    problems: tuple[str, ...]
    trace: str = ""


PreviewEvent = Rebuilding | Built | BuildFailed | Event


class Preview:
    """Keeps the site of a configuration up to date. ``load`` reads ``file``, or the default configuration."""

    def __init__(
        self,
        file: Path,
        load: Callable[[], Config],
        folder: Path,
        builder: Builder,
        status: StatusFeed,
        on_event: Callable[[PreviewEvent], None],
    ) -> None:
        self._file, self._load, self._folder = file, load, folder
        self._builder, self._status, self._on_event = builder, status, on_event
        self._reported: tuple[str, ...] = ()

    def run(self) -> None:
        """Build, and build again at every change, until interrupted."""
        self._status.change(site=site_digest(self._folder))
        reading, changed = self._read(), tuple[Path, ...]()
        while True:
            if reading.config is not None:
                self._build(reading.config, changed, reading)
            reading, changed = self._wait(reading)

    def _read(self) -> Reading:
        """Read the configuration; what is wrong with it is reported once."""
        reading = read(self._file, self._load)
        if reading.config and real_path(reading.config.output) != real_path(self._folder):
            moved = f"`output:` is {reading.config.output} now, and {self._folder} is served. Start serve again"
            reading = Reading(None, (moved,), reading.stamps)
        if reading.problems:
            self._report(reading.problems)
        return reading

    def _report(self, problems: tuple[str, ...], trace: str = "") -> None:
        if problems != self._reported:
            self._reported = problems
            self._on_event(BuildFailed(problems, trace))
        self._status.change(problems=problems)

    def _build(self, config: Config, changed: tuple[Path, ...], reading: Reading) -> None:
        self._on_event(Rebuilding(changed))
        self._status.change(building=True, problems=())
        self._reported = ()
        for event in self._builder.run(config):
            if event is None:
                self._check_meanwhile(reading)
            elif isinstance(event, Summary):
                self._on_event(Built(event))
                failures = tuple(f"{failure.what}: {failure.message}" for failure in event.failures)
                # What became wrong with the configuration meanwhile still is.
                self._status.change(site_digest(self._folder), building=False, problems=(*self._reported, *failures))
            elif isinstance(event, BuildAborted):
                self._report(event.problems, event.trace)
                self._status.change(building=False)
            else:
                if isinstance(event, PagesGrown):
                    self._status.change(site=site_digest(self._folder))
                self._on_event(event)

    def _check_meanwhile(self, reading: Reading) -> None:
        """Report at once if the configuration became wrong during a build; other changes wait for the next build."""
        if self._file in reading.changed(self._file):
            self._read()

    def _wait(self, reading: Reading) -> tuple[Reading, tuple[Path, ...]]:
        """Return the configuration as it is after the next change, and the files that changed."""
        since = time.monotonic()
        while True:
            time.sleep(POLL_SECONDS)
            changed = reading.changed(self._file)
            if changed:
                _until_quiet(reading, self._file)
                return self._read(), reading.changed(self._file) or changed
            if reading.config is None and time.monotonic() - since > RETRY_SECONDS:
                since, again = time.monotonic(), self._read()
                if again.config is not None:
                    return again, ()
                reading = again


def _until_quiet(reading: Reading, file: Path) -> None:
    """Wait until no file changes any more: a model takes a while to be saved."""
    before = stamps(file, reading.config)
    while True:
        time.sleep(POLL_SECONDS)
        now = stamps(file, reading.config)
        if now == before:
            return
        before = now
