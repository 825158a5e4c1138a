"""A folder of blobs named by their digest, and of records named by the key of the task that made them.

    store.json                  marks the folder as a store
    .gitignore                  keeps it out of a repository
    speed.json                  how fast this machine was, for estimates
    objects/ab/abcd...          a blob, named by its SHA-256
    records/<record group>/<key>.json   the result of a task; its blobs are on disk before it is
    cards/<digest>.json         the summary of a model
    names/<digest of name>.json the model that last had a name
    tunings/<digest>.json       how pictures of a model are optimised fastest on this machine
    activities/<digest>.json    the responses of a model's filters to some photos
    sheets/<digest>.json        the blob that is the sheet of some pictures' thumbnails
    sites/<digest>.json         what the site in a folder was made of
    comparisons/<digest>.json   how much the weights of two models differ
    datasets/<digest of name>.json   the images that the model which last had a name was looked at on
    circuits/<digest>.json      what a model's filters are made of, on some images

Each JSON file but store.json holds a digest of its own (``entries.py``). What is damaged, or has another shape than
its schema asks for (``record_schema.py``, ``entry_schema.py``), is as if it were absent, and is made again.

A record group holds the records of one subject (model, layer, technique, settings), in whichever batches it was made.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from generator.digests import DIGEST, content_digest
from generator.errors import GalleryError, UsageError
from generator.files import open_regular, real_path, temporary_file
from generator.store import entry_schema as schema
from generator.store.entries import Entry, entry_bytes, read_entry
from generator.store.entry_schema import any_shape, shape_of
from generator.store.own_files import (
    IGNORE,
    IGNORED,
    MARK,
    SPEED,
    SUBFOLDERS,
    check_free,
    is_marked,
    mark_bytes,
    remove_left,
    remove_own,
)
from generator.store.record_schema import is_sound

Record = Entry
_REBUILD_HINT = "Run the build again; it will be made anew"
_CACHE_HINT = "Allow it, or name another folder with `cache:`"
_SHAPES: dict[str, Callable[[Entry, bool], bool]] = {
    "cards": any_shape,
    "names": shape_of(schema.Name),
    "tunings": shape_of(schema.Tuning),
    "activities": shape_of(schema.Activity),
    "comparisons": shape_of(schema.Comparison),
    "sheets": shape_of(schema.Sheet),
    "sites": shape_of(schema.Site),
    "datasets": shape_of(schema.Dataset),
    "circuits": shape_of(schema.Circuit),
}


class StoreWriteError(UsageError):
    """The system does not let a store be written."""


class Store:
    """The store in a folder, made when something is first written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._marked = False

    def put_blob(self, content: bytes) -> str:
        """Store some bytes; returns their digest, which is the blob's name."""
        digest = content_digest(content)
        if not self.has_blob(digest):
            self._write(self.blob_path(digest), content)
        return digest

    def blob_path(self, digest: str) -> Path:
        """Return where a blob is or would be.

        Raises GalleryError for what is no digest: a damaged store must not lead elsewhere.
        """
        if not re.fullmatch(DIGEST, digest):
            raise GalleryError(f"{self.folder}: {digest!r} is not the name of a blob", _REBUILD_HINT)
        return self.folder / "objects" / digest[:2] / digest

    def has_blob(self, digest: str) -> bool:
        """Tell whether a blob is there."""
        path = f"{self.folder}/objects/{digest[:2]}/{digest}"
        return re.fullmatch(DIGEST, digest) is not None and os.path.isfile(path)  # noqa: PTH113 (asked 100,000 times)

    def blob(self, digest: str) -> bytes:
        """Return a blob. One that was damaged on disk is removed, so that the next build makes it again.

        Raises GalleryError if it is missing or damaged.
        """
        path = self.blob_path(digest)
        try:
            with open_regular(path) as opened:
                content = opened.read()
        except OSError as error:
            raise GalleryError(f"{path}: {error.strerror}", _REBUILD_HINT) from None
        if content_digest(content) != digest:
            try:
                path.unlink()
            except OSError as error:
                raise GalleryError(
                    f"{path}: was damaged, and cannot be removed: {error.strerror}", _CACHE_HINT
                ) from None
            raise GalleryError(f"{path}: was damaged and is removed", _REBUILD_HINT)
        return content

    def put_record(self, record_group: str, key: str, record: Record) -> None:
        """Store the result of a task; its blobs must have been put before."""
        self._put(f"records/{record_group}/{key}", record)

    def record(self, record_group: str, key: str) -> Record | None:
        """Return a task's record, or None if it, or a blob that it names, is missing or damaged."""
        record = read_entry(self.folder, f"records/{record_group}/{key}.json", is_sound)
        return record if record and all(map(self.has_blob, record["blobs"])) else None

    def record_group(self, record_group: str) -> Iterator[tuple[str, Record]]:
        """Yield key and record of everything complete in a record group, in the order of the keys."""
        for path in sorted((self.folder / "records" / record_group).glob("*.json")):
            record = self.record(record_group, path.stem)
            if record is not None:
                yield path.stem, record

    def record_group_state(self, record_group: str) -> list[list[Any]]:
        """Return name, size and time of each record of a group, complete or not, in the order of their names."""
        return _state(self.folder / "records" / record_group)

    def comparisons_state(self) -> list[list[Any]]:
        """Return name, size and time of each comparison."""
        return _state(self.folder / "comparisons")

    def put_summary(self, digest: str, summary: Record) -> None:
        """Store the summary of a model, unless the store is read-only."""
        self._note(f"cards/{digest}", summary)

    def summary(self, digest: str) -> Record | None:
        """Return the summary of a model, or None."""
        return self._get(f"cards/{digest}")

    def note_digest(self, name: str, digest: str) -> None:
        """Store which model had a name in a configuration, unless the store is read-only."""
        self._note(f"names/{_digest(name)}", {"name": name, "digest": digest})

    def former_digest(self, name: str) -> str | None:
        """Return the digest of the model that last had a name, or None."""
        return (self._get(f"names/{_digest(name)}") or {}).get("digest")

    def put_tuning(self, digest: str, tuning: Record) -> None:
        """Store what was measured for a model, so that it is not measured again."""
        self._put(f"tunings/{digest}", tuning)

    def tuning(self, digest: str) -> Record | None:
        """Return what was measured for a model, or None."""
        return self._get(f"tunings/{digest}")

    def put_activity(self, digest: str, activity: Record) -> None:
        """Store the responses of a model's filters to some photos, unless the store is read-only.

        The digest is of both.
        """
        self._note(f"activities/{digest}", activity)

    def activity(self, digest: str) -> Record | None:
        """Return the responses of a model's filters to some photos, or None."""
        return self._get(f"activities/{digest}")

    def put_comparison(self, digest: str, comparison: Record) -> None:
        """Store how much the weights of two models differ; the digest is of both."""
        self._put(f"comparisons/{digest}", comparison)

    def comparison(self, digest: str) -> Record | None:
        """Return how much the weights of two models differ, or None."""
        return self._get(f"comparisons/{digest}")

    def put_sheet(self, digest: str, blob: str) -> None:
        """Store which blob is the sheet of some thumbnails; the digest is of the pictures and of how it is made."""
        self._put(f"sheets/{digest}", {"blob": blob})

    def sheet(self, digest: str) -> str | None:
        """Return the blob that is the sheet of some thumbnails, or None if it was not made, or is gone."""
        blob = (self._get(f"sheets/{digest}") or {}).get("blob")
        return blob if blob and self.has_blob(blob) else None

    def put_dataset(self, name: str, dataset: Record) -> None:
        """Store which images the model of a name was looked at on, and in which records the results are."""
        self._put(f"datasets/{_digest(name)}", dataset)

    def dataset(self, name: str) -> Record | None:
        """Return the images that the model of a name was looked at on, or None."""
        return self._get(f"datasets/{_digest(name)}")

    def put_circuit(self, digest: str, circuit: Record) -> None:
        """Store what a model's filters are made of; its blob must have been put before.

        The digest is of the model and of the images that it was measured on.
        """
        self._put(f"circuits/{digest}", circuit)

    def circuit(self, digest: str) -> Record | None:
        """Return what a model's filters are made of, or None if that is not known."""
        circuit = self._get(f"circuits/{digest}")
        blobs = [circuit[name] for name in ("numbers", "effects", "links") if circuit[name]] if circuit else []
        return circuit if all(map(self.has_blob, blobs)) else None

    def circuits_state(self) -> list[list[Any]]:
        """Return name, size and time of each circuit."""
        return _state(self.folder / "circuits")

    def note_site(self, folder: Path, made_of: Record) -> None:
        """Store what the site in a folder was made of, unless the store is read-only."""
        self._note(f"sites/{_digest(str(real_path(folder)))}", made_of)

    def site(self, folder: Path) -> Record | None:
        """Return what the site in a folder was made of, or None."""
        return self._get(f"sites/{_digest(str(real_path(folder)))}")

    def note_speed(self, machine: dict[str, float]) -> None:
        """Store how fast this machine was, for estimates only: nothing that is built depends on it."""
        self._note(SPEED.removesuffix(".json"), {**machine})

    def speed(self) -> dict[str, float]:
        """Return how fast this machine was."""
        return read_entry(self.folder, SPEED, shape_of(schema.Speed)) or {}

    def remove(self) -> bool:
        """Delete the store's own files, and its folders as far as nothing else is in them.

        Links are not followed. Returns False if there is no store. Raises UsageError for a folder that is none, or
        if a file cannot be deleted.
        """
        return remove_own(self.folder)

    def remove_left(self) -> None:
        """Remove the files that killed processes were writing; those that are being written are left."""
        if is_marked(self.folder):
            remove_left(self.folder)

    def check_writable(self) -> None:
        """Raise UsageError if the store cannot be written: to be known before anything is computed for it."""
        try:
            self._mark()
            with tempfile.TemporaryFile(dir=self.folder):
                pass
        except OSError as error:
            raise self._write_error(self.folder, error) from None

    def _get(self, name: str) -> Record | None:
        return read_entry(self.folder, f"{name}.json", _SHAPES[name.partition("/")[0]])

    def _put(self, name: str, value: Record) -> None:
        place = f"{name}.json"
        self._write(self.folder / place, entry_bytes(place, value))

    def _note(self, name: str, value: Record) -> None:
        """Store what can be done without: a store that is complete may be read-only."""
        with contextlib.suppress(StoreWriteError):
            self._put(name, value)

    def _mark(self) -> None:
        if not self._marked:
            if not is_marked(self.folder):
                check_free(self.folder)
                self._replace(self.folder / MARK, mark_bytes())
                if not os.path.lexists(self.folder / IGNORE):
                    self._replace(self.folder / IGNORE, IGNORED)
            self._marked = True

    def _write(self, path: Path, content: bytes) -> None:
        try:
            self._mark()
            self._replace(path, content)
        except OSError as error:
            raise self._write_error(path, error) from None

    @staticmethod
    def _replace(path: Path, content: bytes) -> None:
        if path.parent.is_symlink() and path.parent.parent.name in SUBFOLDERS:  # one of the store's own making is none
            raise OSError(errno.ELOOP, "its folder is a symbolic link", str(path))
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary_file(path) as opened:
            opened.write(content)

    @staticmethod
    def _write_error(path: Path, error: OSError) -> StoreWriteError:
        return StoreWriteError(f"cannot write {path}: {error.strerror}", "Name another folder with `cache:`")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _state(folder: Path) -> list[list[Any]]:
    try:
        with os.scandir(folder) as entries:
            return sorted([entry.name, entry.stat().st_size, entry.stat().st_mtime_ns] for entry in entries)
    except OSError:
        return []
