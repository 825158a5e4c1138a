"""The GitHub workflow that builds and publishes a gallery, with the version of this package that is installed here."""

from __future__ import annotations

import json
import re
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from generator import assets

NAME = "filter-gallery"
_ADDRESS = re.compile(r"(https?|ssh)://[\w.~:/?#@!$&()*+,;=%-]+", re.ASCII)


def workflow(folder: Path) -> tuple[bytes, Path | None]:
    """Return the workflow for the repository in a folder.

    With it comes the local folder that this package was installed from, if it was: GitHub cannot install from there.
    """
    required, local = requirement(installed_from(), folder)
    return assets.pages_workflow().replace(b"pip install filter-gallery", f"pip install {required}".encode()), local


def installed_from() -> str:
    """Return pip's direct_url.json of this package (PEP 610); an empty text if it came from an index."""
    try:
        return Distribution.from_name(NAME).read_text("direct_url.json") or ""
    except PackageNotFoundError:
        return ""


def requirement(direct_url: str, folder: Path) -> tuple[str, Path | None]:
    """Return the requirement for pip at GitHub, and the local folder that GitHub cannot install from."""
    try:
        origin = json.loads(direct_url or "{}")
        address = str(origin.get("url", ""))
    except (ValueError, AttributeError):
        return NAME, None
    if address.startswith("file:"):
        source = Path(url2pathname(urlsplit(address).path))
        return (".", None) if source.is_dir() and source.resolve() == folder.resolve() else (NAME, source)
    vcs = origin.get("vcs_info") or {}
    if vcs:
        address = f"{address}@{vcs.get('commit_id', '')}"
    if not _ADDRESS.fullmatch(address):
        return NAME, None
    below = f"#subdirectory={origin['subdirectory']}" if origin.get("subdirectory") else ""
    return f"'{NAME} @ {vcs['vcs'] + '+' if vcs else ''}{address}{below}'", None
