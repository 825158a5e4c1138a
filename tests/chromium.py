"""The system's Chromium, and what becomes of tests on a machine without it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def missing(what: str) -> None:
    """Skip a test for want of something that a machine may lack; CI has to have it."""
    assert not os.environ.get("CI"), f"{what}, and CI must run this"
    pytest.skip(what)


BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first is the same engine without a window around each page, which takes half of the time."""


def chromium_path() -> str:
    """Return where the system's browser is; skip the test without one."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        missing(f"no Chromium was found ({', '.join(BROWSERS)})")
    return str(found)


def launched() -> Iterator[Browser]:
    """Yield the browser of the system, and close it."""
    from playwright.sync_api import sync_playwright  # few workers need it

    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
