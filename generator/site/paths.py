"""Paths that a manifest names: untrusted input, which must not lead out of the site's folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

MAX_PATH_BYTES, MAX_NAME_BYTES = 1024, 255
"""Of a whole path, and of one name in it."""

_CONTROL_CHARACTERS = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Control characters, line separators, and the marks that change the direction of text."""

_DRIVE = re.compile("[A-Za-z]:")


def path_fault(path: object) -> str | None:
    """Return what is wrong with a path of a site, None if it is below the site's folder and fit for any host."""
    if not isinstance(path, str):
        return "is no text"
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        return "is not Unicode"
    names = path.split("/")
    if _CONTROL_CHARACTERS.search(path) or "\\" in path:
        return "holds control characters or backslashes"
    if not path or path.startswith("/") or _DRIVE.match(path):
        return "is not relative"
    if {"", ".", ".."} & {*names}:
        return "is not a plain path below the site"
    if any(name.lower().rstrip(". ") == ".git" for name in names):
        return "is part of a git repository"
    if size > MAX_PATH_BYTES or any(len(name.encode()) > MAX_NAME_BYTES for name in names):
        return "is too long"
    return None


def is_inside(path: object) -> bool:
    """Tell whether a path of a site is below its folder and fit for any host."""
    return path_fault(path) is None


def link_in(folder: Path, path: str) -> str | None:
    """Return the first part of a path below a folder that is a symbolic link, None if there is none."""
    names = path.split("/")
    parts = ("/".join(names[:count]) for count in range(1, len(names) + 1))
    return next((part for part in parts if os.path.islink(f"{folder}/{part}")), None)  # noqa: PTH114
