"""The programs of others that judge the pages, as package-lock.json pins them; `make gates` installs them."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.chromium import missing

MODULES = Path(__file__).parent / "node_modules"


def npm_file(name: str) -> Path:
    """Return a file of an npm package; skip the test where the packages are not installed."""
    path = MODULES / name
    if not path.exists():
        missing(f"npm package {name.partition('/')[0]} is not installed: `make gates` does that")
    return path


def program(name: str, package: str) -> str:
    """Return where a program of the system is; skip the test without it, and name Debian's package."""
    found = shutil.which(name)
    if found is None:
        missing(f"no {name} was found: Debian's package is {package}")
    return str(found)
