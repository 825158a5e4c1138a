"""What is read of the site that each file of tests makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.embed.target import Model, read_models


@pytest.fixture(scope="module")
def models(site: Path) -> tuple[Model, ...]:
    return read_models(site)
