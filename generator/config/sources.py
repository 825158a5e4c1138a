"""What a model's source is, and the files that a configuration names."""

from __future__ import annotations

from pathlib import Path

from generator.assets.catalogue import APPLICATIONS
from generator.config.schema import ModelPart
from generator.config.types.texts import is_import_path

BUNDLED = "bundled"
"""The dataset that the package ships; a folder of that name is ``./bundled``."""

MODEL_SUFFIXES = (".keras", ".h5", ".hdf5", ".json")


def looks_like_file(source: str) -> bool:
    """Tell whether a source that names nothing known was meant as a path."""
    return source.lower().endswith(MODEL_SUFFIXES) or "/" in source or "\\" in source


def source_kind(source: str, folder: Path) -> str | None:
    """Return the kind of a ``ModelEntry``, or None if a source names nothing that exists; a callable is only named."""
    if source == "demo":
        return "demo"
    if source in APPLICATIONS:
        return "application"
    path = path_below(folder, source)
    if is_file(path) or is_folder(path):  # what cannot be read to its end, such as a pipe, is neither
        return "architecture" if source.lower().endswith(".json") else "file"
    return "callable" if is_import_path(source) else None


def dataset_kind(source: str, folder: Path) -> str | None:
    """Return the kind of a ``Dataset``, or None if a source names nothing that exists; a callable is only named."""
    if source == BUNDLED:
        return "bundled"
    path = path_below(folder, source)
    if is_folder(path):
        return "folder"
    if is_file(path):
        return "arrays" if source.lower().endswith(".npz") else None
    return "callable" if is_import_path(source) else None


def path_below(folder: Path, text: str) -> Path:
    """Return the path that a text names, which starts at a folder unless it says otherwise."""
    try:
        return folder / Path(text).expanduser()
    except RuntimeError:  # ~someone, and there is no such user: a name like any other
        return folder / text


def is_file(path: Path) -> bool:
    """Tell whether there is such a file; a name that is too long, or a folder that is closed to us, has none."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Tell whether there is such a folder, as ``is_file`` does for files."""
    try:
        return path.is_dir()
    except OSError:
        return False


def name_of(model: ModelPart) -> str:
    """Return how a model is called: by its name, or else by its source."""
    if model.name:
        return model.name
    if model.source in APPLICATIONS:
        return model.source.lower()
    if is_import_path(model.source):
        return model.source.rpartition(":")[2].rpartition(".")[2]
    return Path(model.source).stem if looks_like_file(model.source) else model.source
