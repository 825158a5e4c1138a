"""What makes a site its owner's, held against the files that the configuration names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from generator import markdown
from generator.config.lines import Problem
from generator.config.pictures import inspect
from generator.config.schema import ConfigFile
from generator.config.values import Branding
from generator.errors import nearest

LOGO_MEGABYTES, PICTURE_MEGABYTES = 1, 10
"""Megabytes that a logo, and a picture in a text, can have: every page shows the one, one page the other."""


def check_branding(file: ConfigFile, folder: Path) -> Iterator[Problem]:
    """Yield what is wrong with the files that a branding needs; each place is a key, or a line of a key's text."""
    yield from (((key,), f"{key}: {problem}") for key, problem in _files(file, folder))
    for key, text in (("introduction", file.introduction), ("footer", file.footer)):
        for image in markdown.images(text):
            if (
                problem := _FOREIGN.format(image.address)
                if image.foreign
                else _picture(image.address, folder, PICTURE_MEGABYTES)
            ):
                yield (key, image.line), f"{key}: {problem}"


_FOREIGN = "picture {!r} is on another host, which pages do not ask for anything. Save it, and name the file"


def branding_of(file: ConfigFile, folder: Path) -> Branding:
    """Return the branding that a configuration describes."""
    given = {field.name: getattr(file, field.name) for field in fields(Branding) if hasattr(file, field.name)}
    paths = {name: folder / value for name, value in given.items() if isinstance(value, Path)}
    return Branding(**{**given, **paths, "folder": folder})


def _files(file: ConfigFile, folder: Path) -> Iterator[tuple[str, str]]:
    if file.logo and (problem := _picture(str(file.logo), folder, LOGO_MEGABYTES)):
        yield "logo", problem
    templates = str(file.templates) if file.templates else ""
    if templates and (kind := _kind(folder / templates)) != "folder":
        problem = f"{templates!r} is a file, not a folder" if kind else _missing("folder", templates, folder)
        yield "templates", problem


def _picture(address: str, folder: Path, megabytes: int) -> str:
    """Return what is wrong with a picture, or an empty string."""
    if (kind := _kind(folder / address)) != "file":
        return f"{address!r} is a folder, not a picture" if kind else _missing("file", address, folder)
    try:
        inspect(folder / address, megabytes)
    except ValueError as error:
        return f"{address!r} {error}"
    except OSError as error:
        return f"{address!r} cannot be read: {error.strerror}"
    return ""


def _kind(path: Path) -> str:
    """Return ``file``, ``folder``, or nothing if there is neither, or no file can have that name."""
    try:
        return "folder" if path.is_dir() else "file" if path.exists() else ""
    except (OSError, ValueError):
        return ""


def _missing(what: str, address: str, folder: Path) -> str:
    try:
        names = [path.name for path in (folder / address).parent.iterdir()]
    except (OSError, ValueError):
        names = []
    hint = nearest(Path(address).name, names)
    return f"no {what} {address!r} in {folder.resolve()}. {hint}".removesuffix(". ")
