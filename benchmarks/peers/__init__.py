"""The peers tf-keras-vis and xplique, measured in an environment of their own: ``make peers`` makes it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from generator.errors import GalleryError

HERE = Path(__file__).parent
PYTHON = HERE.parents[1] / ".venv-peers" / "bin" / "python"
TIMEOUT = 600
"""Seconds of a measurement."""

LIBRARY_METHODS = {
    "reference": ("pixel",),
    "tf-keras-vis": ("pixel", "default"),
    "xplique": ("fourier", "default", "maco"),
}


class PeersError(GalleryError):
    """The peers' environment is missing, or a measurement in it failed."""


@dataclass(frozen=True)
class Case:
    """One measurement, on VGG16 with random weights: ``library`` and ``method`` are a pair of LIBRARY_METHODS.

    ``reference`` is the notebooks' loop. ``pixel`` and ``fourier`` are the bare methods, without transformations and
    regularisers; ``default`` has those that the library applies by itself. Each of ``batches`` is a number of filters
    that are optimised together; the fastest for each filter counts. ``reference`` and ``maco`` take one filter.
    """

    library: str
    method: str
    layer: str
    batches: tuple[int, ...] = (8, 16, 32)
    size: int = 96
    steps: int = 5


def python() -> Path:
    """Return the interpreter of the peers' environment: FILTER_GALLERY_PEERS, or that of .venv-peers."""
    interpreter = Path(os.environ.get("FILTER_GALLERY_PEERS") or PYTHON)
    if not interpreter.is_file():
        raise PeersError(
            f"no peers' Python at {interpreter}",
            "Run `make peers` to make that environment, or name another in FILTER_GALLERY_PEERS.",
        )
    return interpreter


def run(case: Case) -> dict[str, Any]:
    """Measure a case in a process of the peers' Python, and return what it reports; see ``measure.measure``.

    Raises PeersError if the environment is missing or incomplete, or the measurement fails or takes too long.
    """
    if case.method not in LIBRARY_METHODS.get(case.library, ()):
        raise PeersError(f"no method {case.method!r} of {case.library!r}", f"There are {LIBRARY_METHODS}.")
    # Isolated: neither this project's packages nor PYTHONPATH may be found from there.
    command = [str(python()), "-I", str(HERE / "measure.py"), json.dumps(asdict(case))]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    title = f"{case.library} {case.method} on {case.layer}"
    try:
        completed = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise PeersError(f"{title} took more than {TIMEOUT} seconds", "Ask for fewer steps or filters.") from error
    except OSError as error:
        raise PeersError(f"{command[0]} does not run: {error}", "Run `make peers`.") from error
    if completed.returncode:
        last = (completed.stderr.strip().splitlines() or ["no message"])[-1]
        hint = "Run `make peers`." if "ModuleNotFoundError" in last or "ImportError" in last else ""
        raise PeersError(f"{title} failed: {last}", hint)
    report: dict[str, Any] = json.loads(completed.stdout.strip().splitlines()[-1])
    return report
