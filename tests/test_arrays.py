"""Arrays as a file: the same bytes each time, read back as they were, and damage noticed."""

from __future__ import annotations

import numpy as np
import pytest

from generator.arrays import from_bytes, to_bytes

ARRAYS = {"1/b": np.arange(6, dtype=np.int32).reshape(2, 3), "1/a": np.array([0.5, np.nan])}


def test_they_are_read_back_whatever_is_asked_for() -> None:
    content = to_bytes(ARRAYS)
    assert content == to_bytes({name: array.copy() for name, array in ARRAYS.items()})
    found = from_bytes(content, ["1/a"])
    assert found.keys() == {"1/a"}
    np.testing.assert_array_equal(found["1/a"], ARRAYS["1/a"])
    assert from_bytes(content, ["1/b"])["1/b"].dtype == np.int32


@pytest.mark.parametrize("content", [b"", b"PK", to_bytes(ARRAYS)[:-30], to_bytes({"other": np.zeros(2)})])
def test_what_is_damaged_or_lacks_an_array_is_none(content: bytes) -> None:
    with pytest.raises(ValueError, match="no arrays"):
        from_bytes(content, ["1/a"])


def test_objects_are_never_read() -> None:
    """They could run code."""
    with pytest.raises(ValueError, match="Object arrays"):
        to_bytes({"x": np.array([object()])})
