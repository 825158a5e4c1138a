from __future__ import annotations

import os
from pathlib import Path

import pytest

from generator.locking import BUSY, lock_file


def test_a_lock_ends_when_the_file_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_text("")
    first, second = (os.open(path, os.O_RDWR) for _ in range(2))
    lock_file(first)
    with pytest.raises(OSError, match=r".+") as caught:
        lock_file(second)
    assert caught.value.errno in BUSY
    os.close(first)
    lock_file(second)
    os.close(second)
