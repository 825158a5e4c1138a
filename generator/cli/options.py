"""Options that several commands share, and what becomes of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from generator.config import Config, ModelEntry, default_config, load_config
from generator.config.entries import dataset_named, entry_for_source, entry_named
from generator.config.schema import NO_DATASET
from generator.config.values import Filters
from generator.errors import ConfigError

F = TypeVar("F", bound=Callable[..., Any])

CONFIG_NAME = "config.yaml"


def config_option(function: F) -> F:
    """Add ``-c``."""
    return click.option(
        "-c",
        "--config",
        "config_path",
        type=click.Path(path_type=Path),
        help="Configuration; by default ./config.yaml.",
    )(function)


def debug_option(function: F) -> F:
    """Add ``--debug``, which ``cli.main`` reads."""
    return click.option("--debug", is_flag=True, expose_value=False, help="Show tracebacks.")(function)


def debug_asked() -> bool:
    """Tell whether ``--debug`` is on the command line."""
    return "--debug" in sys.argv[1:]


def trust_option(function: F) -> F:
    """Add ``--trust``."""
    return click.option("--trust", is_flag=True, help="Let model files bring code of their own.")(function)


def choice_options(function: F) -> F:
    """Add ``--model``, ``--layer`` and ``--filters``."""
    for option in (
        click.option("--filters", type=FiltersType(), help="Render only so many filters a layer, or all."),
        click.option("--layer", "layers", multiple=True, metavar="GLOB", help="Render only these layers."),
        click.option("--model", "models", multiple=True, metavar="NAME", help="Render only these models."),
    ):
        function = option(function)
    return function


class FiltersType(click.ParamType):  # type: ignore[type-arg]  # generic since Click 8.4 only
    """``all``, a number, or a list of indices such as ``0,5,7``."""

    name = "N|all"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Filters:
        """Return the choice, or fail as Click does."""
        text = str(value).strip()
        if text == "all":
            return "all"
        try:
            numbers = [int(part) for part in text.split(",")]
        except ValueError:
            numbers = [-1]
        if min(numbers) < (0 if len(numbers) > 1 else 1):
            self.fail("expected all, a number above zero, or indices such as 0,5,7", param, ctx)
        return numbers[0] if len(numbers) == 1 else tuple(sorted(set(numbers)))


def read_config(path: Path | None) -> Config:
    """Return the configuration that ``-c`` names, else ./config.yaml, else the one that the package ships."""
    if path is not None:
        return load_config(path)
    # A link that leads nowhere is the user's mistake, and no wish for the default.
    return load_config(Path(CONFIG_NAME)) if os.path.lexists(CONFIG_NAME) else default_config(Path())


def config_for(model: str, path: Path | None) -> Config:
    """Return the configuration for a command about one model, which may need none: a file, say, beside a faulty one.

    Raises ConfigError or UsageError if ``-c`` names it, or the model may be one that it names.
    """
    try:
        return read_config(path)
    except ConfigError:
        if path is None and entry_for_source(model, Path()) is not None:
            return default_config(Path())
        raise


def with_output(config: Config, output: Path | None) -> Config:
    """Return the configuration with the output that ``-o`` names."""
    return replace(config, output=output) if output else config


def with_dataset(config: Config, source: str | None) -> Config:
    """Return the configuration with the dataset that ``--dataset`` names, for every model; ``none`` for none.

    Raises UsageError if there is no such dataset.
    """
    if source is None:
        return config
    dataset = None if source == NO_DATASET else dataset_named(source, Path())
    return replace(config, models=tuple(replace(entry, dataset=dataset) for entry in config.models))


def find_model(name: str, config: Config) -> ModelEntry:
    """Return the model that MODEL names: one of the configuration, ``demo``, an application, or a file.

    Raises UsageError, with the nearest name, if there is none.
    """
    return entry_named(name, {entry.name: entry for entry in config.models}, "See: filter-gallery models")
