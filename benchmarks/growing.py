"""A site that grows: when there is something to see, how often it is written, and what that costs.

python -m benchmarks.growing NETWORK FIRST_SECONDS FILTERS
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TITLE = "A site that grows"
TEXT = (
    "Whole builds from empty folders, each in a process of its own: with the four photos, the bundled dataset, 64 "
    "pixels and 96 steps, as `make site`, of `demo` all filters and of the residual network 32 of each layer. Seconds "
    "are from the start of the process; *seen* is when the site was there first, *with pictures* when it first showed "
    "some, and *last before the end* when it was written last until it was done, with pictures of so many layers. The "
    "share is the time that writing took meanwhile, of the whole build, but for the first time; "
    "the whole is compared with a build that writes at its end alone."
)
HEAD = (
    "| network | whole, s | seen, s | with pictures, s | last before the end, s (layers) | times written | share "
    "| whole, to one that writes once |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
)
NEVER = 1e9
NETWORKS = {"demo": "all", "tests/data/residual.keras": "32"}


def rows() -> Iterator[str]:
    """Yield the table's rows."""
    from generator.pipeline.growing import FIRST_SECONDS

    for network, filters in NETWORKS.items():
        once, grown = (_run(network, first, filters) for first in (NEVER, FIRST_SECONDS))
        written, whole = grown["written"], grown["whole"]
        spent = sum(end - begin for begin, end, _ in written[1:])
        pictures = next((end for _, end, layers in written if layers), whole)
        last, of = written[-1][1], max(layers for *_, layers in written)
        yield (
            f"| {Path(network).stem} | {whole:.0f} | {written[0][1]:.0f} | {pictures:.0f} | {last:.0f} ({of}) "
            f"| {len(written)} | {spent / whole:.3f} | {whole / once['whole']:.2f} |"
        )


def _run(network: str, first: float, filters: str) -> dict[str, Any]:
    """Return what ``_build`` does, in a process of its own."""
    from benchmarks.process import answer  # what it imports is part of the time that is measured

    found: dict[str, Any] = answer("benchmarks.growing", network, str(first), filters)
    return found


def _build(network: str, first: float, filters: str, began: float) -> dict[str, Any]:
    """Build, and return how long that took, and (begin, end, layers shown) of each time that the site was written."""
    from generator.config.load import parse_config
    from generator.pages import site
    from generator.pipeline import build, growing

    growing.FIRST_SECONDS = first
    written: list[tuple[float, float, int]] = []
    grow = site.grow_site

    def timed(*given: Any, **more: Any) -> Any:
        begin = time.monotonic()
        found = grow(*given, **more)
        layers = json.loads((folder / "site/manifest.json").read_bytes())["models"][0]["layers"]
        written.append((begin - began, time.monotonic() - began, len(layers)))
        return found

    site.grow_site = timed
    source = Path(network).resolve() if network.endswith(".keras") else network
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = (
            f"photos: [chelsea, coffee, rocket, astronaut]\ndataset: bundled\nfilters: {filters}\n"
            f"render: {{size: 64, steps: 96}}\nmodels: [{source}]\n"
        )
        build(parse_config(text, "growing", folder))
    return {"whole": time.monotonic() - began, "written": written}


if __name__ == "__main__":
    start = time.monotonic()
    print(json.dumps(_build(sys.argv[1], float(sys.argv[2]), sys.argv[3], start)))
