"""What all tests share."""

from __future__ import annotations

import gc

import pytest


@pytest.fixture(scope="module", autouse=True)
def _quick_collection() -> None:
    """Let the garbage collector pass over what is there for good, such as TensorFlow and Keras.

    Keras collects whenever a session is cleared, which takes a third of a second if it looks at all of that.
    """
    gc.collect()
    gc.freeze()
