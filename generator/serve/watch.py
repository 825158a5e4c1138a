"""What a site is made of, on disk, and whether any of it changed.

Times of change are asked for a few times a second. There are some dozens of files, so that costs next to nothing (40 ms
of processor time in 30 s of idling), and it works everywhere: network drives, containers, and the folders of another
system tell of no changes by themselves.

watchfiles was measured in its place: it costs as much (40 ms, 658 wakings instead of 210) and tells of a change as soon
(289 ms instead of 305, since a file has to be at rest). It refuses paths that are not there yet, and system
events say nothing of the target of a link, nor of a folder that was removed and made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from generator import markdown
from generator.config import Config, ModelEntry
from generator.config.values import Dataset
from generator.errors import ConfigError, GalleryError
from generator.models.importing import module_file
from generator.pages.templating import files_below

Stamps = Mapping[Path, tuple[int, int, int] | None]
"""Of each file when it was changed, its size, and which file it is; None if there is none."""


@dataclass(frozen=True)
class Reading:
    """A configuration as it was read, or what is wrong with it, and the files that it was read with."""

    config: Config | None
    problems: tuple[str, ...]
    stamps: Stamps

    def changed(self, file: Path) -> tuple[Path, ...]:
        """Return the files that are not any more as they were; ``file`` is the configuration's."""
        now = stamps(file, self.config)
        return tuple(path for path in sorted({*now, *self.stamps}) if now.get(path) != self.stamps.get(path))


def read(file: Path, load: Callable[[], Config]) -> Reading:
    """Read the configuration; what changes while it is read counts as changed afterwards."""
    before = stamps(file, None)
    try:
        config = load()
    except GalleryError as error:
        return Reading(None, problems_of(error), before)
    return Reading(config, (), {**stamps(file, config), **before})


def problems_of(error: GalleryError) -> tuple[str, ...]:
    """Return the problems of an error, a line each."""
    return error.problems if isinstance(error, ConfigError) else (str(error),)


def stamps(file: Path, config: Config | None) -> Stamps:
    """Return the stamps of the configuration's file and of all that the configuration names."""
    return {path: _stamp(path) for path in (file, *(files_of(config) if config else ()))}


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except (OSError, ValueError):
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def files_of(config: Config) -> Iterator[Path]:
    """Yield what a configuration names: photos, models with their weights and code, datasets, and what pages show."""
    yield from (photo.path for photo in config.photos)
    for entry in config.models:
        yield from _files_of_model(entry)
    yield from _files_of_datasets({entry.dataset for entry in config.models if entry.dataset})
    branding = config.branding
    if branding.logo:
        yield branding.logo
    yield from (
        branding.folder / image.address for text in (branding.introduction, branding.footer) for image in _images(text)
    )
    if branding.templates:
        yield from (branding.templates / name for name in files_below(branding.templates))


def _images(text: str) -> Iterable[markdown.Image]:
    return (image for image in markdown.images(text) if not image.foreign)


def _files_of_model(entry: ModelEntry) -> Iterator[Path]:
    if entry.kind in ("file", "architecture"):
        yield Path(entry.source)
    if entry.weights not in ("", "imagenet", "random"):
        yield Path(entry.weights)
    imported = [path for _, path in entry.custom_objects]
    for path in (*imported, *([entry.source] if entry.kind == "callable" else [])):
        module = module_file(path, entry.folder)
        if module:
            yield module


def _files_of_datasets(datasets: Iterable[Dataset]) -> Iterator[Path]:
    """Yield the file of each dataset, or its folder and the folders of its classes.

    A folder's time tells that an image came or went, without a look at thousands of them several times a second. It
    does not tell that one was overwritten in place.
    """
    for dataset in datasets:
        path = Path(dataset.source)
        if dataset.kind == "arrays":
            yield path
        elif dataset.kind == "callable":
            module = module_file(dataset.source, dataset.folder)
            if module:
                yield module
        elif dataset.kind == "folder":
            yield path
            stamp = _stamp(path)
            yield from _subfolders(path, stamp[0]) if stamp else ()


@lru_cache(maxsize=64)
def _subfolders(folder: Path, changed: int) -> tuple[Path, ...]:
    """Return the folders in a folder, as of the time when it was changed."""
    try:
        return tuple(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:
        return ()
