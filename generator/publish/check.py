"""What is wrong with a site before it goes out: each finding one line, with the way out."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from generator.publish import links
from generator.site.built import BUILD_HINT, BuiltSite
from generator.site.folder import ALLOWED_FILES
from generator.site.listing import JOURNAL, MANIFEST

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Limits:
    """Bytes that a host takes: of the whole site, and of a file. ``warn`` is where it gets narrow."""

    host: str
    warn: int
    whole: int
    file: int
    refuse: bool = True


GITHUB_PAGES = Limits("GitHub Pages", 800 * MEGABYTE, 1000 * MEGABYTE, 100 * MEGABYTE)
"""docs.github.com, "GitHub Pages limits" and "About large files on GitHub"."""

OTHER_HOSTS = Limits("GitHub Pages", 800 * MEGABYTE, 1000 * MEGABYTE, 100 * MEGABYTE, refuse=False)
"""Other hosts take more, or less: what GitHub would refuse is told."""


@dataclass(frozen=True)
class Finding:
    """Something about a site that its owner should know; ``stops`` if it cannot be published like that."""

    message: str
    hint: str
    stops: bool = False

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}"


def check_site(site: BuiltSite, limits: Limits) -> list[Finding]:
    """Return what was found: those that stop a publication first."""
    found = [*_journal(site), *_changed(site), *_size(site, limits), *_links(site), *_leftovers(site), *_names(site)]
    return sorted(found, key=lambda finding: not finding.stops)


def _several(paths: Sequence[str], one: str, many: str) -> str:
    """Return a sentence about a file, or about several of which the first is named."""
    return f"{paths[0]} {one}" if len(paths) == 1 else f"{len(paths)} files {many}, such as {paths[0]}"


def _journal(site: BuiltSite) -> Iterator[Finding]:
    if (site.folder / JOURNAL).exists():
        yield Finding(f"{site.folder}: a build was interrupted while it wrote the pages", BUILD_HINT, stops=True)


def _changed(site: BuiltSite) -> Iterator[Finding]:
    """Hold the folder against the manifest: every file there, a file itself, and as it was written."""
    missing, linked, changed = [], [], []
    for file in site.files:
        path = f"{site.folder}/{file.path}"
        if os.path.islink(path):  # noqa: PTH114 (asked for tens of thousands of files)
            linked.append(file.path)
        elif not os.path.isfile(path):  # noqa: PTH113
            missing.append(file.path)
        elif os.stat(path).st_size != file.size or _digest(path) != file.digest:  # noqa: PTH116
            changed.append(file.path)
    if missing:
        yield Finding(_several(missing, "is missing", "are missing"), BUILD_HINT, stops=True)
    if linked:
        what = _several(linked, "is a symbolic link", "are symbolic links")
        yield Finding(what, f"Hosts show none. Remove what is linked. {BUILD_HINT}", stops=True)
    if changed:
        what = _several(changed, "is not as the build wrote it", "are not as the build wrote them")
        yield Finding(what, f"Remove what was changed. {BUILD_HINT}", stops=True)


def _digest(path: str) -> str:
    with open(path, "rb") as opened:  # noqa: PTH123
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _size(site: BuiltSite, limits: Limits) -> Iterator[Finding]:
    smaller = "Render fewer filters (`filters:`) or smaller pictures (`render.size`)"
    size, host = f"the site has {site.size / MEGABYTE:,.0f} MB", limits.host
    if site.size > limits.whole:
        takes = f"{host} takes {limits.whole / MEGABYTE:,.0f} MB"
        yield Finding(f"{size}; {takes}", smaller, stops=limits.refuse)
    elif site.size >= limits.warn:
        yield Finding(f"{size}, near the {limits.whole / MEGABYTE:,.0f} MB that {host} takes", smaller)
    large = [file.path for file in site.files if file.size > limits.file]
    if large:
        over = f"larger than the {limits.file / MEGABYTE:,.0f} MB that GitHub takes"
        hint = f"{smaller}; another file of `static/` has to go elsewhere"
        yield Finding(_several(large, f"is {over}", f"are {over}"), hint, stops=limits.refuse)


_LINKS = {
    links.MISSING_FILE: (
        "leads to {0}, which is no file of the site",
        "Mend it in `introduction`, `footer` or `templates`",
    ),
    links.OUTSIDE_SITE: ("leads out of the site, to {0}: it is not known whether that is there", "Look at it there"),
    links.ROOTED: ("leads to {0}: only right if the site is not below a path", "Use a relative address"),
    links.FOREIGN: ("loads {0} from another host: it is not there offline", "Copy it into `templates/static/`"),
}


def _links(site: BuiltSite) -> Iterator[Finding]:
    files = frozenset(site.by_path)
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in site.by_path:
        if not path.endswith((".html", ".css")):
            continue
        try:
            text = (site.folder / path).read_text(encoding="utf-8")
        except (OSError, ValueError):
            continue  # missing or changed, which is told already
        if path.endswith(".css"):
            named = {("style", address) for address in links.style_links(text)}
        else:
            named = links.page_links(text)
        for fault, address in links.link_faults(path, named, files):
            found[fault].append((path, address))
    for fault, (what, hint) in _LINKS.items():
        if places := found[fault]:
            path, address = places[0]
            more = len({where for where, _ in places}) - 1
            also = f" (and {more} more pages)" if more else ""
            yield Finding(f"{path} {what.format(repr(address))}{also}", hint, stops=fault == links.MISSING_FILE)


def _leftovers(site: BuiltSite) -> Iterator[Finding]:
    known = {*site.by_path, *ALLOWED_FILES, JOURNAL, MANIFEST}
    left = []
    for place, folders, names in os.walk(site.folder):
        inside = Path(place).relative_to(site.folder).as_posix()
        within = "" if inside == "." else f"{inside}/"
        linked = [name for name in folders if os.path.islink(f"{place}/{name}")]  # noqa: PTH114
        left += [within + name for name in (*linked, *names) if within + name not in known]
    if left:
        what = _several(sorted(left), "was not written by the build", "were not written by the build")
        yield Finding(what, "Not published; remove what you do not need")


def _names(site: BuiltSite) -> Iterator[Finding]:
    hidden = [path for path in site.by_path if any(part.startswith("_") for part in path.split("/"))]
    if hidden:
        what = _several(hidden, "begins with an underscore", "have a name that begins with an underscore")
        yield Finding(what, "Some hosts leave such files out; rename them in `templates/static/`")
