"""A whole gallery from Python."""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from generator.config import Config, load_config
from generator.config.lines import describe
from generator.config.load import parse_config
from generator.config.schema import MOST_WORKERS, LayerPart
from generator.config.values import Filters, MostActive
from generator.errors import ConfigError, UsageError, reason
from generator.pipeline.events import (
    Event,
    LockWarning,
    ModelReady,
    OnEvent,
    PhotoWarning,
    Summary,
    Waiting,
    WorkersStarted,
)


def build(
    config: str | os.PathLike[str] | Mapping[str, Any] = "config.yaml",
    *,
    output: str | os.PathLike[str] | None = None,
    models: Iterable[str] = (),
    layers: Iterable[str] = (),
    filters: int | str | Iterable[int] | None = None,
    force: bool = False,
    trust: bool = False,
    workers: int | None = None,
    on_event: OnEvent | None = None,
) -> Summary:
    """Build the site of a configuration, as ``filter-gallery build`` does.

    ``config`` is a configuration's file, or its content as a dict, whose paths start at the working folder.
    ``output`` replaces its ``output``; ``models``, ``layers`` (globs) and ``filters`` choose what is rendered
    now; ``force`` renders again what the store holds; ``trust`` lets model files bring code of their own. ``workers``
    processes render pictures, in place of as many as pay. ``on_event`` is called with each event
    (``generator.pipeline.events``); without it, a model's warnings are Python's.

    Returns what was done: ``summary.index`` is the page to open, ``summary.failures`` is what failed while the rest was
    built. Raises ConfigError, with all ``problems``, for a wrong configuration, and UsageError if nothing can be done.
    """
    from generator.pipeline.run import build as run
    from generator.plan import Choice

    if not isinstance(config, str | os.PathLike | Mapping):
        raise UsageError(f"expected the path of a configuration, or a dict, got {config!r:.80}")
    complete = _from_mapping(config) if isinstance(config, Mapping) else load_config(Path(config))
    if output is not None:
        complete = replace(complete, output=Path(output))
    if workers is not None:
        if not isinstance(workers, int) or not 1 <= workers <= MOST_WORKERS:
            raise UsageError(f"workers: expected a number from 1 to {MOST_WORKERS}, got {workers!r:.80}")
        complete = replace(complete, workers=workers)
    return run(complete, Choice(tuple(layers), filters_of(filters)), tuple(models), force, trust, on_event or _warn)


def filters_of(filters: int | str | Iterable[int] | None) -> Filters | None:
    """Return a selection of filters as config.yaml has it: ``all``, a number of them, or their indices.

    Raises ConfigError for anything else.
    """
    if filters is None:
        return None
    given: Any = _plain(filters)
    if isinstance(given, Iterable) and not isinstance(given, str | Mapping):
        given = [_plain(index) for index in given]
    try:
        chosen: Filters | None = LayerPart.model_validate({"filters": given}).filters
    except ValidationError as error:
        raise ConfigError(describe(each) for each in error.errors()) from None
    if isinstance(chosen, MostActive):
        raise UsageError("filters: which are most active a build finds, with its photos", "Say how many, or which")
    return chosen


def _plain(number: Any) -> Any:
    """Return NumPy's numbers as Python's own."""
    return number.item() if isinstance(number, np.generic) else number


def _warn(event: Event) -> None:
    match event:
        case ModelReady(name=name, warnings=told):
            for warning in told:
                warnings.warn(f"{name}: {warning}", stacklevel=2)
        case Waiting(output=output, holder=holder):
            warnings.warn(f"waiting: {output} is in use by {holder}", stacklevel=2)
        case LockWarning(output=output, message=message):
            warnings.warn(f"{output}: {message}", stacklevel=2)
        case WorkersStarted(count=count, why_fewer=why) if why:
            warnings.warn(f"fewer workers than asked for, {count}: {why}", stacklevel=2)
        case PhotoWarning(name=name, message=message):
            warnings.warn(f"photo {name}: {message}", stacklevel=2)


def _from_mapping(config: Mapping[str, Any]) -> Config:
    """Return the configuration that a dict holds; JSON is YAML, so the same checks and messages are for both."""
    try:
        text = json.dumps(config, default=_as_yaml_has_it, ensure_ascii=False)
    except (ValueError, RecursionError, TypeError) as error:  # it holds itself, say
        raise ConfigError([f"config: {reason(error)}"]) from None
    try:
        return parse_config(text, "config", Path())
    except ConfigError as error:  # all of it is on line 1
        raise ConfigError(re.sub(r"^config:1: ", "config: ", problem) for problem in error.problems) from None


def _as_yaml_has_it(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Iterable):
        return [_plain(item) for item in value]
    return _plain(value) if hasattr(value, "item") else repr(value)
