"""What a process of the tests of the lock does, as ``python -m tests.site.locking WHAT FOLDER ...``."""

from __future__ import annotations

import hashlib
import sys
import time
from pathlib import Path

from generator.site.built import open_site
from generator.site.lock import output_lock
from tests.pages.gallery import Gallery
from tests.summaries import conv, entry, summary


def gallery_in(folder: Path) -> Gallery:
    """Return the gallery that all processes write, each under titles of its own."""
    return Gallery(folder, [(entry(), summary(conv(1, "stem", 3, slug="001-stem"), conv(2, "top", 2, slug="002-top")))])


def faults(site: Path, title: str) -> list[str]:
    """Return the files of a site that are not as its manifest lists them, and the pages of another title."""
    files = open_site(site).manifest.files
    content = {file.path: (site / file.path).read_bytes() for file in files}
    wrong = [file.path for file in files if hashlib.sha256(content[file.path]).hexdigest() != file.digest]
    pages = [path for path in content if path.endswith("index.html") and title.encode() not in content[path]]
    return [*wrong, *pages]


def write(folder: Path, name: str, rounds: int) -> None:
    """Write the gallery again and again, each time under another title, and look at it before letting go of it."""
    gallery = gallery_in(folder)
    for place in range(rounds):
        gallery.title = f"{name}-{place}"
        with output_lock(gallery.site, wait=True):
            gallery.write()
            if wrong := faults(gallery.site, gallery.title):
                sys.exit(f"{gallery.title}: {wrong}")


def hold(folder: Path) -> None:
    """Hold the lock until killed."""
    with output_lock(folder, wait=True):
        print("held", flush=True)
        time.sleep(600)


if __name__ == "__main__":
    what, place, *values = sys.argv[1:]
    if what == "hold":
        hold(Path(place))
    else:
        write(Path(place), values[0], int(values[1]))
