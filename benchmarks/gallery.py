"""The gallery of a whole network: how long it takes to render, and that its memory does not grow with the filters.

python -m benchmarks.gallery [--share 0.05] [--steps 16] [--only time|memory]
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from benchmarks.process import Build, Job, run
from benchmarks.squeeze import FILTERS, saved

STEPS = 16
"""Of each optimisation where only memory is measured: every step takes as much as the one before it."""

TITLE = "A whole gallery"
TEXT = (
    "All filters of a network of SqueezeNet 1.1's size with random weights (`benchmarks/squeeze.py`), 128 pixels, "
    "default settings, no photos; every line is a whole build in a process of its own, into empty folders. Rendering "
    "is what lies between the first batch and the last: optimising, compiling, encoding, scoring and storing; the "
    "whole build adds loading, the tuning and the pages. Memory is the process's largest resident set (VmHWM), when "
    f"the last picture was rendered and after the pages. The lines of {STEPS} steps ask about memory alone: half of "
    "every layer's filters, all of them, and twice as many, namely those of two networks of that shape with "
    "different weights, built one after the other as one site. The ratio is that to the line before."
)
HEAD = (
    "| networks | pictures | steps | rendering, min | whole build, min | peak memory, MiB | with pages, MiB | ratio |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
)


def job(models: list[str], share: float, steps: int = 0) -> Job:
    """Return the gallery of some networks; ``share`` is the part of each layer's filters that is rendered."""
    render = {"size": 128, **({"steps": steps} if steps else {})}
    layers = [(name, max(1, round(filters * share))) for name, filters in FILTERS.items()]
    return Job(models, layers, render)


def row(networks: int, steps: int, built: Build, before: Build | None) -> str:
    """Return the row of a build; ``before`` is the one that it is compared with."""
    ratio = f"{built.rendered / before.rendered:.2f}, {built.end / before.end:.2f}" if before else ""
    return (
        f"| {networks} | {built.pictures} | {steps or 'default'} | {built.rendering / 60:.1f} | {built.whole / 60:.1f} "
        f"| {built.rendered:.0f} | {built.end:.0f} | {ratio} |"
    )


def rows(share: float = 1.0, steps: int = STEPS, kinds: tuple[str, ...] = ("time", "memory")) -> Iterator[str]:
    """Yield the table's rows; ``steps`` are those of the lines that ask about memory alone."""
    with tempfile.TemporaryDirectory() as folder:
        models = [str(saved(Path(folder), seed)) for seed in (0, 1)]
        if "time" in kinds:
            yield row(1, 0, run(job(models[:1], share)), None)
        if "memory" in kinds:
            before: Build | None = None
            for count, part in ((1, share / 2), (1, share), (2, share)):
                built = run(job(models[:count], part, steps))
                yield row(count, steps, built, before)
                before = built


@click.command()
@click.option("--share", type=click.FloatRange(0, 1, min_open=True), default=1.0, help="Part of each layer's filters.")
@click.option(
    "--steps", type=click.IntRange(1), default=STEPS, show_default=True, help="Where only memory is asked for."
)
@click.option("--only", "kinds", type=click.Choice(["time", "memory"]), multiple=True, help="Not the other lines.")
def main(share: float, steps: int, kinds: tuple[str, ...]) -> None:
    """Print the table; the whole gallery takes up to half an hour."""
    for line in HEAD:
        click.echo(line)
    for line in rows(share, steps, kinds or ("time", "memory")):
        click.echo(line)


if __name__ == "__main__":
    main()
