"""The cost of a build: time and memory by filters, picture size and depth."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.process import Job, run
from benchmarks.squeeze import saved

LAYER, FILTERS, SIZE = "fire7_expand3", 64, 128
DEPTHS = ("conv1", "fire3_expand3", "fire5_expand3", "fire7_expand3", "fire9_expand3")
MORE_FILTERS, SIZES = (32, 64, 128), (64, 128, 256)

TITLE = "What a build costs"
TEXT = (
    "A network of SqueezeNet 1.1's size with random weights (`benchmarks/squeeze.py`), default settings, one layer "
    "at a time. Every line is a whole build in a process of its own, into empty folders, without photos; only one of "
    "the three things changes at a time. Seconds of rendering are those from the first batch to the last: optimising, "
    "compiling, encoding, scoring and storing. Peak memory is the largest resident set of the process (VmHWM) when "
    "the last picture was rendered; what it had been before the first, with TensorFlow, the network and the tuning, "
    "stands beside it. Pages add no more."
)
HEAD = (
    "| layer | filters | pixels | rendering, s | for each filter, s | peak memory, MiB | before, MiB | its choice |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
)


def points() -> list[tuple[str, int, int]]:
    """Return what is measured: layer, filters and picture size."""
    by_filters = [(LAYER, filters, SIZE) for filters in MORE_FILTERS]
    by_size = [(LAYER, FILTERS, size) for size in SIZES]
    by_depth = [(layer, FILTERS, SIZE) for layer in DEPTHS]
    return list(dict.fromkeys(by_filters + by_size + by_depth))


def row(model: str, layer: str, filters: int, size: int, steps: int = 0) -> str:
    """Build one point, and return its row; ``steps`` stands in for the default if it is not 0."""
    settings = {"size": size, **({"steps": steps} if steps else {})}
    built = run(Job([model], [(layer, filters)], settings))
    return (
        f"| {layer} | {built.pictures} | {size} | {built.rendering:.1f} | {built.rendering / built.pictures:.2f} "
        f"| {built.rendered:.0f} | {built.before:.0f} | {built.precision}, {built.batch} at once |"
    )


def rows(steps: int = 0) -> Iterator[str]:
    """Yield the table's rows; ``steps`` stands in for the default if it is not 0."""
    with tempfile.TemporaryDirectory() as folder:
        model = str(saved(Path(folder)))
        for layer, filters, size in points():
            yield row(model, layer, filters, size, steps)
