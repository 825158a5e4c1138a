"""From the address that a browser requests to a file of the site, and to nothing else on the disk."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

INDEX, MISSING = "index.html", "404.html"

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".png": "image/png",
}
"""Listed here, as what ``mimetypes`` knows depends on the machine."""


@dataclass(frozen=True)
class Target:
    """What a request leads to: a file that is there, or an address to redirect to; neither if it is missing."""

    file: Path | None = None
    redirect: str = ""


class RefusedError(Exception):
    """A request that no page of a site makes."""


def find(root: Path, target: str) -> Target:
    """Return what a request's target leads to; ``root`` is the site's folder.

    Raises RefusedError for a target that would lead out of it: by ``..``, encoded or not, by backslashes,
    or by a symbolic link.
    """
    address, query = urlsplit(target).path, urlsplit(target).query
    if not target.startswith("/") or target.startswith("//"):
        raise RefusedError("the address is not a path")
    try:
        path = unquote(address, errors="strict")
    except UnicodeDecodeError:
        raise RefusedError("the address is not UTF-8") from None
    names = path[1:].split("/")
    if any(name in (".", "..") or {"\\", "\0", ":"} & {*name} for name in names) or "" in names[:-1]:
        raise RefusedError("the address leads out of the site")
    path_there = root.joinpath(*names)
    try:
        real = path_there.resolve()
        if not real.is_relative_to(root.resolve()):
            raise RefusedError("the address leads out of the site")
        if real.is_dir() and names[-1]:
            return Target(redirect=f"{address}/{'?' if query else ''}{query}")
        if not names[-1]:
            real = _inside(path_there / INDEX, root)
        return Target(real if real.is_file() else None)
    except (OSError, RuntimeError, ValueError):  # a name too long, a circle of links
        return Target()


def _inside(path: Path, root: Path) -> Path:
    real = path.resolve()
    if not real.is_relative_to(root.resolve()):
        raise RefusedError("the address leads out of the site")
    return real


def content_type(path: Path) -> str:
    """Return the content type that a file is sent with."""
    return TYPES.get(path.suffix.lower()) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def etag(path: Path) -> str:
    """Return a tag that changes when a file is written again."""
    stat = path.stat()
    return f'"{stat.st_mtime_ns:x}-{stat.st_size:x}-{stat.st_ino:x}"'


def with_script(page: bytes, tag: bytes) -> bytes:
    """Return a page with a script at its end."""
    end = page.lower().rfind(b"</body>")
    return page[:end] + tag + page[end:] if end >= 0 else page + tag
