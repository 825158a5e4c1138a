"""What all tests share."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.chromium import launched

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Return the browser of the system: one for all tests of a process, as Playwright cannot be entered twice."""
    yield from launched()


@pytest.fixture(scope="module", autouse=True)
def _quick_collection() -> None:
    """Let the garbage collector pass over what is there for good, such as TensorFlow and Keras.

    Keras collects whenever a session is cleared, which takes a third of a second if it looks at all of that.
    """
    gc.collect()
    gc.freeze()
