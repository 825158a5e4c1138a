"""What makes a site its owner's, held against the files that the configuration names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import partial
from pathlib import Path

from generator import markdown
from generator.config.lines import Problem
from generator.config.pictures import inspect
from generator.config.schema import ConfigFile
from generator.config.values import Branding
from generator.errors import nearest, quoted, way_out

LOGO_MEGABYTES, PICTURE_MEGABYTES = 1, 10
"""Megabytes that a logo, and a picture in a text, can have: every page shows the one, one page the other."""


def check_branding(file: ConfigFile, folder: Path) -> Iterator[Problem]:
    """Yield what is wrong with the files that a branding needs; each place is a key, or a line of a key's text."""
    for key, (problem, hint) in _files(file, folder):
        yield Problem((key,), f"{key}: {problem}", hint)
    looked_at: dict[str, Fault | None] = {}  # a text may show a picture, or ask for one that is not there, many times
    for key, text in (("introduction", file.introduction), ("footer", file.footer)):
        for image in markdown.images(text):
            if image.address not in looked_at:
                foreign = (_FOREIGN.format(quoted(image.address)), str) if image.foreign else None
                looked_at[image.address] = foreign or _picture(image.address, folder, PICTURE_MEGABYTES)
            if fault := looked_at[image.address]:
                yield Problem((key, image.line), f"{key}: {fault[0]}", fault[1])


Fault = tuple[str, Callable[[], str]]
"""What is wrong with a file, and what gives the end of the message."""
_FOREIGN = "picture {} is on another host, which pages do not ask for anything. Save it, and name the file"


def branding_of(file: ConfigFile, folder: Path) -> Branding:
    """Return the branding that a configuration describes."""
    given = {field.name: getattr(file, field.name) for field in fields(Branding) if hasattr(file, field.name)}
    paths = {name: folder / value for name, value in given.items() if isinstance(value, Path)}
    return Branding(**{**given, **paths, "folder": folder})


def _files(file: ConfigFile, folder: Path) -> Iterator[tuple[str, Fault]]:
    if file.logo and (fault := _picture(str(file.logo), folder, LOGO_MEGABYTES)):
        yield "logo", fault
    templates = str(file.templates) if file.templates else ""
    if templates and (kind := _kind(folder / templates)) != "folder":
        is_other = (f"{quoted(templates)} is a {kind}, not a folder", str)
        yield "templates", is_other if kind else _missing("folder", templates, folder)


def _picture(address: str, folder: Path, megabytes: int) -> Fault | None:
    """Return what is wrong with a picture, or None."""
    if (kind := _kind(folder / address)) != "file":
        is_other = (f"{quoted(address)} is a {kind}, not a picture", str)
        return is_other if kind else _missing("file", address, folder)
    try:
        inspect(folder / address, megabytes)
    except ValueError as error:
        return f"{quoted(address)} {error}", str
    except OSError as error:
        return f"{quoted(address)} cannot be read: {error.strerror}. {way_out(error)}".removesuffix(". "), str
    return None


def _kind(path: Path) -> str:
    """Return ``file``, ``folder``, what else it is, or nothing if there is none, or no file can have that name."""
    try:
        if path.is_dir():
            return "folder"
        return "file" if path.is_file() else "pipe or a device" if path.exists() else ""
    except (OSError, ValueError):
        return ""


def _missing(what: str, address: str, folder: Path) -> Fault:
    return f"no {what} {quoted(address)} in {folder.resolve()}", partial(_neighbour, address, folder)


def _neighbour(address: str, folder: Path) -> str:
    try:
        names = [path.name for path in (folder / address).parent.iterdir()]
    except (OSError, ValueError):
        names = []
    hint = nearest(Path(address).name, names)
    return hint and f". {hint}"
