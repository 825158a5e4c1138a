"""One small gallery, and one project that is built from it by every builder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sphinx.project import BUILDERS, built_by_all


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a built site in gallery/site."""
    return built_by_all(tmp_path_factory)


@pytest.fixture(scope="session")
def built(base: Path) -> dict[str, Path]:
    """Return the output of each builder, all with warnings as errors and in two processes."""
    return {builder: base / "docs" / "_build" / builder for builder in BUILDERS}
