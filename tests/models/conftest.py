"""Tiny networks and what is needed to have them read from files."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import keras
import pytest

from generator.config.entries import entry_for_source
from generator.config.values import ModelEntry

MakeEntry = Callable[..., ModelEntry]


@pytest.fixture(autouse=True)
def _fresh_names() -> None:
    """Unnamed layers are counted from one in every test."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(3)


@pytest.fixture(autouse=True)
def _no_modules_of_other_tests() -> None:
    """Forget the modules that tests write and import; all their names begin alike."""
    for name in [name for name in sys.modules if name.startswith("fgt_")]:
        del sys.modules[name]


@pytest.fixture
def entry_of() -> MakeEntry:
    """Return a function that makes the entry of a source as the command line does, with some of its fields replaced."""

    def make(source: str | Path, **fields: object) -> ModelEntry:
        from dataclasses import replace

        entry = entry_for_source(str(source), Path())
        assert entry is not None, source
        return replace(entry, **fields)  # type: ignore[arg-type]

    return make
