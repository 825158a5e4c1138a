"""Configurations written for a test, and what is wrong in them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from generator.config import Config, load_config
from generator.errors import ConfigError

LONG = "q" * 500
SHORTENED = f"'{'q' * 128} ... {'q' * 65}'"
"""How messages show ``LONG``."""


def read(folder: Path, text: str) -> Config:
    """Return the configuration of this text."""
    path = folder / "config.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    return load_config(path)


def problems(folder: Path, text: str) -> list[str]:
    """Return what is wrong in a configuration, as ``line: message``."""
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    where = f"{folder / 'config.yaml'}:"
    assert all(problem.startswith(where) for problem in caught.value.problems)
    return [problem.removeprefix(where) for problem in caught.value.problems]
