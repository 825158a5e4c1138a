"""Measure, and write the tables to benchmarks/README.md: ``make bench``.

python -m benchmarks [SECTION..] [--print]
"""

from __future__ import annotations

import datetime
import os
import platform
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import click

from benchmarks import ceiling, circuits, cost, dataset, effects, gallery, growing, memory, pages, quality, speed
from benchmarks.peers import table as peers

README = Path(__file__).parent / "README.md"

INTRODUCTION = """\
# Benchmarks

Written by `make bench` (about half an hour on two cores that have nothing else to do) and `make bench-gallery` (as
long again); each section says when and on what machine. Read the ratios, which are each measured within one run: the
milliseconds are the machine's, which others may have been using too.
"""


@dataclass(frozen=True)
class Section:
    """A table with its heading and its explanation; ``rows`` measures."""

    key: str
    title: str
    text: str
    head: Sequence[str]
    rows: Callable[[], Iterable[str]]


SECTIONS = (
    Section("speed", speed.TITLE, speed.TEXT, speed.HEAD, speed.rows),
    Section("peers", peers.TITLE, peers.TEXT, peers.HEAD, peers.rows),
    Section("ceiling", ceiling.TITLE, ceiling.TEXT, ceiling.HEAD, ceiling.rows),
    Section("cost", cost.TITLE, cost.TEXT, cost.HEAD, cost.rows),
    Section("pages", pages.TITLE, pages.TEXT, pages.HEAD, pages.rows),
    Section("memory", memory.TITLE, memory.TEXT, memory.HEAD, memory.rows),
    Section("dataset", dataset.TITLE, dataset.TEXT, dataset.HEAD, dataset.rows),
    Section("circuits", circuits.TITLE, circuits.TEXT, circuits.HEAD, circuits.rows),
    Section("effects", effects.TITLE, effects.TEXT, effects.HEAD, effects.rows),
    Section("growing", growing.TITLE, growing.TEXT, growing.HEAD, growing.rows),
    Section("gallery", gallery.TITLE, gallery.TEXT, gallery.HEAD, gallery.rows),
    Section("quality", "Quality at equal passes", quality.EQUAL_TEXT, quality.EQUAL_HEAD, quality.equal_rows),
    Section("defaults", "What the defaults rest on", quality.TEXT, quality.HEAD, quality.neighbour_rows),
)
KEYS = tuple(section.key for section in SECTIONS)
DEFAULT_KEYS = tuple(key for key in KEYS if key != "gallery")


def machine() -> str:
    """Return the processor's name and count, the memory, and the libraries' versions."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"Python {platform.python_version()}, TensorFlow {version('tensorflow')}, Keras {version('keras')}"
    )


def written(section: Section, table: Sequence[str]) -> str:
    """Return a section as it stands in the file."""
    stamp = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}: {machine()}."
    return "\n".join([f"## {section.title}", "", stamp, "", section.text, "", *table, ""])


def replaced(document: str, title: str, text: str) -> str:
    """Return the file's text with one section new, the others as they were, all in the order of ``SECTIONS``."""
    parts = re.split(r"^(?=## )", document, flags=re.MULTILINE)[1:]
    known = {part.splitlines()[0][3:]: part.rstrip() + "\n" for part in parts} | {title: text}
    return "\n".join([INTRODUCTION, *(known[section.title] for section in SECTIONS if section.title in known)])


@click.command()
@click.argument("keys", nargs=-1, type=click.Choice(KEYS), metavar="[SECTION]..")
@click.option("--print", "only_print", is_flag=True, help="Leave benchmarks/README.md as it is.")
def main(keys: tuple[str, ...], only_print: bool) -> None:
    """Measure the sections named, or all but the gallery; each is written as soon as it is measured."""
    for section in SECTIONS:
        if section.key not in (keys or DEFAULT_KEYS):
            continue
        click.echo(f"\n## {section.title}\n\n{section.text}\n")
        table = []
        for line in chain(section.head, section.rows()):
            click.echo(line)
            table.append(line)
        if not only_print:
            before = README.read_text() if README.exists() else ""
            README.write_text(replaced(before, section.title, written(section, table)))


if __name__ == "__main__":
    main()
