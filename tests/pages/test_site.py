from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from generator.config import LayerRule
from generator.errors import GalleryError
from generator.pages.templating import environment
from generator.plan import FEATURE_MAP, Choice, PhotoIdentity
from tests.pages.gallery import Gallery, Page, fill, picture_file, resolved
from tests.pages.hostile import HOSTILE, SCRIPT
from tests.summaries import conv, entry, summary


def test_names_are_shown_as_they_are_and_never_become_markup(strange: Gallery, strange_pages: dict[str, Page]) -> None:
    inline, pages = {"404.html": 1}, strange_pages
    drawn = {model["page"] for model in strange.manifest["models"]}
    for path, page in pages.items():
        assert not [a for _, a in page.elements if any(name.startswith("on") for name in a)], path
        assert not [a for a in page.all("img") if a["src"] == "x"], path
        scripts = [a.get("src") for a in page.all("script")]
        data = page.all("script", type="application/json", id="layer")
        assert len(scripts) == (2 if path.endswith("/embed.html") else 1 + len(data)), path
        assert scripts.count(None) == inline.get(path, len(data)), path
        if path not in drawn:  # the figures of an architecture have titles of their own
            assert page.all("title") == [{}], path
        assert SCRIPT in page.text, path
    for model in strange.manifest["models"]:
        assert [name for name in HOSTILE if name not in pages[model["page"]].text] == []


@pytest.mark.case("terminal-escapes")
def test_control_characters_of_names_are_shown_escaped(tmp_path: Path) -> None:
    layers = [conv(1, "a\x1b[31m\0b\x9b\x07", 2, slug="001-a")]
    gallery = Gallery(tmp_path, [(entry("n\x1bet"), summary(*layers))], title="T\x1b[1m\0 \u200fא")
    fill(gallery.store, gallery.tasks())
    gallery.write()
    for path, content in gallery.held().items():
        if path.endswith((".html", ".js", ".css")):
            assert not {*"\0\x07\x1b\x9b"} & {*content.decode()}, path
    (text,) = (page.text for path, page in gallery.pages().items() if path.endswith("/001-a/index.html"))
    assert r"a\x1b[31m\x00b\x9b\x07" in text
    assert "T\\x1b[1m\\x00 \u200fא" in text  # marks of direction belong to texts


def test_no_path_leaves_the_folder(strange: Gallery) -> None:
    assert sorted(path.name for path in strange.folder.iterdir()) == ["site", "store"]
    for file in strange.manifest["files"]:
        assert all((part and part == part.strip(".\\ ")) or part == ".nojekyll" for part in file["path"].split("/"))
        assert (strange.site / file["path"]).resolve().is_relative_to(strange.site.resolve())


def test_every_address_in_every_page_leads_to_a_file_of_the_site(
    strange: Gallery, strange_pages: dict[str, Page]
) -> None:
    listed = {file["path"] for file in strange.manifest["files"]}
    pages = strange_pages
    assert len(pages) == 3 + len(HOSTILE) * (2 + len(HOSTILE) * (2 + 2)) + len([p for p in pages if "compare/" in p])
    reached = {"index.html", "404.html", "manifest.schema.json", ".nojekyll"}
    for path, page in pages.items():
        reached |= read_by_scripts(path, page)
        for tag, address in page.links():
            target = resolved(path, address)
            if target is None:
                assert address.startswith(("#", "data:")) or (tag == "a" and address.startswith("https://")), address
            elif (path, target) != ("404.html", "/"):
                assert target in listed, f"{path}: {address}"
                reached.add(target)
    assert reached - listed == set()
    unread = {path for path in listed - reached if not path.endswith("/best-000.webp")}
    assert unread == set()  # nothing is there that no page leads to


