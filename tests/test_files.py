from __future__ import annotations

import contextlib
import errno
import os
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from generator import files
from generator.files import (
    LEFT_SECONDS,
    SCRATCH_PREFIX,
    TEMPORARY_PREFIX,
    read_regular,
    real_path,
    remove_if_left,
    remove_left_beside,
    scratch_folder,
    temporary_file,
    write_atomically,
)


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


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    os.mkfifo(tmp_path / "pipe")
    assert read_regular(tmp_path / "file", 5) == b"12345"
    with pytest.raises(OSError, match="has more than 4 bytes"):
        read_regular(tmp_path / "file", 4)
    for name in ("link", "pipe", ".", "absent"):
        with pytest.raises(OSError, match=r".+"):
            read_regular(tmp_path / name, 5)


def test_reading_takes_as_much_memory_as_there_are_bytes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    tracemalloc.start()
    assert read_regular(tmp_path / "file", 1_000_000_000) == b"12345"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith((TEMPORARY_PREFIX, SCRATCH_PREFIX)))


def test_a_temporary_file_is_left_alone_while_it_is_written(tmp_path: Path) -> None:
    with temporary_file(tmp_path / "a") as opened:
        opened.write(b"half")
        (name,) = left(tmp_path)
        assert not remove_if_left(tmp_path / name)
        remove_left_beside(tmp_path / "b")
        assert left(tmp_path) == [name]
    assert ((tmp_path / "a").read_bytes(), left(tmp_path)) == (b"half", [])


def test_what_was_left_is_removed_by_the_next_write(tmp_path: Path) -> None:
    (tmp_path / f"{TEMPORARY_PREFIX}x").write_bytes(b"half")
    write_atomically(tmp_path / "a", b"x")
    assert [*tmp_path.iterdir()] == [tmp_path / "a"]


def test_a_file_that_is_cleaned_away_in_the_moment_it_is_made_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, made = tempfile.mkstemp, list[str]()

    def made_and_cleaned(**where: Any) -> tuple[int, str]:
        handle, name = real(**where)
        made.append(name)
        if len(made) == 1:
            assert remove_if_left(Path(name))
        return handle, name

    monkeypatch.setattr(tempfile, "mkstemp", made_and_cleaned)
    write_atomically(tmp_path / "a", b"x")
    assert (len(made), (tmp_path / "a").read_bytes(), left(tmp_path)) == (2, b"x", [])


@pytest.mark.parametrize(("age", "gone"), [(0, False), (LEFT_SECONDS + 60, True)])
def test_without_locks_age_tells(tmp_path: Path, age: float, gone: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle: int) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(files, "lock_file", refuse)
    path = tmp_path / f"{TEMPORARY_PREFIX}x"
    path.write_bytes(b"half")
    os.utime(path, (time.time() - age,) * 2)
    assert remove_if_left(path) is gone
    write_atomically(tmp_path / "a", b"x")
    assert (tmp_path / "a").read_bytes() == b"x"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_scratch_folder_goes_at_the_end(temporary: Path) -> None:
    with contextlib.suppress(KeyboardInterrupt), scratch_folder() as folder:
        (folder / "x").write_text("x")
        with scratch_folder() as other:
            assert folder != other
            assert (folder / "x").exists()
        raise KeyboardInterrupt
    assert left(temporary) == []


def test_scratch_folders_of_killed_processes_are_removed_and_nothing_else(temporary: Path) -> None:
    dead, young, old, file, theirs = (temporary / f"{SCRATCH_PREFIX}{name}" for name in "abcde")
    for folder in (dead / "repository", young, old, theirs):
        folder.mkdir(parents=True)
    (dead / "lock").write_text("")
    file.write_text("x")
    (theirs / "mine").write_text("x")
    (temporary / f"{SCRATCH_PREFIX}f").symlink_to(theirs)
    (temporary / "filter-gallery-site").mkdir()
    for folder in (old, theirs):
        os.utime(folder, (0, 0))
    with scratch_folder() as own:
        kept = {path.name for path in temporary.iterdir()} - {own.name}
    assert kept == {young.name, file.name, theirs.name, f"{SCRATCH_PREFIX}f", "filter-gallery-site"}


def test_links_that_lead_round_in_a_circle_are_left(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    assert real_path(tmp_path / "link/file") == tmp_path.resolve() / "folder/file"
    assert real_path(tmp_path / "circle/file") == tmp_path.resolve() / "circle/file"
