"""Run all measurements, and write their tables to benchmarks/README.md: ``make bench``."""

from __future__ import annotations

import datetime
import os
import platform
from importlib.metadata import version
from pathlib import Path

from benchmarks import quality, speed

HERE = Path(__file__).parent


def machine() -> str:
    """Return the processor's name and count, and the libraries' versions."""
    info = Path("/proc/cpuinfo")
    names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    return (
        f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"TensorFlow {version('tensorflow')}, Keras {version('keras')}"
    )


def main() -> None:
    """Measure everything; takes about ten minutes on two cores."""
    parts = [
        "# Benchmarks",
        "",
        f"Written by `make bench` on {datetime.datetime.now(datetime.UTC):%Y-%m-%d}: {machine()}. "
        "Read the ratios; the milliseconds are this machine's, which others were using too.",
        "",
        "## Speed against the reference loop",
        "",
        "Method `pixel`, float32, 16 filters; the reference runs one filter at a time in eager mode. Milliseconds for "
        "each filter and step, without compiling.",
        "",
        "| layer | reference | ours | ratio |",
        "| --- | --- | --- | --- |",
        *speed.rows(),
        "",
        "## Quality, and what the defaults rest on",
        "",
        "Four filters of every layer, 64 pixels. Alive: of the filters that respond to one of the four photos, those "
        "whose picture is not grey and scores above the best photo. Score: the median ratio to the default's, of the "
        "file as saved, and after JPEG at quality 60 and a shift by four pixels. Each line changes one thing.",
        "",
        "| network | choice | alive | score as saved | score after JPEG and shift |",
        "| --- | --- | --- | --- | --- |",
        *quality.rows(),
        "",
    ]
    (HERE / "README.md").write_text("\n".join(parts))
    print("\n".join(parts))


if __name__ == "__main__":
    main()
