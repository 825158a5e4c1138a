"""What all tests share."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.chromium import launched

if TYPE_CHECKING:
    from playwright.sync_api import Browser


# As ``start_keras`` does, which finds Keras imported here: else commands that run in the tests' process compute other
# last digits than those in a process of their own, where the processor has no AVX-512.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


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
