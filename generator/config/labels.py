"""The names of a network's classes: those of the configuration, or of a file with one in each line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from generator.config.lines import Problem
from generator.config.schema import ModelPart
from generator.config.sources import is_file, path_below
from generator.errors import quoted

LARGEST_FILE = 4 << 20
"""Bytes of a file of names."""

LONGEST_NAME = 100
"""Characters; what is longer is no name, and the file another one."""


def read_labels(given: tuple[str, ...] | str, folder: Path) -> tuple[str, ...]:
    """Return the names that were checked; a relative path starts at a folder."""
    return given if isinstance(given, tuple) else _lines(path_below(folder, given))


def check_labels(model: ModelPart, index: int, folder: Path) -> Iterator[Problem]:
    """Yield what is wrong with a model's names: a file that cannot be read, one that is none or stands there twice."""
    where, place = ("models", index, "labels"), f"models[{index}].labels"
    names = model.labels
    if isinstance(names, str):
        path = path_below(folder, names)
        place = f"{place}: {quoted(names)}"
        if not is_file(path):
            yield Problem(where, f"models[{index}].labels: no file {quoted(names)} in {folder.resolve()}")
            return
        try:
            if path.stat().st_size > LARGEST_FILE:
                yield Problem(where, f"{place}: {path.stat().st_size:,} bytes. Name a file with a name in each line")
                return
            names = _lines(path)
        except (OSError, UnicodeDecodeError) as error:
            why = "it is no text in UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
            yield Problem(where, f"{place} cannot be read: {why}. Name a file with a name in each line")
            return
        if not names:
            yield Problem(where, f"{place}: no name in it. Name a file with a name in each line")
            return
    first: dict[str, int] = {}
    for number, name in enumerate(names):
        if len(name) > LONGEST_NAME:
            yield Problem(
                where, f"{place}: name {number} has {len(name):,} characters, at most {LONGEST_NAME} are shown"
            )
            return
        if name in first:
            twice = f"{quoted(name)} is the name of class {first[name]} and of class {number}"
            yield Problem(where, f"{place}: {twice}. Tell them apart")
            return
        first[name] = number


def _lines(path: Path) -> tuple[str, ...]:
    """Return the lines of a file without the spaces around them; empty ones at its end do not count."""
    return tuple(line.strip() or "(unnamed)" for line in path.read_text(encoding="utf-8-sig").rstrip().splitlines())
