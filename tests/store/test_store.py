from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from generator.errors import GalleryError, UsageError
from generator.files import TEMPORARY_PREFIX, write_atomically
from generator.plan import Tuning
from generator.store import Store

GROUP, KEY = "5" * 64, "a" * 64


def kernels(store: Store, *pictures: bytes) -> dict[str, Any]:
    """Return a record of so many kernels, and put their pictures into the store."""
    blobs = [store.put_blob(picture) for picture in pictures]
    entry = {"colour": True, "inputs": [0], "shares": [0.5], "of": 1, "alike": [[1, 0.25]], "size": [3, 3]}
    filters = [{**entry, "filter": index, "kernel": blob} for index, blob in enumerate(blobs)]
    return {"technique": "kernel", "filters": filters, "blobs": blobs}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def listing(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_file_is_written_with_its_folders_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a/b/c.txt"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert (path.read_bytes(), listing(tmp_path)) == (b"two", ["a/b/c.txt"])
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("failure", [OSError("disk full"), KeyboardInterrupt()])
@pytest.mark.parametrize("function", ["replace", "chmod"])
def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, failure: BaseException, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise failure

    path = tmp_path / "c.txt"
    path.write_bytes(b"before")
    monkeypatch.setattr(Path, function, fail)
    with pytest.raises(type(failure)):
        write_atomically(path, b"after")
    assert (path.read_bytes(), listing(tmp_path)) == (b"before", ["c.txt"])


def test_nothing_is_made_before_something_is_written(store: Store) -> None:
    assert store.record(GROUP, KEY) is None
    assert list(store.record_group(GROUP)) == []
    assert store.summary(KEY) is None
    assert store.tuning(KEY) is None
    assert store.speed() == {}
    assert not store.remove()
    assert not store.folder.exists()


def test_a_blob_is_named_by_its_content_and_kept_once(store: Store) -> None:
    digest = store.put_blob(b"picture")
    assert digest == hashlib.sha256(b"picture").hexdigest()
    before = store.blob_path(digest).stat().st_ino
    assert store.put_blob(b"picture") == digest
    assert store.blob_path(digest).stat().st_ino == before
    assert store.blob(digest) == b"picture"


@pytest.mark.parametrize("damage", [b"", b"pictur", b"Picture", b"picture and more"])
def test_a_damaged_blob_is_removed_and_can_be_made_anew(store: Store, damage: bytes) -> None:
    digest = store.put_blob(b"picture")
    store.blob_path(digest).write_bytes(damage)
    with pytest.raises(GalleryError, match=r"was damaged and is removed\. Run the build again"):
        store.blob(digest)
    assert not store.has_blob(digest)
    store.put_blob(b"picture")
    assert store.blob(digest) == b"picture"


def test_a_blob_may_be_a_link_to_the_same_bytes(store: Store, tmp_path: Path) -> None:
    """As in a store that was made smaller by another program; its content is what counts."""
    path = store.blob_path(store.put_blob(b"picture"))
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert (store.has_blob(path.name), store.blob(path.name)) == (True, b"picture")


def test_a_blob_that_is_missing(store: Store) -> None:
    with pytest.raises(GalleryError, match="No such file"):
        store.blob("0" * 64)


def test_a_record_is_complete_only_with_its_blobs(store: Store) -> None:
    record = kernels(store, b"one", b"two")
    store.put_record(GROUP, KEY, record)
    assert store.record(GROUP, KEY) == record
    assert list(store.record_group(GROUP)) == [(KEY, record)]
    store.blob_path(record["blobs"][1]).unlink()
    assert store.record(GROUP, KEY) is None
    assert list(store.record_group(GROUP)) == []


def test_a_shelf_is_in_the_order_of_its_keys_and_apart_from_others(store: Store) -> None:
    records = {key: kernels(store, key.encode()) for key in "bcad"}
    for key in ("b", "c", "a"):
        store.put_record(GROUP, key, records[key])
    store.put_record("6" * 64, "d", records["d"])
    assert list(store.record_group(GROUP)) == [(key, records[key]) for key in "abc"]


@pytest.mark.parametrize("content", [b"", b'{"filters": [', b"[]", b"\xff", b"null"])
def test_a_record_card_or_tuning_that_cannot_be_read_is_none(store: Store, content: bytes) -> None:
    store.put_record(GROUP, KEY, kernels(store, b"x"))
    store.put_summary(KEY, {"of": 1})
    store.put_tuning(KEY, {"of": 1})
    (store.folder / "records" / GROUP / f"{KEY}.json").write_bytes(content)
    (store.folder / "cards" / f"{KEY}.json").write_bytes(content)
    (store.folder / "tunings" / f"{KEY}.json").write_bytes(content)
    assert (store.record(GROUP, KEY), store.summary(KEY), list(store.record_group(GROUP))) == (None, None, [])
    assert store.tuning(KEY) is None


def test_a_number_that_is_none_is_not_kept(store: Store) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.put_record(GROUP, KEY, {**kernels(store, b"x"), "score": float("nan")})
    assert store.record(GROUP, KEY) is None


def test_cards_and_the_speed_are_kept(store: Store) -> None:
    store.put_summary(KEY, {"name": "ü"})
    store.note_speed({"x": 1.5})
    again = Store(store.folder)
    assert (again.summary(KEY), again.speed()) == ({"name": "ü"}, {"x": 1.5})


def test_what_was_measured_is_kept_for_each_model(store: Store) -> None:
    one, other = Tuning("bfloat16", ((3.5, 8), (120.0, 32))), Tuning()
    store.put_tuning("a", one.to_json())
    store.put_tuning("b", other.to_json())
    again = Store(store.folder)
    assert [Tuning.from_json(again.tuning(digest)) for digest in "abc"] == [one, other, None]
    assert listing(store.folder) == [".gitignore", "store.json", "tunings/a.json", "tunings/b.json"]
    again.put_tuning("b", one.to_json())
    assert Tuning.from_json(store.tuning("b")) == one


def test_what_another_version_measured_is_kept_but_not_used(store: Store) -> None:
    later = {"version": 99, "precision": "float8", "batches": [[3.5, 8]], "more": {}}
    store.put_tuning(KEY, later)
    assert store.tuning(KEY) == later
    assert Tuning.from_json(store.tuning(KEY)) is None


def test_a_store_may_begin_with_what_was_measured_elsewhere(store: Store) -> None:
    """A tuning that is copied from another machine's store is all that its pictures need to have the same keys."""
    (store.folder / "tunings").mkdir(parents=True)
    (store.folder / "tunings" / f"{KEY}.json").write_bytes(b'{"batches":[],"precision":"float32","version":1}')
    assert Tuning.from_json(store.tuning(KEY)) == Tuning()
    store.put_summary(KEY, {})
    assert store.remove()
    assert not store.folder.exists()


def test_the_bytes_of_a_record_do_not_depend_on_the_order_of_its_keys(store: Store) -> None:
    path = store.folder / "records" / GROUP / f"{KEY}.json"
    store.put_record(GROUP, KEY, {"x": 1, "y": 2})
    before = path.read_bytes()
    store.put_record(GROUP, KEY, {"y": 2, "x": 1})
    assert path.read_bytes() == before


def test_a_store_is_removed_whole(store: Store) -> None:
    store.put_record(GROUP, KEY, kernels(store, b"x"))
    (store.folder / "objects" / f"{TEMPORARY_PREFIX}left").write_bytes(b"x")
    store.put_summary(KEY, {})
    store.put_tuning(KEY, {})
    store.note_digest("net", KEY)
    store.note_speed({})
    assert store.remove()
    assert not store.folder.exists()


@pytest.mark.case("clean-cache-own")
def test_only_a_store_is_removed(store: Store) -> None:
    (store.folder / "objects").mkdir(parents=True)
    (store.folder / "objects/mine").write_text("x")
    with pytest.raises(UsageError, match="not a store of filter-gallery; nothing was removed"):
        store.remove()
    assert listing(store.folder) == ["objects/mine"]


def test_what_others_put_into_a_store_is_left(store: Store) -> None:
    store.put_blob(b"x")
    (store.folder / "notes.txt").write_text("x")
    assert store.remove()
    assert listing(store.folder) == ["notes.txt"]


FOREIGN = {
    "thesis.tex": "x",
    "records/2024.csv": "x",
    "objects/ab/cd": "x",
    "speed.json": "{}",
    f"cards/{KEY}.txt": "x",
    "store.json": '{"apples": 3}',
}


@pytest.mark.case("clean-cache-own")
@pytest.mark.parametrize("name", FOREIGN)
def test_a_folder_of_others_is_refused(store: Store, name: str) -> None:
    (store.folder / name).parent.mkdir(parents=True)
    (store.folder / name).write_text(FOREIGN[name])
    named = name.rpartition("/")[2]
    with pytest.raises(UsageError, match=rf"not a store's, such as {named}\. Name another folder with `cache:`"):
        store.put_blob(b"x")
    with pytest.raises(UsageError, match="not a store of filter-gallery; nothing was removed"):
        store.remove()
    assert (listing(store.folder), (store.folder / name).read_text()) == ([name], FOREIGN[name])


@pytest.mark.case("clean-cache-own")
@pytest.mark.parametrize("name", [name for name in FOREIGN if "/" in name or name == "thesis.tex"])
def test_what_others_have_in_the_folders_of_a_store_is_left(store: Store, name: str) -> None:
    store.put_record(GROUP, KEY, kernels(store, b"x"))
    (store.folder / name).parent.mkdir(parents=True, exist_ok=True)
    (store.folder / name).write_text(FOREIGN[name])
    assert store.remove()
    assert (listing(store.folder), (store.folder / name).read_text()) == ([name], FOREIGN[name])


@pytest.mark.parametrize("linked", ["records", "objects/ab", "cards"])
def test_links_in_a_store_are_not_followed(store: Store, tmp_path: Path, linked: str) -> None:
    theirs = {
        f"{KEY}/{KEY}.json": "record",
        f"{KEY}.json": "card",
        "ab" + "0" * 62: "blob",
        f"{TEMPORARY_PREFIX}x": "half",
    }
    for name, text in theirs.items():
        (tmp_path / "theirs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "theirs" / name).write_text(text)
    store.note_speed({})
    (store.folder / linked).parent.mkdir(exist_ok=True)
    (store.folder / linked).symlink_to(tmp_path / "theirs")
    assert store.remove()
    assert listing(tmp_path / "theirs") == sorted(theirs)


def test_a_store_of_an_earlier_version_serves(store: Store) -> None:
    store.folder.mkdir()
    (store.folder / "store.json").write_text('{"schema":1}')
    assert store.blob(store.put_blob(b"x")) == b"x"
    assert (store.folder / "store.json").read_text() == '{"schema":1}'
    assert store.remove()
    assert not store.folder.exists()


OUTSIDE = [
    "../../precious.txt",
    "../precious.txt",
    "{absolute}",
    "",
    "..",
    "a" * 63,
    "A" * 64,
    "a" * 64 + "\n",
    "a" * 65,
]


@pytest.mark.case("store-blob-path")
@pytest.mark.parametrize("name", OUTSIDE)
def test_a_blob_is_never_outside_the_store(store: Store, tmp_path: Path, name: str) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("mine")
    name = str(precious) if name == "{absolute}" else name
    record = kernels(store, b"x")
    for forged in (
        {**record, "blobs": [*record["blobs"], name]},
        {**record, "filters": [{**record["filters"][0], "kernel": name}], "blobs": [*record["blobs"], name]},
        {**record, "filters": [{**record["filters"][0], "kernel": name}]},
    ):
        store.put_record(GROUP, KEY, forged)
        assert store.record(GROUP, KEY) is None
    store.put_sheet(KEY, name)
    assert (store.sheet(KEY), store.has_blob(name)) == (None, False)
    for read in (store.blob, store.blob_path):
        with pytest.raises(GalleryError, match="is not the name of a blob"):
            read(name)
    assert precious.read_text() == "mine"


@pytest.mark.parametrize("left", [(), (f"{TEMPORARY_PREFIX}abc",), (f"tunings/{KEY}.json",)])
def test_a_build_that_was_killed_at_its_first_write_goes_on(store: Store, left: tuple[str, ...]) -> None:
    store.folder.mkdir()
    for name in left:
        (store.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (store.folder / name).write_bytes(b"{}")
    assert store.blob(store.put_blob(b"x")) == b"x"


def test_a_store_below_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    store = Store(tmp_path / "file" / "store")
    with pytest.raises(UsageError, match=r"cannot write .*: Not a directory\. Name another folder with `cache:`"):
        store.put_blob(b"x")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_disk_that_does_not_take_it(store: Store, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    store.put_summary(KEY, {})
    monkeypatch.setattr(tempfile, "mkstemp", fail)
    with pytest.raises(UsageError, match=rf"cannot write .*: {os.strerror(number)}\. Name another folder"):
        store.put_blob(b"x")


@pytest.mark.parametrize("kind", ["objects", "records"])
def test_nothing_is_written_through_a_link_in_the_place_of_a_folder_of_ours(kind: str, tmp_path: Path) -> None:
    store, theirs = Store(tmp_path / "store"), tmp_path / "theirs"
    blob, key = store.put_blob(b"first"), "0" * 64
    theirs.mkdir()
    linked = store.folder / kind / (blob[:2] if kind == "objects" else key)
    if linked.exists():
        linked.rename(tmp_path / "moved")
    linked.parent.mkdir(exist_ok=True)
    linked.symlink_to(theirs)
    with pytest.raises(UsageError, match="its folder is a symbolic link"):
        store.put_blob(b"first") if kind == "objects" else store.put_record(key, key, {})
    assert [*theirs.iterdir()] == []
