"""Errors of the user's code with the line they came from; warnings of the loaders kept off the terminal."""

from __future__ import annotations

import contextlib
import logging
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path

from generator.errors import reason


def raised(error: BaseException, folder: str) -> str:
    """Return an exception's type and message, and the line of code it came from: the last one below ``folder``."""
    text = f"{type(error).__name__}: {reason(error)}" if str(error) else type(error).__name__
    if isinstance(error, SyntaxError) and error.filename:
        return f"{type(error).__name__}: {error.msg} ({error.filename}:{error.lineno})"
    frames = traceback.extract_tb(error.__traceback__)
    below = [frame for frame in frames if Path(frame.filename).resolve().is_relative_to(Path(folder).resolve())]
    place = (below or frames)[-1:]
    return text + "".join(f" ({frame.filename}:{frame.lineno})" for frame in place)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the loaders' own warnings off the terminal; what goes wrong is raised, not logged."""
    loggers = [logging.getLogger(name) for name in ("absl", "tensorflow")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
