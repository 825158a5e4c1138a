"""The time that pages take: a site of VGG16 with all its filters, from a store that has everything."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.synthetic import files, gathered
from generator.pages.site import write_site

TITLE = "The pages of VGG16"
TEXT = (
    "All 4,224 filters, one photo, pages alone, from a synthetic store (`benchmarks/synthetic.py`: textures of the "
    "size and about the weight of real pictures). Beside it, what it takes to read the finished site's files and "
    "write them to another folder, one by one: the least that a cold build could cost. The best of 3."
)
HEAD = (
    "| what | files written | seconds | times the copy |",
    "| --- | --- | --- | --- |",
)
ROUNDS = 3


def rows() -> Iterator[str]:
    """Yield the table's rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config, models, store = gathered(folder)
        site = folder / "site"

        def build(title: str = "Gallery") -> int:
            return write_site(replace(config, title=title), models, store).written

        def delete_site() -> None:
            shutil.rmtree(site, ignore_errors=True)

        first = timed(build)
        measured = {"first, with all thumbnails to make": first}
        measured["cold, thumbnails made before"] = min(timed(build, delete_site) for _ in range(ROUNDS))
        copied = min(timed(lambda: copy(site, folder / "copy"), lambda: delete(folder / "copy")) for _ in range(ROUNDS))
        titles = iter("ABC")
        measured["another title"] = min(timed(lambda: build(next(titles))) for _ in range(ROUNDS))
        build()
        measured["nothing changed"] = min(timed(build) for _ in range(ROUNDS))
        measured["a copy of the site"] = copied
        for label, (seconds, written) in measured.items():
            yield f"| {label} | {written:,} | {seconds:.2f} | {seconds / copied[0]:.2f} |"


def timed(work: Callable[[], int], before: Callable[[], None] = lambda: None) -> tuple[float, int]:
    """Return seconds and how many files were written."""
    before()
    begun = time.perf_counter()
    written = work()
    return time.perf_counter() - begun, written


def copy(site: Path, folder: Path) -> int:
    """Write every file of a site to another folder, as it is."""
    count = 0
    for path in files(site):
        target = folder / path.relative_to(site)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
        count += 1
    return count


def delete(folder: Path) -> None:
    """Delete a folder, if it is there."""
    shutil.rmtree(folder, ignore_errors=True)
