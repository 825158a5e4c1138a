"""``build``: render what is not rendered yet, and write the site."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli.exports import Exports, export_options
from generator.cli.options import (
    CONFIG_NAME,
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
from generator.config.entries import entry_named
from generator.config.load import parse_config
from generator.config.presets import text_for
from generator.config.schema import MOST_WORKERS, NO_DATASET
from generator.config.values import Filters
from generator.errors import UsageError
from generator.files import real_path, write_named

if TYPE_CHECKING:
    from generator.pipeline.events import Event, OnEvent


@click.command()
@click.argument("sources", nargs=-1, metavar="[MODEL]...")
@config_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where the site is written.")
@choice_options
@click.option(
    "--dataset", metavar="SOURCE", help="Images to look at filters on: a folder, an .npz or package.module:function."
)
@click.option("--photos", multiple=True, metavar="PHOTO", help="With MODEL: a photo for feature maps, once or more.")
@click.option("--size", type=click.IntRange(min=1), help="With MODEL: pixels of a picture.")
@click.option("--steps", type=click.IntRange(min=1), help="With MODEL: optimisation steps of a picture.")
@click.option("--save-config", is_flag=True, help=f"With MODEL: write the {CONFIG_NAME} of such a gallery.")
@click.option(
    "--workers",
    type=click.IntRange(min=1, max=MOST_WORKERS),
    help="Processes that render pictures, in place of as many as pay.",
)
@click.option("--open", "show", is_flag=True, help="Open the site in the browser.")
@click.option("--force", is_flag=True, help="Render again what the store already holds.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait for another build of the same output.")
@export_options
@trust_option
@debug_option
def build(
    sources: tuple[str, ...],
    config_path: Path | None,
    output: Path | None,
    models: tuple[str, ...],
    layers: tuple[str, ...],
    filters: Filters | None,
    dataset: str | None,
    photos: tuple[str, ...],
    size: int | None,
    steps: int | None,
    save_config: bool,
    workers: int | None,
    show: bool,
    force: bool,
    wait: bool,
    trust: bool,
    archive: Path | None,
    single_file: Path | None,
    single_file_limit: int,
) -> int:
    """Render what is not rendered yet, and write the site: of config.yaml, or of MODELs without one."""
    from generator.cli.progress import Reporter
    from generator.pipeline import building
    from generator.plan import Choice

    text = ""
    if sources:
        text = _text_of(sources, config_path, output, photos, dataset, size, steps, save_config)
        config = parse_config(text, "the command line", Path())
        if save_config:
            write_named(Path(CONFIG_NAME), text.encode())
    else:
        _only_with_models({"--photos": photos, "--size": size, "--steps": steps, "--save-config": save_config})
        config = with_dataset(with_output(read_config(config_path), output), dataset)
    if workers is not None:
        config = replace(config, workers=workers)
    exports = Exports.selected(config, archive, single_file, single_file_limit, models, layers)
    open_once = _opener() if show else lambda index: None
    with (
        Reporter(debug_asked()) as reporter,
        building(
            config, Choice(layers, filters), models, force, trust, partial(_hear, reporter, open_once), wait
        ) as summary,
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
        if text:
            _tell(text, save_config)
        open_once(summary.index)
    return 1 if summary.failures else 0


def _hear(report: OnEvent, open_once: Callable[[str], None], event: Event) -> None:
    """Report an event of a build, and open the site as soon as there are pages."""
    from generator.pipeline import PagesGrown

    report(event)
    if isinstance(event, PagesGrown):
        open_once(event.index)


def _opener() -> Callable[[str], None]:
    """Return a function that opens a page in the browser, the first time that it is called."""
    opened: list[str] = []

    def open_once(index: str) -> None:
        import webbrowser

        if not opened:
            opened.append(index)
            webbrowser.open(real_path(Path(index)).as_uri())

    return open_once


def _text_of(
    sources: tuple[str, ...],
    config_path: Path | None,
    output: Path | None,
    photos: tuple[str, ...],
    dataset: str | None,
    size: int | None,
    steps: int | None,
    save_config: bool,
) -> str:
    """Return the text of the configuration that models on the command line stand for.

    Raises UsageError for a model that there is not, and where a configuration is meant as well.
    """
    if config_path is not None:
        raise UsageError("models and -c: name the one or the other", "Narrow a configuration to some with --model NAME")
    if os.path.lexists(CONFIG_NAME) and (output is None or save_config):
        hint = "Add the models there" if save_config else "Add the models there, or name another folder with -o"
        raise UsageError(f"{CONFIG_NAME} is here already, and says what is built", hint)
    names = [entry_named(source, {}, "See: filter-gallery models").name for source in sources]
    return text_for(", ".join(names), sources, photos, None if dataset == NO_DATASET else dataset, size, steps, output)


def _only_with_models(given: dict[str, object]) -> None:
    """Raise UsageError for an option that says what a configuration says."""
    for option, value in given.items():
        if value not in ((), None, False):
            raise UsageError(f"{option}: only with models on the command line", f"Say it in {CONFIG_NAME}")


def _tell(text: str, saved: bool) -> None:
    if saved:
        print_line(f"Written: {CONFIG_NAME}. From now on: filter-gallery build")
        return
    print_line(f"As a {CONFIG_NAME} (--save-config writes it):")
    for line in text.splitlines():
        print_line(f"  {line}")
