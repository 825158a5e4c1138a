"""A store that was damaged, is read-only, or was left by a killed build: builds go on, and end in the same site."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator.files import TEMPORARY_PREFIX
from tests.cli.conftest import SETTINGS, Gallery
from tests.permissions import denied


def entries(gallery: Gallery, *subfolders: str) -> list[Path]:
    folder = gallery.folder / ".filter-gallery"
    found = [path for name in subfolders for path in sorted((folder / name).rglob("*.json"))]
    assert found
    return found


def flip(path: Path, seed: int) -> None:
    """Flip one bit of a file, of those that leave it readable as JSON if there are any near."""
    draw, content = random.Random(seed), bytearray(path.read_bytes())
    for _ in range(100):
        place, bit = draw.randrange(len(content)), draw.randrange(7)
        damaged = content.copy()
        damaged[place] ^= 1 << bit
        try:
            json.loads(damaged)
        except ValueError:
            continue
        path.write_bytes(damaged)
        return
    path.write_bytes(content[:-1])


@pytest.mark.case("bit-flips")
@pytest.mark.parametrize("subfolders", [("records", "cards", "names", "sheets"), ("tunings",)])
def test_flipped_bits_are_made_good(copied: Gallery, subfolders: tuple[str, ...]) -> None:
    site = copied.site()
    damaged = entries(copied, *subfolders)
    for number, path in enumerate(damaged):
        flip(path, number)
    before = {path: path.read_bytes() for path in damaged}
    done = copied.run("build")
    assert (done.status, done.errors) == (0, [])
    if subfolders != ("tunings",):  # what is measured on a busy machine can come out otherwise
        assert copied.site() == site
    assert [path for path in damaged if path.read_bytes() == before[path]] == []


def _without_a_key(entry: dict[str, Any]) -> None:
    del entry[max(entry, key=lambda key: len(str(entry[key])))]


def _null_for_a_list(entry: dict[str, Any]) -> None:
    entry[next(key for key, value in entry.items() if isinstance(value, list))] = None


def _number_for_a_text(entry: dict[str, Any]) -> None:
    entry[next(key for key, value in entry.items() if isinstance(value, str))] = 7


@pytest.mark.case("store-shapes")
@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize("change", [_without_a_key, _null_for_a_list, _number_for_a_text])
def test_entries_of_another_shape_are_made_again(
    copied: Gallery, change: Callable[[dict[str, Any]], None], sealed: bool
) -> None:
    site = copied.site()
    for path in entries(copied, "records", "cards"):
        entry = json.loads(path.read_bytes())
        digest = entry.pop("sha256")
        change(entry)
        path.write_text(json.dumps({"sha256": digest, **entry} if sealed else entry))
    done = copied.run("build")
    assert (done.status, done.errors) == (0, [])
    assert copied.site() == site


def test_a_store_of_an_earlier_version_is_used(copied: Gallery) -> None:
    """Its entries had no digests."""
    for path in entries(copied, "records", "cards", "tunings"):
        entry = json.loads(path.read_bytes())
        del entry["sha256"]
        path.write_text(json.dumps(entry, sort_keys=True, separators=(",", ":")))
    records = copied.records()
    done = copied.run("build")
    assert (done.status, done.errors) == (0, [])
    assert copied.records() == records


@pytest.mark.case("fifo")
def test_a_pipe_for_a_record_is_not_waited_for(copied: Gallery) -> None:
    site = copied.site()
    for name in ("records", "cards", "sites", "sheets"):
        path = entries(copied, name)[0]
        path.unlink()
        os.mkfifo(path)
    for name in ("speed.json", "store.json"):
        (copied.folder / ".filter-gallery" / name).unlink(missing_ok=True)
        os.mkfifo(copied.folder / ".filter-gallery" / name)
    done = copied.run("build")
    told = "Error: .filter-gallery/store.json: is not a file, and stands where a store is marked. Move it away"
    assert (done.status, done.errors) == (2, [told])
    (copied.folder / ".filter-gallery/store.json").unlink()
    (copied.folder / ".filter-gallery/speed.json").unlink()
    assert copied.run("build").status == 0
    assert copied.site() == site


@pytest.mark.case("store-leftover")
def test_what_a_killed_build_left_is_removed_by_the_next(copied: Gallery) -> None:
    for place in ("", "objects", "objects/ab", "records/x", "sheets"):
        (copied.folder / ".filter-gallery" / place).mkdir(parents=True, exist_ok=True)
        (copied.folder / ".filter-gallery" / place / f"{TEMPORARY_PREFIX}abc").write_bytes(b"half")
    assert copied.run("build").status == 0
    assert list(copied.folder.rglob(f"{TEMPORARY_PREFIX}*")) == []


@pytest.mark.case("cache-read-only")
@pytest.mark.parametrize("what", ["site gone", "site elsewhere", "as it was", "plan"])
def test_a_complete_store_may_be_read_only(copied: Gallery, what: str) -> None:
    site = copied.site()
    if what == "site gone":
        shutil.rmtree(copied.folder / "site")
    words = ["build", "-o", "other"] if what == "site elsewhere" else ["plan"] if what == "plan" else ["build"]
    with denied(copied.folder / ".filter-gallery"):
        done = copied.run(*words)
    assert (done.status, done.errors) == (0, [])
    if what == "site elsewhere":
        shutil.rmtree(copied.folder / "site")
        (copied.folder / "other").rename(copied.folder / "site")
    assert copied.site() == site


@pytest.mark.case("denied")
def test_a_read_only_store_that_is_not_complete_is_told_before_anything_is_rendered(
    copied: Gallery, models: Path
) -> None:
    copied.configure(models / "tiny.keras", more=SETTINGS.replace("steps: 4", "steps: 5"))
    with denied(copied.folder / ".filter-gallery"):
        done = copied.run("build")
    assert done.status == 2
    assert "cannot write .filter-gallery: Permission denied. Name another folder with `cache:`" in done.errors[0]
    assert len(done.errors) == 1
