"""Plain tables on standard output: columns aligned with spaces, so that they can be read and cut."""

from __future__ import annotations

from collections.abc import Sequence

import click


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print rows below their heads; the columns numbered in ``right`` are aligned at their right edge."""
    printable = [[_printable(cell) for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(heads, *printable, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = [c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))]
        return "  ".join(padded).rstrip()

    click.echo(line(heads))
    for row in printable:
        click.echo(line(row))


def _printable(text: str) -> str:
    """A layer's name is data: it must not move the cursor."""
    return "".join(character if character.isprintable() else "?" for character in text)
