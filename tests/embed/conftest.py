"""What is read of the site that each file of tests makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.site.built import BuiltSite, open_site
from generator.site.records import Model


@pytest.fixture(scope="module")
def built(site: Path) -> BuiltSite:
    return open_site(site)


@pytest.fixture(scope="module")
def models(built: BuiltSite) -> tuple[Model, ...]:
    return built.manifest.models
