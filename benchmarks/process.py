"""A whole build in a process of its own, timed, with the most memory that it took.

python -m benchmarks.process '{"models": ["demo"], "layers": [["block1_*", 8]], "render": {"size": 64}}'
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from generator.config import Config
from generator.config.entries import entry_for_source
from generator.config.values import LayerRule, ModelEntry
from generator.errors import GalleryError, UsageError
from generator.pipeline import Event, Planned, TaskDone, TaskStarted, build

MIB = 1 << 20


@dataclass(frozen=True)
class Job:
    """What is built, without photos: ``models`` as the command line takes them.

    ``layers`` are rules in order, (glob, number of filters), an empty list standing for everything; ``render`` holds
    the settings that differ.
    """

    models: Sequence[str]
    layers: Sequence[tuple[str, int]] = ()
    render: dict[str, Any] = field(default_factory=dict)


@dataclass
class Build:
    """The measurements of a build's process.

    ``rendering`` are the seconds from the first picture's task to the last one's, with encoding, scoring and storing;
    ``whole`` those of the build, with loading, the tuning and the pages. Memory is the process's largest resident set
    in MiB: ``before`` anything was planned (TensorFlow, the network, the tuning), when the last picture was
    ``rendered``, and at the end, with the pages.
    """

    pictures: int = 0
    rendering: float = 0.0
    whole: float = 0.0
    before: float = 0.0
    rendered: float = 0.0
    end: float = 0.0
    precision: str = ""
    batch: int = 0


def run(job: Job) -> Build:
    """Do a job in a new process. Raises GalleryError if it fails."""
    return Build(**answer("benchmarks.process", json.dumps(asdict(job))))


def answer(module: str, *words: str) -> Any:
    """Return the value of the last line of JSON that a module prints, in a new process.

    Raises GalleryError if it fails.
    """
    command = [sys.executable, "-m", module, *words]
    completed = subprocess.run(command, capture_output=True, text=True, check=False)
    if completed.returncode:
        raise GalleryError(f"{module} failed: {(completed.stderr.strip().splitlines() or ['no message'])[-1]}")
    return json.loads(completed.stdout.strip().splitlines()[-1])


def peak() -> float:
    """Return the largest resident set of this process so far, in MiB.

    Linux's ``ru_maxrss`` begins with that of the process which started this one; the kernel's own status does not.
    """
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    for line in lines:
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / MIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / MIB


class _EventRecorder:
    """Handles a build's events, and records its measurements."""

    def __init__(self) -> None:
        self.measured, self._began = Build(), time.monotonic()

    def __call__(self, event: Event) -> None:
        if isinstance(event, Planned):
            self.measured.pictures, self.measured.before = event.pictures, peak()
        elif isinstance(event, TaskStarted) and event.task.settings and not self.measured.batch:
            self._began = time.monotonic()
            self.measured.precision = event.task.settings.precision
        if isinstance(event, TaskStarted) and event.task.settings:
            self.measured.batch = max(self.measured.batch, len(event.task.filters))
        elif isinstance(event, TaskDone) and event.task.settings:
            self.measured.rendering, self.measured.rendered = time.monotonic() - self._began, peak()


def _entry(name: str, job: Job) -> ModelEntry:
    entry = entry_for_source(name, Path())
    if entry is None:
        raise UsageError(f"no model {name!r}")
    rules = tuple(LayerRule(glob, filters) for glob, filters in job.layers)
    return replace(entry, layers=rules or entry.layers, render=tuple(job.render.items()))


def main() -> None:
    """Do the job that the command line holds, in a temporary folder, and print a line of JSON."""
    job, recorder, began = Job(**json.loads(sys.argv[1])), _EventRecorder(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        entries = tuple(_entry(name, job) for name in job.models)
        config = Config("Benchmark", Path(folder) / "site", Path(folder) / "store", (), entries)
        summary = build(config, on_event=recorder)
    if summary.failures:
        raise SystemExit("; ".join(f"{failure.what}: {failure.message}" for failure in summary.failures))
    recorder.measured.whole, recorder.measured.end = time.monotonic() - began, peak()
    print(json.dumps(asdict(recorder.measured)))


if __name__ == "__main__":
    main()
