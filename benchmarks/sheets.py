"""Contact sheets to look at: our pictures, Lucid's and the reference method's of the same filters, at equal passes.

    python -m benchmarks.sheets MODEL FILE.webp [--layers 6] [--filters 8] [--size 128] [--scale 1.0]

A row of the sheet is a layer; of each filter ours stands above Lucid's, and that above the reference's.
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
from PIL import Image

from benchmarks.common import Array, load_named, spread
from benchmarks.quality import DEFAULT, SIZE, ours, theirs

GAP, BETWEEN = 2, 10
"""Pixels between pictures, and between layers."""

METHODS = {"ours": ours(DEFAULT), "Lucid": theirs("lucid"), "reference": theirs("pixel")}
"""From the top to the bottom of each layer's rows."""


def sheet(layers: list[list[Array]]) -> Array:
    """Return one picture of, for each layer and in it for each method, pictures (n, h, w, c) from 0 to 1."""
    rows: list[Array] = []
    for methods in layers:
        for pictures in methods:
            row = np.pad(np.repeat(pictures, 4 - pictures.shape[-1], axis=-1), [(0, 0), (0, GAP), (0, GAP), (0, 0)])
            rows.append(np.concatenate(list(row), axis=1))
        rows[-1] = np.pad(rows[-1], [(0, BETWEEN), (0, 0), (0, 0)])
    return np.concatenate(rows)


@click.command()
@click.argument("name", metavar="MODEL")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--layers", "count", type=click.IntRange(1), default=6, show_default=True, help="Spread over the depth.")
@click.option("--filters", type=click.IntRange(1), default=8, show_default=True)
@click.option("--size", type=click.IntRange(16), default=SIZE, show_default=True)
@click.option("--scale", type=click.FloatRange(0, 1, min_open=True), default=1.0, show_default=True)
def main(name: str, file: Path, count: int, filters: int, size: int, scale: float) -> None:
    """Render a sheet, a layer at a time."""
    model = load_named(name)
    every = model.summary.layers
    places = np.unique(np.round(np.linspace(0, len(every) - 1, min(count, len(every)))).astype(int))
    shown = []
    for layer in (every[place] for place in places):
        chosen = spread(model, layer.index, filters)
        shown.append([renderer(model, layer.index, chosen, size) for renderer in METHODS.values()])
        click.echo(f"{layer.title}: filters {', '.join(map(str, chosen))}")
    image = Image.fromarray(np.round(sheet(shown) * 255).astype(np.uint8))
    image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BOX).save(file, quality=90)


if __name__ == "__main__":
    main()
