"""What is printed on the terminal: names of models and files are data, and none of them may control it."""

from __future__ import annotations

from collections.abc import Sequence

import click

from generator.errors import printable

MAX_LINES = 15
"""Lines about what failed, or is missing: who has more of them needs the first ones."""


def printable_lines(text: str) -> str:
    """Return a text of several lines, each of them ``printable``."""
    return "\n".join(map(printable, text.split("\n")))


def print_line(text: str, err: bool = False) -> None:
    """Print a line on standard output, or on standard error."""
    click.echo(printable(text), err=err)


def print_lines(text: str, err: bool = False) -> None:
    """Print a text of several lines, such as a traceback or a snippet."""
    click.echo(printable_lines(text), err=err)


def print_first(lines: Sequence[str], err: bool = True) -> None:
    """Print the first of some lines, such as failures, and how many more there are."""
    for line in lines[:MAX_LINES]:
        print_line(line, err)
    if len(lines) > MAX_LINES:
        print_line(f"and {len(lines) - MAX_LINES:,} more", err)


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print rows below their heads, aligned with spaces; the columns numbered in ``right`` at their right edge."""
    cells = [[printable(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        aligned = [c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        click.echo("  ".join(aligned).rstrip())