def read_by_scripts(path: str, page: Page) -> set[str]:
    """Return the files that a page's script loads: models' data for the search, and a layer's other sheets."""
    (html,) = page.all("html")
    files = {f"data/{slug}.js" for slug in str(html.get("data-models", "")).split()}
    if page.all("script", id="layer"):
        data = json.loads(page.text[page.text.index('{"classes"') :].split("\n")[0])
        for technique in data["techniques"]:
            sheets = -(-len(data["filters"]) // 64)
            files |= {f"{path.rpartition('/')[0]}/{technique['slug']}-{n:03d}.webp" for n in range(sheets)}
    return files


def test_only_the_page_of_sources_points_to_other_hosts(strange_pages: dict[str, Page]) -> None:
    pages = strange_pages.items()
    far = {path for path, page in pages for _, a in page.links() if "//" in a and not a.startswith("data:")}
    assert far == {"reading.html"}


def test_the_manifest_lists_exactly_the_files_that_are_there(strange: Gallery) -> None:
    held = strange.held()
    del held["manifest.json"]
    assert strange.manifest["files"] == [
        {"path": path, "size": len(content), "digest": hashlib.sha256(content).hexdigest()}
        for path, content in sorted(held.items())
    ]


def test_pictures_are_the_stores_byte_for_byte(gallery: Gallery) -> None:
    gallery.write()
    for file in gallery.manifest["files"]:
        if file["path"].endswith(".webp"):
            assert (gallery.site / file["path"]).read_bytes() == gallery.store.blob(file["digest"])


def test_a_second_write_writes_nothing(gallery: Gallery) -> None:
    first = gallery.write()
    held = gallery.held()
    assert (first.written, first.unchanged, first.deleted) == (len(held) - 1, 0, 0)
    again = gallery.write()
    assert (again.written, again.unchanged, again.deleted) == (0, len(held) - 1, 0)
    assert gallery.held() == held


def test_a_site_does_not_depend_on_where_it_is(gallery: Gallery, tmp_path: Path) -> None:
    gallery.write()
    other = Gallery(tmp_path / "other", gallery.models)
    fill(other.store, reversed(other.tasks()))
    other.write()
    assert other.held() == gallery.held()


def test_another_title_changes_pages_alone(gallery: Gallery) -> None:
    gallery.write()
    before = {path: path.stat().st_mtime_ns for path in gallery.site.rglob("*.*")}
    gallery.title = "Another"
    changes = gallery.write()
    touched = {path for path, time in before.items() if path.stat().st_mtime_ns != time}
    assert changes.written == len(touched) - 1 == len(list(gallery.site.rglob("*.html")))
    assert {path.suffix for path in touched} == {".html", ".json"}
    assert gallery.manifest["title"] == "Another"


def filters(gallery: Gallery) -> dict[str, list[int]]:
    """Return the filters that a site shows, layer by layer."""
    layers = [layer for model in gallery.manifest["models"] for layer in model["layers"]]
    return {layer["name"]: [shown["index"] for shown in layer["filters"]] for layer in layers}


def test_what_is_no_longer_configured_is_deleted(gallery: Gallery) -> None:
    gallery.write()
    of, model = gallery.models[0]
    gallery.models = [(replace(of, filters=(0, 2)), model)]
    changes = gallery.write()
    assert filters(gallery) == {"stem": [0, 2], "top": [0, 2]}
    assert changes.deleted == 2 * 2 * len({"html", "picture", "growth-0", "growth-1", "feature-map", "kernel"})
    gallery.models = [(replace(of, layers=(LayerRule("stem"),)), model)]
    gallery.write()
    assert filters(gallery) == {"stem": [0, 1, 2, 3]}
    assert not (gallery.site / "net/002-top").exists()
    gallery.models = []
    gallery.write()
    assert not (gallery.site / "net").exists()
    assert "Nothing is built yet" in gallery.pages()["index.html"].text


@pytest.mark.parametrize(
    ("rendered", "now", "configured", "shown"),
    [
        # what --filters asks for is shown beside what is configured
        ([(1,)], (1,), "all", [1]),
        ([(0, 2), (1,)], (1,), (0, 2), [0, 1, 2]),
        # what another batch holds is taken from it
        ([(0, 1, 2, 3)], None, (1, 3), [1, 3]),
        ([(0, 1), (2, 3)], None, "all", [0, 1, 2, 3]),
        ([(0, 1), (1, 2)], None, "all", [0, 1, 2]),
        # what neither asks for is not
        ([(0, 1, 2, 3)], (0,), (1,), [0, 1]),
        ([], None, "all", []),
    ],
)
def test_records_of_any_batch_in_the_record_group_are_shown(
    tmp_path: Path,
    rendered: list[tuple[int, ...]],
    now: tuple[int, ...] | None,
    configured: str | tuple[int, ...],
    shown: list[int],
) -> None:
    gallery = Gallery(tmp_path, [(entry(filters=configured), summary(conv(1, "stem")))])
    for batch in rendered:
        fill(gallery.store, gallery.tasks(Choice(filters=batch)))
    gallery.write(Choice(filters=now))
    assert filters(gallery) == ({"stem": shown} if shown else {})


def test_the_plans_own_batch_goes_before_others(gallery: Gallery) -> None:
    for batch in ((0,), (0, 1), (0, 1, 2)):
        fill(gallery.store, gallery.tasks(Choice(filters=batch)), score=7.0)
    gallery.write()
    layers = gallery.manifest["models"][0]["layers"]
    assert {shown["pictures"][0]["score"] for layer in layers for shown in layer["filters"]} == {2.0}


def test_style_is_the_style_sheets_but_for_places_and_that_is_small(
    strange: Gallery, strange_pages: dict[str, Page]
) -> None:
    place = re.compile(r"(object-position:-\d+px -\d+px|(inset-(block|inline)-start:[\d.]+px;?){2})")
    styles = {str(a["style"]) for page in strange_pages.values() for _, a in page.elements if "style" in a}
    assert [style for style in styles if not place.fullmatch(style)] == []
    (sheet,) = (strange.site / "assets").glob("site-*.css")
    assert sheet.stat().st_size < 20_480


def test_neighbours_are_linked_both_ways(gallery: Gallery) -> None:
    gallery.write()
    pages = gallery.pages()

    def turns(path: str) -> list[str | None]:
        links = {str(a["rel"]): resolved(path, str(a["href"])) for a in pages[path].all("link") if "href" in a}
        return [links.get("prev"), links.get("next")]

    stem = [f"net/001-stem/{i:04d}.html" for i in range(4)]
    assert [turns(path) for path in stem] == [[None, stem[1]], [stem[0], stem[2]], [stem[1], stem[3]], [stem[2], None]]
    layers = ["net/001-stem/index.html", "net/002-top/index.html"]
    assert [turns(path) for path in layers] == [[None, layers[1]], [layers[0], None]]


X, Y = PhotoIdentity("x", "a" * 64, (32, 32)), PhotoIdentity("y", "b" * 64, (32, 32))


def photos_shown(gallery: Gallery, page: str) -> list[tuple[str, bytes]]:
    """Return the names of the photos on a filter's page, each with the picture that is shown as that photo."""
    images = [a for a in gallery.pages()[page].all("img") if str(a["alt"]).startswith("The photo ")]
    return [
        (
            str(a["alt"]).removeprefix("The photo ").split(",")[0],
            (gallery.site / str(resolved(page, str(a["src"])))).read_bytes(),
        )
        for a in images
    ]


def test_a_feature_map_is_shown_with_its_own_photo(gallery: Gallery) -> None:
    gallery.photos = [X, Y]
    plan = [task for task in gallery.tasks() if task.technique == FEATURE_MAP]
    fill(gallery.store, [task for task in plan if (task.layer.name, task.photo) != ("stem", X)])
    gallery.write()
    shown_x, shown_y = ((photo.name, picture_file(f"photo {photo.digest}")) for photo in (X, Y))
    assert photos_shown(gallery, "net/001-stem/0000.html") == [shown_y]
    assert photos_shown(gallery, "net/002-top/0000.html") == [shown_x, shown_y]


def test_one_photo_under_two_names_is_shown_under_both(gallery: Gallery) -> None:
    gallery.photos = [X, replace(X, name="z")]
    fill(gallery.store, gallery.tasks())
    gallery.write()
    assert [name for name, _ in photos_shown(gallery, "net/001-stem/0000.html")] == ["x", "z"]


def test_a_blob_that_is_damaged_is_reported_and_a_later_build_goes_on(gallery: Gallery) -> None:
    gallery.write()
    listed = next(file for file in gallery.manifest["files"] if file["path"].endswith("-picture.webp"))
    blob, path = listed["digest"], gallery.site / listed["path"]
    path.unlink()
    gallery.store.blob_path(blob).write_bytes(b"damaged")
    with pytest.raises(GalleryError, match="was damaged and is removed"):
        gallery.write()
    fill(gallery.store, gallery.tasks())
    gallery.write()
    assert path.read_bytes() == gallery.store.blob(blob)


def test_a_misspelt_name_in_a_template_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("{{ titel }}")
    with pytest.raises(UndefinedError, match="titel"):
        environment(tmp_path).get_template("page.html").render(title="x")


def test_pages_say_their_language_and_width(strange_pages: dict[str, Page]) -> None:
    def lacking(page: Page) -> bool:
        return not (page.all("html", lang="en") and page.all("meta", name="viewport") and page.all("title"))

    assert [path for path, page in strange_pages.items() if lacking(page)] == []
