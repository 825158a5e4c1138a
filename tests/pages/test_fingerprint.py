"""A site that nothing changed in is left alone without making a page; whatever changes is seen."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from generator.pages import site
from generator.pages.gather import model_view as real_view
from generator.plan import Choice, PhotoIdentity
from generator.site import folder
from tests.pages.gallery import Gallery, fill
from tests.summaries import conv, entry, summary


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    gallery = Gallery(
        tmp_path, [(entry(), summary(conv(1, "stem", 3, slug="001-stem"), conv(2, "top", 2, slug="002-top")))]
    )
    fill(gallery.store, gallery.tasks())
    gallery.write()
    return gallery


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the models whose views were made since."""
    viewed: list[str] = []
    model_view = real_view

    def counted(*values: object) -> object:
        viewed.append(values[0].name)  # type: ignore[attr-defined]
        return model_view(*values)  # type: ignore[arg-type]

    monkeypatch.setattr(site, "model_view", counted)
    return viewed


def test_nothing_is_made_when_nothing_changed(gallery: Gallery, rendered: list[str]) -> None:
    first = gallery.held()
    again = gallery.write()
    assert rendered == []
    assert (again.written, again.unchanged, again.deleted) == (0, len(first) - 1, 0)
    assert again.verdicts == {"converged": 5}
    assert gallery.held() == first


def _title(gallery: Gallery) -> None:
    gallery.title = "Another"


def _score(gallery: Gallery) -> None:
    fill(gallery.store, gallery.tasks()[-1:], score=2.5)


def _photo(gallery: Gallery) -> None:
    gallery.photos = [PhotoIdentity("dog", "1" * 64, (32, 32))]


def _page_gone(gallery: Gallery) -> None:
    (gallery.site / "net/001-stem/0001.html").unlink()


def _picture_cut(gallery: Gallery) -> None:
    path = gallery.site / "net/001-stem/0001-picture.webp"
    path.write_bytes(path.read_bytes()[:-1])


def _same_size(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])


def _page_of_the_same_size(gallery: Gallery) -> None:
    _same_size(gallery.site / "net/001-stem/0001.html")


def _picture_of_the_same_size(gallery: Gallery) -> None:
    _same_size(gallery.site / "net/001-stem/0001-picture.webp")


def _same_size_and_another_title(gallery: Gallery) -> None:
    _picture_of_the_same_size(gallery)
    _title(gallery)


def _same_size_and_the_store_forgot(gallery: Gallery) -> None:
    _page_of_the_same_size(gallery)
    _store_forgot(gallery)


def _page_is_a_link(gallery: Gallery) -> None:
    page = gallery.site / "net/001-stem/0001.html"
    page.rename(gallery.folder / "elsewhere.html")
    page.symlink_to(gallery.folder / "elsewhere.html")


def _manifest(gallery: Gallery) -> None:
    path = gallery.site / "manifest.json"
    path.write_text(path.read_text().replace('"title": "Gallery"', '"title": "Forged"'))


def _journal(gallery: Gallery) -> None:
    (gallery.site / ".building.json").write_text('{"files": []}')


def _store_forgot(gallery: Gallery) -> None:
    for path in (gallery.store.folder / "sites").iterdir():
        path.unlink()


@pytest.mark.case("site-same-size")
@pytest.mark.parametrize(
    ("change", "written"),
    [
        (_title, 14),
        (_score, 3),
        (_photo, 9),
        (_page_gone, 1),
        (_picture_cut, 1),
        (_page_of_the_same_size, 1),
        (_picture_of_the_same_size, 1),
        (_same_size_and_another_title, 15),
        (_same_size_and_the_store_forgot, 1),
        (_page_is_a_link, 1),
        (_manifest, 0),
        (_journal, 0),
        (_store_forgot, 0),
    ],
)
def test_a_change_is_seen(
    gallery: Gallery, rendered: list[str], change: Callable[[Gallery], None], written: int
) -> None:
    change(gallery)
    changes = gallery.write()
    assert rendered == ["net"]
    assert changes.written == written
    expected = gallery.held()
    fresh = Gallery(gallery.folder / "fresh", gallery.models, gallery.title, gallery.photos)
    fresh.store = gallery.store
    fresh.write()
    assert fresh.held() == expected
    rendered.clear()
    assert gallery.write().written == 0
    assert rendered == []


def test_files_with_other_times_are_read_once(
    gallery: Gallery, rendered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a checkout, or a copy that keeps no times."""
    read: list[str] = []
    has_digest = folder._has_digest

    def counted(target: Path, digests: Collection[str]) -> bool:
        read.append(target.name)
        return has_digest(target, digests)

    monkeypatch.setattr(folder, "_has_digest", counted)
    touched = [gallery.site / "index.html", gallery.site / "net/001-stem/0001.html"]
    for path in touched:
        os.utime(path, ns=(0, 10**18))
    first = (gallery.site / "manifest.json").read_bytes()
    assert [gallery.write().written, gallery.write().written] == [0, 0]
    assert (rendered, sorted(read)) == ([], ["0001.html", "index.html"])
    assert (gallery.site / "manifest.json").read_bytes() == first


@pytest.mark.parametrize(
    ("times", "pages"), [([], []), ([1], []), (None, ["net"]), ("x", ["net"]), ({}, ["net"]), ([None], ["net"])]
)
def test_a_note_without_sensible_times_costs_a_reading(
    gallery: Gallery, rendered: list[str], times: object, pages: list[str]
) -> None:
    """One of another shape is as if it were absent."""
    noted = gallery.store.site(gallery.site)
    assert noted
    gallery.store.note_site(gallery.site, {**noted, "times": times})
    assert (gallery.write().written, rendered) == (0, pages)
    assert gallery.store.site(gallery.site) == noted


def test_a_site_elsewhere_is_a_site_of_its_own(gallery: Gallery) -> None:
    other = Gallery(gallery.folder / "other", gallery.models)
    other.store = gallery.store
    assert other.write().written == gallery.write().unchanged


def test_what_was_asked_for_now_is_shown_though_the_site_is_as_it_was(gallery: Gallery, rendered: list[str]) -> None:
    fill(gallery.store, gallery.tasks(Choice(filters=(0,))), score=9.0)
    gallery.write(Choice(filters=(0,)))
    assert rendered == ["net"]
