"""What is found before a site goes out."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from generator.errors import GalleryError, UsageError
from generator.numbers import MEGABYTE
from generator.publish import GITHUB_PAGES, GITHUB_PAGES_AS_WARNING, BuiltSite, check_site, open_site
from generator.site.records import SiteFile
from tests.publish.conftest import relisted


def findings_of(site: BuiltSite) -> list[tuple[bool, str]]:
    return [(finding.stops, finding.message) for finding in check_site(site, GITHUB_PAGES)]


def test_a_fresh_site_is_whole(kept: BuiltSite) -> None:
    assert findings_of(kept) == []


def link(folder: Path) -> None:
    (folder / "net/photo-0.webp").rename(folder.parent / "photo.webp")
    (folder / "net/photo-0.webp").symlink_to(folder.parent / "photo.webp")


@pytest.mark.parametrize(
    ("do", "stops", "message"),
    [
        (lambda site: (site / "net/photo-0.webp").unlink(), True, "net/photo-0.webp is missing"),
        (lambda site: (site / "reading.html").write_text("x"), True, "reading.html is not as the build wrote it"),
        (lambda site: (site / ".building.json").write_text("{}"), True, "a build was interrupted"),
        (link, True, "net/photo-0.webp is a symbolic link"),
        (lambda site: (site / "notes.txt").write_text("x"), False, "notes.txt was not written by the build"),
        (lambda site: (site / "all").symlink_to(site / "net"), False, "all was not written by the build"),
    ],
)
def test_the_folder_is_held_against_the_manifest(
    do: Callable[[Path], object], stops: bool, message: str, site: BuiltSite
) -> None:
    do(site.folder)
    ((stopped, text),) = findings_of(site)
    assert stopped == stops
    assert message in text


def test_a_change_that_keeps_the_size_is_seen(site: BuiltSite) -> None:
    page = site.folder / "reading.html"
    page.write_bytes(page.read_bytes().replace(b"picture", b"pasture", 1))
    assert findings_of(site) == [(True, "reading.html is not as the build wrote it")]
    with pytest.raises(GalleryError, match="is not what the build wrote"):
        site.read("reading.html")


def test_a_page_that_grew_is_not_read(site: BuiltSite) -> None:
    os.truncate(site.folder / "reading.html", 300_000_000)
    tracemalloc.start()
    assert findings_of(site) == [(True, "reading.html is not as the build wrote it")]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000_000


def test_several_files_are_told_in_one_line(site: BuiltSite) -> None:
    for page in ("index.html", "reading.html", "404.html"):
        (site.folder / page).unlink()
    assert findings_of(site) == [(True, "3 files are missing, such as 404.html")]


@pytest.mark.parametrize(
    ("body", "stops", "message"),
    [
        (b'<a href="gone.html">', True, "reading.html leads to 'gone.html', which is no file of the site"),
        (b'<a href="/gallery/">', False, "reading.html leads to '/gallery/': broken unless"),
        (b'<a href="../docs/">', False, "reading.html leads out of the site, to '../docs/'"),
        (b'<script src="https://x.org/a.js"></script>', False, "reading.html loads 'https://x.org/a.js' from another"),
    ],
)
def test_links_of_the_owner_are_followed(body: bytes, stops: bool, message: str, site: BuiltSite) -> None:
    changed = relisted(site, lambda files: files.update({"reading.html": body}))
    ((stopped, text),) = findings_of(changed)
    assert stopped == stops
    assert text.startswith(message)


def test_style_sheets_are_followed(site: BuiltSite) -> None:
    changed = relisted(site, lambda files: files.update({"assets/own.css": b"p{background:url(gone.png)}"}))
    assert findings_of(changed) == [(True, "assets/own.css leads to 'gone.png', which is no file of the site")]


def test_underscores_are_told(site: BuiltSite) -> None:
    changed = relisted(site, lambda files: files.update({"assets/_fonts/a.txt": b""}))
    assert findings_of(changed) == [(False, "assets/_fonts/a.txt begins with an underscore")]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([79] * 10, []),
        ([50] * 16, [(False, "the site has 800 MB, near the 1,000 MB that GitHub Pages takes")]),
        ([50] * 20, [(False, "the site has 1,000 MB, near the 1,000 MB that GitHub Pages takes")]),
        ([50] * 21, [(True, "the site has 1,050 MB; GitHub Pages takes 1,000 MB")]),
        ([101], [(True, "0.bin is larger than the 100 MB that GitHub takes")]),
    ],
)
def test_size(sizes: list[int], expected: list[tuple[bool, str]], kept: BuiltSite) -> None:
    from generator.publish.check import _size

    files = tuple(
        SiteFile(path=f"{number}.bin", size=size * MEGABYTE, digest="0" * 64) for number, size in enumerate(sizes)
    )
    large = replace(kept, files=files)
    assert [(f.stops, f.message) for f in _size(large, GITHUB_PAGES)] == expected
    assert not any(f.stops for f in _size(large, GITHUB_PAGES_AS_WARNING))


MARK = '{"schema": 2, "made_by": "filter-gallery", "generator": "0", "title": "", "models": [], '


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "holds no site of filter-gallery"),
        ("{", "is no JSON"),
        ("[]", "is not of filter-gallery"),
        (
            MARK + '"files": [{"path": "../x", "size": 1, "digest": ""}]}',
            "is damaged at files.0",
        ),
        (
            MARK + '"files": [{"path": "a\\nb", "size": 1, "digest": ""}]}',
            "is damaged at files.0",
        ),
        (
            MARK + '"files": [{"path": "x"}]}',
            "is damaged at files.0",
        ),
    ],
)
def test_what_is_no_site(content: str | None, message: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(UsageError, match=message):
        open_site(tmp_path)
