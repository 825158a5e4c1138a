"""A store's own files are known by their form, and nothing else is removed; a damaged mark is written again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from generator.errors import UsageError
from generator.files import TEMPORARY_PREFIX
from generator.store import Store
from generator.store.own_files import MARK, is_marked
from tests.cli.conftest import ROOT, environment

WRITES_HALF = """
import os, signal, sys
from pathlib import Path
from generator.store import Store
from generator.store.store import temporary_file
store = Store(Path(sys.argv[1]))
path = store.blob_path(store.put_blob(b"whole"))
with temporary_file(path) as opened:
    opened.write(b"ha")
    opened.flush()
    print("half", flush=True)
    sys.stdin.read()
"""


def unfinished(folder: Path) -> list[Path]:
    return sorted(folder.rglob(f"{TEMPORARY_PREFIX}*"))


@pytest.mark.case("store-leftover")
def test_what_a_killed_process_was_writing_is_removed_and_what_is_being_written_is_left(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    with subprocess.Popen(
        [sys.executable, "-c", WRITES_HALF, str(store.folder)],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "half\n"
        store.remove_left()
        assert len(unfinished(store.folder)) == 1
        process.kill()
        process.wait()
        assert len(unfinished(store.folder)) == 1
        store.remove_left()
    assert unfinished(store.folder) == []
    assert sum(path.is_file() for path in store.folder.rglob("*")) == 3  # the mark, .gitignore and the blob


def test_leftovers_are_files_in_a_store(tmp_path: Path) -> None:
    name = f"{TEMPORARY_PREFIX}x"
    Store(tmp_path).remove_left()
    (tmp_path / name).write_text("mine")
    Store(tmp_path).remove_left()
    assert (tmp_path / name).exists()  # no store
    store = Store(tmp_path / "store")
    store.put_blob(b"x")
    for place in ("objects/ab", "records/c", "cards"):
        (store.folder / place).mkdir(parents=True)
        (store.folder / place / name).write_text("half")
    (store.folder / name).write_text("half")
    (store.folder / "objects" / name).symlink_to(tmp_path / name)
    (store.folder / "records" / name).mkdir()
    os.mkfifo(store.folder / "cards" / f"{name}y")
    (store.folder / "sheets").symlink_to(tmp_path)
    store.remove_left()
    left = ["cards/{}y", "objects/{}", "records/{}"]
    assert [path.relative_to(store.folder).as_posix() for path in unfinished(store.folder)] == [
        path.format(name) for path in left
    ]
    assert (tmp_path / name).read_text() == "mine"


@pytest.mark.case("bit-flips")
@pytest.mark.parametrize("content", [b"", b"{", b'{"made_by":"filter-gallerx","schema":1}', b"\xff", b"[" * 900])
def test_a_damaged_mark_is_written_again(tmp_path: Path, content: bytes) -> None:
    store = Store(tmp_path / "store")
    store.note_speed({"x": 1.0})
    blob = store.put_blob(b"x")
    (store.folder / MARK).write_bytes(content)
    again = Store(store.folder)
    again.put_blob(b"y")
    assert is_marked(store.folder)
    assert again.blob(blob) == b"x"


@pytest.mark.parametrize("name", ["thesis.tex", "objects/mine", "cards/x.txt"])
def test_a_mark_beside_files_of_others_is_left(tmp_path: Path, name: str) -> None:
    store = Store(tmp_path / "store")
    store.put_blob(b"x")
    (store.folder / MARK).write_bytes(b'{"apples": 3}')
    (store.folder / name).parent.mkdir(exist_ok=True)
    (store.folder / name).write_text("mine")
    with pytest.raises(UsageError, match="holds files that are not a store's"):
        Store(store.folder).put_blob(b"y")
    assert (store.folder / MARK).read_bytes() == b'{"apples": 3}'


def test_a_store_keeps_itself_out_of_a_repository(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    store = Store(tmp_path / "store")
    store.put_blob(b"picture")
    done = subprocess.run(["git", "status", "--porcelain"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout == ""
    assert store.remove()
    assert not store.folder.exists()


def test_what_somebody_else_ignores_in_a_store_is_left(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    store.put_blob(b"picture")
    (store.folder / ".gitignore").write_text("mine\n")
    Store(store.folder).put_blob(b"another")
    assert store.remove()
    assert [path.name for path in store.folder.iterdir()] == [".gitignore"]
    assert (store.folder / ".gitignore").read_text() == "mine\n"


def test_a_store_that_was_killed_before_it_was_marked_may_have_its_gitignore(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    store.put_blob(b"picture")
    shutil.move(store.folder / ".gitignore", tmp_path / "kept")
    store.remove()
    (tmp_path / "store").mkdir(exist_ok=True)
    shutil.move(tmp_path / "kept", store.folder / ".gitignore")
    again = Store(store.folder)
    assert again.has_blob(again.put_blob(b"picture"))
