"""A folder of blobs named by their digest, and of records named by the key of the task that made them.

    objects/ab/abcd...          a blob, named by its SHA-256
    records/<shelf>/<key>.json  what a task gave; its blobs are on disk before it is
    cards/<digest>.json         what is known of a model
    names/<digest of name>.json which model last went by a name
    tunings/<digest>.json       how a model is climbed fastest on this machine
    activities/<digest>.json    what a model's filters answer to some photos
    sheets/<digest>.json        which blob is the sheet of some pictures' thumbnails
    sites/<digest>.json         what the site in a folder was made of
    comparisons/<digest>.json   how much the weights of two models differ

A shelf holds the records of one subject (model, layer, technique, settings), whichever batches it was made in.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generator.errors import GalleryError, UsageError

Record = dict[str, Any]

MARK, SPEED = "store.json", "speed.json"
ROOMS = ("objects", "records", "cards", "names", "tunings", "activities", "comparisons", "sheets", "sites")
NEW = ".filter-gallery-new-"
"""How the name of a file begins that is not yet whole."""

SCHEMA = 1


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there: it is there whole, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=NEW)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


class Store:
    """The store in a folder, made when something is first written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put_blob(self, content: bytes) -> str:
        """Keep some bytes; returns their digest, by which they are found again."""
        digest = hashlib.sha256(content).hexdigest()
        if not self.has_blob(digest):
            self._write(self.blob_path(digest), content)
        return digest

    def blob_path(self, digest: str) -> Path:
        """Return where a blob is or would be."""
        return self.folder / "objects" / digest[:2] / digest

    def has_blob(self, digest: str) -> bool:
        """Tell whether a blob is there."""
        return os.path.isfile(f"{self.folder}/objects/{digest[:2]}/{digest}")  # noqa: PTH113 (asked 100,000 times)

    def blob(self, digest: str) -> bytes:
        """Return a blob. One that was damaged on disk is removed, so that the next build makes it again.

        Raises GalleryError if it is missing or damaged.
        """
        path = self.blob_path(digest)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise GalleryError(f"{path}: {error.strerror}", "Run the build again; it will be made anew") from None
        if hashlib.sha256(content).hexdigest() != digest:
            path.unlink()
            raise GalleryError(f"{path}: was damaged and is removed", "Run the build again; it will be made anew")
        return content

    def put_record(self, shelf: str, key: str, record: Record) -> None:
        """Keep what a task gave; its blobs must have been put before."""
        self._write(self._record_path(shelf, key), _json(record))

    def record(self, shelf: str, key: str) -> Record | None:
        """Return a task's record, or None if it, or a blob that it names, is missing."""
        return self._complete(_read_json(self._record_path(shelf, key)))

    def shelf(self, shelf: str) -> Iterator[tuple[str, Record]]:
        """Yield key and record of everything complete on a shelf, in the order of the keys."""
        for path in sorted((self.folder / "records" / shelf).glob("*.json")):
            record = self._complete(_read_json(path))
            if record is not None:
                yield path.stem, record

    def shelf_state(self, shelf: str) -> list[list[Any]]:
        """Return name, size and time of each record of a shelf, whole or not, in the order of their names."""
        return _state(self.folder / "records" / shelf)

    def comparisons_state(self) -> list[list[Any]]:
        """Return name, size and time of each comparison."""
        return _state(self.folder / "comparisons")

    def put_card(self, digest: str, card: Record) -> None:
        """Keep what is known of a model."""
        self._write(self.folder / "cards" / f"{digest}.json", _json(card))

    def card(self, digest: str) -> Record | None:
        """Return what is known of a model, or None."""
        return _read_json(self.folder / "cards" / f"{digest}.json")

    def note_digest(self, name: str, digest: str) -> None:
        """Remember which model went by a name in a configuration."""
        self._write(self._name_path(name), _json({"name": name, "digest": digest}))

    def former_digest(self, name: str) -> str | None:
        """Return the digest of the model that last went by a name, or None."""
        digest = (_read_json(self._name_path(name)) or {}).get("digest")
        return digest if isinstance(digest, str) else None

    def _name_path(self, name: str) -> Path:
        return self.folder / "names" / f"{hashlib.sha256(name.encode()).hexdigest()}.json"

    def put_tuning(self, digest: str, tuning: Record) -> None:
        """Remember what was measured for a model, so that it is not measured anew."""
        self._write(self.folder / "tunings" / f"{digest}.json", _json(tuning))

    def tuning(self, digest: str) -> Record | None:
        """Return what was measured for a model, or None."""
        return _read_json(self.folder / "tunings" / f"{digest}.json")

    def put_activity(self, digest: str, activity: Record) -> None:
        """Remember what a model's filters answer to some photos; the digest is of both."""
        self._write(self.folder / "activities" / f"{digest}.json", _json(activity))

    def activity(self, digest: str) -> Record | None:
        """Return what a model's filters answer to some photos, or None."""
        return _read_json(self.folder / "activities" / f"{digest}.json")

    def put_comparison(self, digest: str, comparison: Record) -> None:
        """Remember how much the weights of two models differ; the digest is of both."""
        self._write(self.folder / "comparisons" / f"{digest}.json", _json(comparison))

    def comparison(self, digest: str) -> Record | None:
        """Return how much the weights of two models differ, or None."""
        return _read_json(self.folder / "comparisons" / f"{digest}.json")

    def put_sheet(self, digest: str, blob: str) -> None:
        """Remember which blob is the sheet of some thumbnails; the digest is of the pictures and of how it is made."""
        self._write(self.folder / "sheets" / f"{digest}.json", _json({"blob": blob}))

    def sheet(self, digest: str) -> str | None:
        """Return the blob that is the sheet of some thumbnails, or None if it was not made, or is gone."""
        blob = (_read_json(self.folder / "sheets" / f"{digest}.json") or {}).get("blob")
        return blob if isinstance(blob, str) and self.has_blob(blob) else None

    def note_site(self, folder: Path, made_of: Record) -> None:
        """Remember what the site in a folder was made of."""
        self._write(self._site_path(folder), _json(made_of))

    def site(self, folder: Path) -> Record | None:
        """Return what the site in a folder was made of, or None."""
        return _read_json(self._site_path(folder))

    def _site_path(self, folder: Path) -> Path:
        return self.folder / "sites" / f"{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()}.json"

    def note_speed(self, machine: dict[str, float]) -> None:
        """Remember how fast this machine was, for estimates only: nothing that is built depends on it."""
        self._write(self.folder / SPEED, _json(machine))

    def speed(self) -> dict[str, float]:
        """Return what was remembered of this machine's speed."""
        return _read_json(self.folder / SPEED) or {}

    def remove(self) -> bool:
        """Delete the store, and its folder unless someone put other files there; returns False if there is none.

        Raises UsageError for a folder that is not a store.
        """
        if not self.folder.exists():
            return False
        if not (self.folder / MARK).is_file():
            raise UsageError(f"{self.folder}: not a store of filter-gallery; nothing was removed")
        for room in ROOMS:
            shutil.rmtree(self.folder / room, ignore_errors=True)
        for path in (self.folder / SPEED, *self.folder.glob(f"{NEW}*"), self.folder / MARK):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty: what is left is not ours
            self.folder.rmdir()
        return True

    def _record_path(self, shelf: str, key: str) -> Path:
        return self.folder / "records" / shelf / f"{key}.json"

    def _complete(self, record: Record | None) -> Record | None:
        if record is None or not all(map(self.has_blob, record.get("blobs", []))):
            return None
        return record

    def _write(self, path: Path, content: bytes) -> None:
        mark = self.folder / MARK
        try:
            if not mark.is_file():
                # Another build may be writing its first files at this moment, or was killed while it did.
                held = {path.name for path in self.folder.iterdir()} if self.folder.is_dir() else set()
                if any(not name.startswith(NEW) for name in held - {MARK, *ROOMS, SPEED}):
                    raise UsageError(f"{self.folder}: holds other files", "Name another folder with `cache:`")
                write_atomically(mark, _json({"schema": SCHEMA}))
            write_atomically(path, content)
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror}", "Name another folder with `cache:`") from None


def _state(folder: Path) -> list[list[Any]]:
    try:
        with os.scandir(folder) as entries:
            return sorted([entry.name, entry.stat().st_size, entry.stat().st_mtime_ns] for entry in entries)
    except OSError:
        return []


def _json(value: Record) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _read_json(path: Path) -> Record | None:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None
