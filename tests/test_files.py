from __future__ import annotations

from pathlib import Path

import pytest

from generator.files import write_atomically


def test_a_file_is_written_with_the_folders_above_it_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a/b/c.bin"
    for content in (b"one", b"", b"three\0"):
        write_atomically(path, content)
        assert path.read_bytes() == content
    assert (path.stat().st_mode & 0o777, [*path.parent.iterdir()]) == (0o644, [path])


def test_what_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(TypeError):
        write_atomically(path, "a text")  # type: ignore[arg-type]
    assert (path.read_bytes(), [*tmp_path.iterdir()]) == (b"old", [path])


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError):  # noqa: PT011  # which one depends on the system
        write_atomically(tmp_path / "a", b"x")
    assert [*tmp_path.iterdir()] == [tmp_path / "a"]
