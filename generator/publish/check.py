"""Checks of a site before it is published: each finding is one line and a hint."""

from __future__ import annotations

import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from generator.errors import GalleryError, way_out
from generator.numbers import MEGABYTE
from generator.publish import links
from generator.site.built import BUILD_HINT, BuiltSite
from generator.site.folder import ALLOWED_FILES
from generator.site.listing import JOURNAL, LOCK, MANIFEST


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes that a host accepts: ``site`` in total, ``file`` each. From ``warn`` on there is a warning.

    ``refuse``: whether a larger site is not published at all.
    """

    host: str
    warn: int
    site: int
    file: int
    refuse: bool = True


GITHUB_PAGES = Limits("GitHub Pages", 800 * MEGABYTE, 1000 * MEGABYTE, 100 * MEGABYTE)
"""docs.github.com, "GitHub Pages limits" and "About large files on GitHub"."""

GITHUB_PAGES_AS_WARNING = replace(GITHUB_PAGES, refuse=False)
"""Limits of other hosts differ: what GitHub would refuse is a warning."""


@dataclass(frozen=True)
class Finding:
    """A problem of a site; ``stops`` if it prevents publishing."""

    message: str
    hint: str
    stops: bool = False

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}"


def check_site(site: BuiltSite, limits: Limits) -> list[Finding]:
    """Return the problems of a site, those that prevent publishing first."""
    findings = [
        *_journal(site),
        *_changed(site),
        *_size(site, limits),
        *_links(site),
        *_unknown_files(site),
        *_names(site),
    ]
    return sorted(findings, key=lambda finding: not finding.stops)


def _sentence(paths: Sequence[str], singular: str, plural: str) -> str:
    """Return a sentence about a file, or about several of which the first is named."""
    return f"{paths[0]} {singular}" if len(paths) == 1 else f"{len(paths)} files {plural}, such as {paths[0]}"


def _journal(site: BuiltSite) -> Iterator[Finding]:
    if (site.folder / JOURNAL).exists():
        yield Finding(f"{site.folder}: a build was interrupted while it wrote the pages", BUILD_HINT, stops=True)


def _changed(site: BuiltSite) -> Iterator[Finding]:
    """Compare the folder with the manifest: every file is there, is a regular file, and is unchanged."""
    missing, linked, changed, unreadable = [], [], [], []
    refusal = OSError()
    for file in site.files:
        path = f"{site.folder}/{file.path}"
        try:
            state = os.lstat(path)  # called for tens of thousands of files
            if stat.S_ISLNK(state.st_mode):
                linked.append(file.path)
            elif not stat.S_ISREG(state.st_mode):
                missing.append(file.path)
            elif state.st_size != file.size or _digest(path) != file.digest:
                changed.append(file.path)
        except (FileNotFoundError, NotADirectoryError):
            missing.append(file.path)
        except OSError as error:
            unreadable.append(file.path)
            refusal = error
    if unreadable:
        what = f"cannot be read ({refusal.strerror})"
        yield Finding(_sentence(unreadable, what, what), way_out(refusal, BUILD_HINT), stops=True)
    if missing:
        yield Finding(_sentence(missing, "is missing", "are missing"), BUILD_HINT, stops=True)
    if linked:
        message = _sentence(linked, "is a symbolic link", "are symbolic links")
        yield Finding(message, f"Hosts do not serve links. Remove the link. {BUILD_HINT}", stops=True)
    if changed:
        message = _sentence(changed, "is not as the build wrote it", "are not as the build wrote them")
        yield Finding(message, f"Remove what was changed. {BUILD_HINT}", stops=True)


def _digest(path: str) -> str:
    with open(path, "rb") as opened:  # noqa: PTH123
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _size(site: BuiltSite, limits: Limits) -> Iterator[Finding]:
    smaller_hint = "Render fewer filters (`filters:`) or smaller pictures (`render.size`)"
    size, host = f"the site has {site.size / MEGABYTE:,.0f} MB", limits.host
    if site.size > limits.site:
        takes = f"{host} takes {limits.site / MEGABYTE:,.0f} MB"
        yield Finding(f"{size}; {takes}", smaller_hint, stops=limits.refuse)
    elif site.size >= limits.warn:
        yield Finding(f"{size}, near the {limits.site / MEGABYTE:,.0f} MB that {host} takes", smaller_hint)
    large = [file.path for file in site.files if file.size > limits.file]
    if large:
        over = f"larger than the {limits.file / MEGABYTE:,.0f} MB that GitHub takes"
        hint = f"{smaller_hint}; another file of `static/` has to be hosted elsewhere"
        yield Finding(_sentence(large, f"is {over}", f"are {over}"), hint, stops=limits.refuse)


_LINK_FAULTS = {
    links.MISSING_FILE: (
        "leads to {0}, which is no file of the site",
        "Correct it in `introduction`, `footer` or `templates`",
    ),
    links.OUTSIDE_SITE: ("leads out of the site, to {0}, which was not checked", "Check it yourself"),
    links.ROOTED: ("leads to {0}: broken unless the site is at the root of its host", "Use a relative address"),
    links.FOREIGN: (
        "loads {0} from another host: it is not there offline",
        "Copy it into `static/` of your templates folder",
    ),
}


def _links(site: BuiltSite) -> Iterator[Finding]:
    files = frozenset(site.by_path)
    occurrences: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in site.by_path:
        if not path.endswith((".html", ".css")):
            continue
        try:
            text = site.text(path)
        except (GalleryError, ValueError):
            continue  # missing or changed, which is a finding already
        if path.endswith(".css"):
            targets = {("style", address) for address in links.style_links(text)}
        else:
            targets = links.page_links(text)
        for fault, address in links.link_faults(path, targets, files):
            occurrences[fault].append((path, address))
    for fault, (message, hint) in _LINK_FAULTS.items():
        if places := occurrences[fault]:
            path, address = places[0]
            more = len({where for where, _ in places}) - 1
            also = f" (and {more} more pages)" if more else ""
            yield Finding(f"{path} {message.format(repr(address))}{also}", hint, stops=fault == links.MISSING_FILE)


def _unknown_files(site: BuiltSite) -> Iterator[Finding]:
    known = {*site.by_path, *ALLOWED_FILES, JOURNAL, LOCK, MANIFEST}
    unknown = []
    for place, folders, names in os.walk(site.folder):
        relative = Path(place).relative_to(site.folder).as_posix()
        prefix = "" if relative == "." else f"{relative}/"
        linked = [name for name in folders if os.path.islink(f"{place}/{name}")]  # noqa: PTH114
        unknown += [prefix + name for name in (*linked, *names) if prefix + name not in known]
    if unknown:
        message = _sentence(sorted(unknown), "was not written by the build", "were not written by the build")
        yield Finding(message, "Not published; remove what you do not need")


def _names(site: BuiltSite) -> Iterator[Finding]:
    underscored = [path for path in site.by_path if any(part.startswith("_") for part in path.split("/"))]
    if underscored:
        message = _sentence(underscored, "begins with an underscore", "have a name that begins with an underscore")
        yield Finding(message, "Some hosts leave such files out; rename them in `static/` of your templates folder")
