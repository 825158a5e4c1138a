"""``models``: what the argument MODEL can name."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cli.options import config_option, debug_option, read_config
from generator.cli.terminal import print_line, print_table


@click.command()
@config_option
@debug_option
def models(config_path: Path | None) -> None:
    """List what MODEL can name."""
    from generator.assets.catalogue import APPLICATIONS, weights_folder

    config = read_config(config_path)
    rows = [[entry.name, f"configured: {entry.source}", ""] for entry in config.models]
    if "demo" not in [entry.name for entry in config.models]:
        rows.append(["demo", "bundled", ""])
    folder = weights_folder()
    for name, application in APPLICATIONS.items():
        cached = [
            label
            for label, file in (("without top", application.weights), ("with top", application.weights_with_top))
            if (folder / file).is_file()
        ]
        rows.append([name, "keras.applications", f"cached {' and '.join(cached)}" if cached else "to be downloaded"])
    print_table(["Name", "Where from", "ImageNet weights"], rows)
    print_line(f"Weights are cached in {folder}. A path to a .keras or .h5 file can be named as well.")
