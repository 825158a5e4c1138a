"""A folder of images; the first level of its subfolders, if there are any, are classes."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from generator.config.values import Dataset
from generator.dataset.images import UNLABELLED, DatasetError, Feed, ImageError, ImageSet, Problem, chosen
from generator.errors import printable, way_out
from generator.files import open_regular
from generator.imaging.decoding import cropped, decoded, photo_size, quietly, why

SUFFIXES = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".pbm"),
        *(".pnm", ".tga", ".jp2", ".j2k", ".avif", ".ico", ".dib", ".pcx", ".sgi"),
    }
)
"""The endings of names that are looked at; other files of a folder are passed over, and counted."""

MAX_BYTES = 2**29
"""Of a file: one that is larger is no photo."""

READERS = 4
"""Threads that read files, to name them by their content."""


@dataclass(frozen=True)
class _File:
    digest: str
    size: tuple[int, int]


def open_folder(dataset: Dataset) -> ImageSet:
    """Return the images of a folder, in the order of their names. Each is read once, to name it by its content.

    Raises DatasetError if the folder cannot be read.
    """
    folder = Path(dataset.source)
    try:
        names = sorted(_files(folder))
    except OSError as error:
        raise DatasetError(f"dataset {dataset.name}: {error.strerror}", way_out(error)) from None
    pictures = [name for name in names if Path(name).suffix.lower() in SUFFIXES]
    kept = [pictures[place] for place in chosen(pictures, dataset.limit, dataset.seed)]
    folders = sorted({name.split("/")[0] for name in pictures if "/" in name})
    if dataset.labels and len(dataset.labels) != len(folders):
        raise DatasetError(
            f"dataset {dataset.name}: {len(dataset.labels)} labels for {len(folders)} subfolders",
            "Name each, in the order of their names",
        )
    with quietly(), ThreadPoolExecutor(READERS) as pool:
        looked_at = list(pool.map(lambda name: _looked_at(folder, name), kept))
    found = [(name, file) for name, file in zip(kept, looked_at, strict=True) if isinstance(file, _File)]
    problems = [
        Problem(printable(name), file) for name, file in zip(kept, looked_at, strict=True) if isinstance(file, str)
    ]
    paths, files = [name for name, _ in found], [file for _, file in found]

    def read(place: int, feed: Feed) -> NDArray[Any]:
        return _read(folder, paths[place], files[place].digest, feed)

    return ImageSet(
        names=tuple(map(printable, paths)),
        labels=tuple(folders.index(name.split("/")[0]) if "/" in name else UNLABELLED for name in paths),
        classes=dataset.labels or tuple(map(printable, folders)),
        digests=tuple(file.digest for file in files),
        sizes=tuple(file.size for file in files),
        read=read,
        problems=tuple(problems),
        skipped=len(names) - len(pictures),
        total=len(pictures),
    ).without_repeated()


def _files(folder: Path) -> Iterator[str]:
    """Yield the paths, relative and with slashes, of a folder's files but for hidden ones. Links are followed."""
    os.scandir(folder).close()  # os.walk passes over what cannot be read; the folder itself must be readable
    seen: set[str] = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:  # a link to a folder around it
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if not name.startswith("."):
                yield Path(place, name).relative_to(folder).as_posix()


def _content(folder: Path, name: str) -> bytes:
    with open_regular(folder / name) as opened:
        content = opened.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ImageError(f"more than {MAX_BYTES >> 20} MB")
    return content


def _looked_at(folder: Path, name: str) -> _File | str:
    """Return a file's digest and the size of its picture, or why it has none."""
    try:
        content = _content(folder, name)
        return _File(hashlib.sha256(content).hexdigest(), photo_size(io.BytesIO(content)))
    except ImageError as error:
        return str(error)
    except Exception as error:  # Pillow's readers raise many kinds for damaged files
        return why(error)


def _read(folder: Path, name: str, digest: str, feed: Feed) -> NDArray[Any]:
    try:
        content = _content(folder, name)
        if hashlib.sha256(content).hexdigest() != digest:
            raise ImageError("changed while it was looked at")
        return cropped(decoded(io.BytesIO(content), feed.size), feed.size, feed.channels, feed.bands)
    except ImageError:
        raise
    except Exception as error:  # see above
        raise ImageError(why(error)) from None
