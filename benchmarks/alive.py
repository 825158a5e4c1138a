"""Of the filters that respond to a photo, how many have a picture that is not grey and excites them more.

    python -m benchmarks.alive demo tests/data/residual.keras [--filters 16] [--size 64]

Builds the models' galleries with the four bundled photos, default settings, then reads the pictures back from the
site's files and measures them anew; nothing is taken from the manifest but the paths.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
from PIL import Image

from benchmarks.common import NETWORKS, best_photo, contrast, load_named
from benchmarks.scores import GREY
from generator import assets
from generator.cli.options import FiltersType
from generator.cli.progress import Reporter
from generator.config import Config
from generator.config.entries import entry_for_source, photo_named
from generator.config.values import Filters
from generator.pipeline import build
from generator.plan import Choice
from generator.render.optimize import scores


def measure(site: Path, name: str) -> list[tuple[str, int, int, int, int]]:
    """Return for each layer its name and how many filters respond, are not grey, beat the photos, and do both."""
    manifest = json.loads((site / "manifest.json").read_text())
    model = load_named(name)
    rows = []
    for layer in manifest["models"][0]["layers"]:
        filters = tuple(record["index"] for record in layer["filters"])
        mode = "L" if model.summary.channels == 1 else "RGB"
        files = [np.asarray(Image.open(site / record["picture"]).convert(mode)) for record in layer["filters"]]
        pixels = np.stack(files).reshape(len(files), *files[0].shape[:2], -1)
        photos = best_photo(model, layer["index"], filters)
        responding = photos > 0
        colourful = contrast(pixels) >= GREY
        better = scores(model, layer["index"], filters, pixels) > photos
        counts = [int((responding & test).sum()) for test in (responding, colourful, better, colourful & better)]
        rows.append((layer["name"], *counts))
    return rows


@click.command()
@click.argument("names", nargs=-1)
@click.option("--filters", type=FiltersType(), default="all", show_default=True)
@click.option("--size", type=click.IntRange(16), default=64, show_default=True)
@click.option("--method", type=click.Choice(["fourier", "pixel"]), default="fourier", show_default=True)
@click.option("--layers/--no-layers", default=False, show_default=True, help="Print every layer.")
def main(names: tuple[str, ...], filters: Filters, size: int, method: str, layers: bool) -> None:
    """Print the shares for each of the models NAMES."""
    for name in names or NETWORKS:
        entry = entry_for_source(name, Path())
        if entry is None:
            raise click.UsageError(f"no model {name!r}")
        entry = replace(entry, render=(("method", method), ("size", size)))
        with tempfile.TemporaryDirectory() as folder, Reporter() as reporter:
            photos = tuple(photo_named(photo, Path()) for photo in assets.PHOTOS)
            config = Config("Alive", Path(folder) / "site", Path(folder) / "store", photos, (entry,))
            build(config, Choice(filters=filters), on_event=reporter)
            rows = measure(config.output, name)
        if layers:
            for row in rows:
                click.echo(f"  {row[0]:32} {row[1]:5} respond, {row[2]:5} not grey, {row[3]:5} above the best photo")
        respond, colourful, better, both = np.sum([row[1:] for row in rows], axis=0)
        click.echo(
            f"{name}: of {respond} filters that respond to a photo, {colourful / respond:.1%} are not grey, "
            f"{better / respond:.1%} score above the best photo, {both / respond:.1%} do both"
        )


if __name__ == "__main__":
    main()
