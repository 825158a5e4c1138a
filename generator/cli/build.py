"""``build``: render what is not rendered yet, and write the site."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cli.exports import Exports, export_options
from generator.cli.options import (
    choice_options,
    config_option,
    debug_asked,
    debug_option,
    read_config,
    trust_option,
    with_dataset,
    with_output,
)
from generator.cli.terminal import print_first, print_line
from generator.config.values import Filters


@click.command()
@config_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where the site is written.")
@choice_options
@click.option(
    "--dataset", metavar="SOURCE", help="Images to look at filters on: a folder, an .npz or package.module:function."
)
@click.option("--force", is_flag=True, help="Render again what the store already holds.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait for another build of the same output.")
@export_options
@trust_option
@debug_option
def build(
    config_path: Path | None,
    output: Path | None,
    models: tuple[str, ...],
    layers: tuple[str, ...],
    filters: Filters | None,
    dataset: str | None,
    force: bool,
    wait: bool,
    trust: bool,
    archive: Path | None,
    single_file: Path | None,
    single_file_limit: int,
) -> int:
    """Render what is not rendered yet, and write the site."""
    from generator.cli.progress import Reporter
    from generator.files import real_path
    from generator.pipeline import building
    from generator.plan import Choice

    config = with_dataset(with_output(read_config(config_path), output), dataset)
    exports = Exports.selected(config, archive, single_file, single_file_limit, models, layers)
    with (
        Reporter(debug_asked()) as reporter,
        building(config, Choice(layers, filters), models, force, trust, reporter, wait) as summary,
    ):
        verdicts = ", ".join(f"{count} {name}" for name, count in summary.verdicts) or "none"
        changes = summary.pages
        print_line(f"Filters: {verdicts}.")
        print_line(f"Files: {changes.written} written, {changes.unchanged} unchanged, {changes.deleted} deleted.")
        print_line(f"Open {real_path(Path(summary.index))}")
        if summary.failures:
            print_line(f"{len(summary.failures)} failed; the rest is built:", err=True)
            print_first([f"  {failure.what}: {failure.message}" for failure in summary.failures])
        for line in exports.write(config.output):
            print_line(line)
    return 1 if summary.failures else 0
