"""A folder of blobs named by their digest, and of records named by the key of the task that made them.

    store.json                  marks the folder as a store
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

A record group holds the records of one subject (model, layer, technique, settings), in whichever batches it was made.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generator.digests import DIGEST
from generator.errors import GalleryError, UsageError
from generator.files import TEMPORARY_PREFIX, write_atomically
from generator.store.record_schema import is_sound

Record = dict[str, Any]
_REBUILD_HINT = "Run the build again; it will be made anew"

MARK, SPEED = "store.json", "speed.json"
SUBFOLDERS = ("objects", "records", "cards", "names", "tunings", "activities", "comparisons", "sheets", "sites")
SCHEMA = 1
MADE_BY = "filter-gallery"
_MARKS = ({"made_by": MADE_BY, "schema": SCHEMA}, {"schema": SCHEMA})
"""The content of store.json; the second is what earlier versions wrote."""

_OWN_FILES = (
    r"objects/([0-9a-f]{2})/\1[0-9a-f]{62}",
    rf"records/{DIGEST}/{DIGEST}\.json",
    rf"({'|'.join(SUBFOLDERS[2:])})/{DIGEST}\.json",
    rf"(.+/)?{re.escape(TEMPORARY_PREFIX)}[^/]*",
)
"""The paths of all files that a store writes besides store.json and speed.json."""


class Store:
    """The store in a folder, made when something is first written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._marked = False

    def put_blob(self, content: bytes) -> str:
        """Store some bytes; returns their digest, which is the blob's name."""
        digest = hashlib.sha256(content).hexdigest()
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
            content = path.read_bytes()
        except OSError as error:
            raise GalleryError(f"{path}: {error.strerror}", _REBUILD_HINT) from None
        if hashlib.sha256(content).hexdigest() != digest:
            path.unlink()
            raise GalleryError(f"{path}: was damaged and is removed", _REBUILD_HINT)
        return content

    def put_record(self, record_group: str, key: str, record: Record) -> None:
        """Store the result of a task; its blobs must have been put before."""
        self._write(self._record_path(record_group, key), _json(record))

    def record(self, record_group: str, key: str) -> Record | None:
        """Return a task's record, or None if it, or a blob that it names, is missing."""
        return self._complete(_read_json(self._record_path(record_group, key)))

    def record_group(self, record_group: str) -> Iterator[tuple[str, Record]]:
        """Yield key and record of everything complete in a record group, in the order of the keys."""
        for path in sorted((self.folder / "records" / record_group).glob("*.json")):
            record = self._complete(_read_json(path))
            if record is not None:
                yield path.stem, record

    def record_group_state(self, record_group: str) -> list[list[Any]]:
        """Return name, size and time of each record of a group, complete or not, in the order of their names."""
        return _state(self.folder / "records" / record_group)

    def comparisons_state(self) -> list[list[Any]]:
        """Return name, size and time of each comparison."""
        return _state(self.folder / "comparisons")

    def put_summary(self, digest: str, summary: Record) -> None:
        """Store the summary of a model."""
        self._write(self.folder / "cards" / f"{digest}.json", _json(summary))

    def summary(self, digest: str) -> Record | None:
        """Return the summary of a model, or None."""
        return _read_json(self.folder / "cards" / f"{digest}.json")

    def note_digest(self, name: str, digest: str) -> None:
        """Store which model had a name in a configuration."""
        self._write(self._name_path(name), _json({"name": name, "digest": digest}))

    def former_digest(self, name: str) -> str | None:
        """Return the digest of the model that last had a name, or None."""
        digest = (_read_json(self._name_path(name)) or {}).get("digest")
        return digest if isinstance(digest, str) else None

    def _name_path(self, name: str) -> Path:
        return self.folder / "names" / f"{hashlib.sha256(name.encode()).hexdigest()}.json"

    def put_tuning(self, digest: str, tuning: Record) -> None:
        """Store what was measured for a model, so that it is not measured again."""
        self._write(self.folder / "tunings" / f"{digest}.json", _json(tuning))

    def tuning(self, digest: str) -> Record | None:
        """Return what was measured for a model, or None."""
        return _read_json(self.folder / "tunings" / f"{digest}.json")

    def put_activity(self, digest: str, activity: Record) -> None:
        """Store the responses of a model's filters to some photos; the digest is of both."""
        self._write(self.folder / "activities" / f"{digest}.json", _json(activity))

    def activity(self, digest: str) -> Record | None:
        """Return the responses of a model's filters to some photos, or None."""
        return _read_json(self.folder / "activities" / f"{digest}.json")

    def put_comparison(self, digest: str, comparison: Record) -> None:
        """Store how much the weights of two models differ; the digest is of both."""
        self._write(self.folder / "comparisons" / f"{digest}.json", _json(comparison))

    def comparison(self, digest: str) -> Record | None:
        """Return how much the weights of two models differ, or None."""
        return _read_json(self.folder / "comparisons" / f"{digest}.json")

    def put_sheet(self, digest: str, blob: str) -> None:
        """Store which blob is the sheet of some thumbnails; the digest is of the pictures and of how it is made."""
        self._write(self.folder / "sheets" / f"{digest}.json", _json({"blob": blob}))

    def sheet(self, digest: str) -> str | None:
        """Return the blob that is the sheet of some thumbnails, or None if it was not made, or is gone."""
        blob = (_read_json(self.folder / "sheets" / f"{digest}.json") or {}).get("blob")
        return blob if isinstance(blob, str) and self.has_blob(blob) else None

    def note_site(self, folder: Path, made_of: Record) -> None:
        """Store what the site in a folder was made of."""
        self._write(self._site_path(folder), _json(made_of))

    def site(self, folder: Path) -> Record | None:
        """Return what the site in a folder was made of, or None."""
        return _read_json(self._site_path(folder))

    def _site_path(self, folder: Path) -> Path:
        return self.folder / "sites" / f"{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()}.json"

    def note_speed(self, machine: dict[str, float]) -> None:
        """Store how fast this machine was, for estimates only: nothing that is built depends on it."""
        self._write(self.folder / SPEED, _json(machine))

    def speed(self) -> dict[str, float]:
        """Return how fast this machine was."""
        return _read_json(self.folder / SPEED) or {}

    def remove(self) -> bool:
        """Delete the store's own files, and its folders as far as nothing else is in them.

        Links are not followed. Returns False if there is no store. Raises UsageError for a folder that is none, or
        if a file cannot be deleted.
        """
        if not self.folder.exists():
            return False
        if not self._is_marked():
            raise UsageError(f"{self.folder}: not a store of filter-gallery; nothing was removed")
        try:
            for path in (*self._own_files(), self.folder / SPEED, self.folder / MARK):  # the mark last: till then ours
                path.unlink(missing_ok=True)
        except OSError as error:
            hint = "Allow it, then run again" if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) else ""
            raise UsageError(f"cannot remove {error.filename}: {error.strerror}", hint) from None
        for folder in (*sorted((folder for folder, _ in self._contents()), reverse=True), self.folder):
            with contextlib.suppress(OSError):  # not empty: what is left is not ours
                folder.rmdir()
        return True

    def _contents(self) -> Iterator[tuple[Path, list[str]]]:
        """Yield the folders of the store, links aside, with the names of what is in them."""
        for subfolder in (self.folder / name for name in SUBFOLDERS):
            if not subfolder.is_symlink():
                yield from ((Path(folder), names) for folder, _, names in os.walk(subfolder))

    def _own_files(self) -> list[Path]:
        contents = (folder / name for folder, names in self._contents() for name in names)
        own = (path for path in (*contents, *self.folder.glob(f"{TEMPORARY_PREFIX}*")) if _is_own(self.folder, path))
        return [path for path in own if not path.is_symlink()]

    def _is_marked(self) -> bool:
        return _read_json(self.folder / MARK) in _MARKS

    def _record_path(self, record_group: str, key: str) -> Path:
        return self.folder / "records" / record_group / f"{key}.json"

    def _complete(self, record: Record | None) -> Record | None:
        return record if record and is_sound(record) and all(map(self.has_blob, record["blobs"])) else None

    def _write(self, path: Path, content: bytes) -> None:
        try:
            if not self._marked:
                if not self._is_marked():
                    self._check_free()
                    write_atomically(self.folder / MARK, _json(_MARKS[0]))
                self._marked = True
            write_atomically(path, content)
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror}", "Name another folder with `cache:`") from None

    def _check_free(self) -> None:
        """Raise UsageError if a folder that is no store yet holds anything but what one could begin with.

        Another build may be writing its first files at this moment, and a tuning may come from another machine.
        """
        for place, folders, names in os.walk(self.folder):
            linked = [name for name in folders if os.path.islink(f"{place}/{name}")]  # noqa: PTH114
            for name in sorted((*linked, *names)):
                path = Path(place, name)
                first = path.parent == self.folder and name == MARK and self._is_marked()  # written by now
                if not first and not (_is_own(self.folder, path) and not path.is_symlink()):
                    hint = "Name another folder with `cache:`"
                    raise UsageError(f"{self.folder}: holds files that are not a store's, such as {name}", hint)


def _is_own(folder: Path, path: Path) -> bool:
    inside = path.relative_to(folder).as_posix()
    return any(re.fullmatch(form, inside) for form in _OWN_FILES)


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
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
