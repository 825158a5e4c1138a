"""Import paths ``package.module:name``: their files found without running anything, their objects imported."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path

from generator.errors import ModelError, nearest, quoted, shortened
from generator.models.error_text import raised


def module_file(path: str, folder: str) -> Path | None:
    """Return the file of an import path's module, or None if Python's path has no such file.

    Nothing is imported, not even the packages around the module. ``folder`` is searched first.
    """
    files = _files(path.partition(":")[0], folder)
    return files[-1] if files else None


@contextlib.contextmanager
def folder_first(folder: str) -> Iterator[None]:
    """Put a folder first on ``sys.path`` while the block runs; whatever the block did to the path is undone."""
    path, before = sys.path, list(sys.path)
    sys.path.insert(0, str(Path(folder).resolve()))
    try:
        yield
    finally:
        path[:] = before
        sys.path = path


def import_object(path: str, folder: str) -> object:
    """Import a module, looked for in ``folder`` first, and return the object in it that ``path`` names.

    Raises ModelError if there is no such module or name, the module fails, or another module has its name.
    """
    module, _, name = path.partition(":")
    with folder_first(folder):
        value: object = _import(module, path, folder)
    at = module
    for part in name.split("."):
        if not hasattr(value, part):
            known = [other for other in dir(value) if not other.startswith("_")]
            raise ModelError(f"{shortened(path)}: no {quoted(part)} in {shortened(at)}", nearest(part, known))
        value, at = getattr(value, part), f"{at}.{part}"
    return value


def _import(module: str, path: str, folder: str) -> object:
    importlib.invalidate_caches()  # the file may be younger than what Python remembers of its folder
    files = _files(module, folder)
    _refuse_others(module, path, files)
    try:
        imported = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if not files and error.name and f"{module}.".startswith(f"{error.name}."):
            top = module.partition(".")[0]
            close = nearest(top, [info.name for info in pkgutil.iter_modules([folder])])
            hint = close or "Import paths start in the folder of config.yaml, then on Python's path"
            message = (
                f"{shortened(path)}: no module {quoted(error.name)} in {Path(folder).resolve()} or on Python's path"
            )
            raise ModelError(message, hint) from None
        raise ModelError(f"{shortened(path)}: importing {shortened(module)} raised {raised(error, folder)}") from error
    except (Exception, SystemExit) as error:  # it is the user's code: it may raise whatever it likes
        raise ModelError(f"{shortened(path)}: importing {shortened(module)} raised {raised(error, folder)}") from error
    _refuse_others(module, path, files)
    return imported


def _refuse_others(module: str, path: str, files: list[Path | None]) -> None:
    """Refuse a module, or a package around it, that Python has under this name from another place."""
    parts = module.split(".")
    for count, file in enumerate(files, start=1):
        name = ".".join(parts[:count])
        imported = sys.modules.get(name)
        if file is None or imported is None:
            continue
        origin = getattr(imported, "__file__", None)
        if origin is None or Path(origin).resolve() != file.resolve():
            where = f"imported from {origin}" if origin else "a part of Python"
            raise ModelError(f"{path}: {file} has the name of a module that is {where}", f"Rename {file.name}")


def _files(module: str, folder: str) -> list[Path | None]:
    """Return the files of a module and the packages around it, outermost first; empty if it is not on the path.

    None stands for a package without a file.
    """
    search: list[str] = [str(Path(folder).resolve()), *sys.path]
    files: list[Path | None] = []
    for name in module.split("."):
        # By its last name alone: by the whole one, Python would ask for the imported package around it.
        spec = PathFinder.find_spec(name, search)
        if spec is None:
            return []
        files.append(Path(spec.origin) if spec.origin and spec.has_location else None)
        search = list(spec.submodule_search_locations or [])
    return files
