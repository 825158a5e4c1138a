"""The custom element and the frame in other people's pages, from disk: the same as alone, whatever the page does."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from generator.embed.snippets import Placement, html, iframe, markdown
from generator.embed.target import find_target
from generator.site.built import open_site
from tests.browser.conftest import look, open_page
from tests.browser.test_axe import in_every_look
from tests.pages.gallery import Page as Elements

PLAIN = "body { margin: 0 }"
HOSTILE = """
* { all: unset !important; font: bold 60px/2 cursive !important; color: red !important; background: #222 !important;
    letter-spacing: 9px !important; direction: rtl !important; text-align: center !important; --wall: red !important }
img { display: none !important } a { border: 9px solid lime !important } figure { padding: 90px !important }
style, script, title { display: none !important }
"""
LAYER = 'model="tiny" layer="first"'
SHOWN = "document.querySelector('filter-gallery').shadowRoot.querySelector('.gallery:not([hidden]) figcaption')"


LOADED = """[document, ...[...document.querySelectorAll('filter-gallery')].map(one => one.shadowRoot)]
    .filter(Boolean).every(root => [...root.querySelectorAll('img')]
    .every(image => image.complete || !image.getClientRects().length))"""


def relative(site: Path, page: Path) -> str:
    """Return the way from a page to the site."""
    return Path(os.path.relpath(site, page.parent)).as_posix() + "/"


def host(folder: Path, site: Path, body: str, style: str = PLAIN, name: str = "host.html") -> Path:
    """Write a page of someone's around the script of the element."""
    page = folder / name
    script = f'<script src="{relative(site, page)}assets/filter-gallery.js" defer></script>'
    page.write_text(
        f"<!doctype html><html lang=en><title>Host</title>{script}<style>{style}</style><body>{body}", encoding="utf-8"
    )
    return page


def opened(chromium: Browser, site: Path, page: Path, wait: str = SHOWN) -> tuple[Page, list[str]]:
    """Open a page over file:// and wait for its gallery; requests may go to what is beside the site."""
    shown, problems = open_page(chromium, site.parent.parent)
    shown.goto(page.as_uri())
    shown.wait_for_function(wait)
    return shown, problems


def pixels(page: Page, selector: str) -> np.ndarray:
    """Return what is seen of an element, its pictures loaded."""
    for frame in page.frames:
        frame.wait_for_function(LOADED)
    page.wait_for_function("document.querySelector('iframe')?.clientHeight !== 150")  # a frame's own height
    return np.asarray(Image.open(io.BytesIO(page.locator(selector).screenshot())).convert("RGB"))


WANTED = {
    "layer": ("tiny/first", None),
    "row": ("tiny/first", (7, 0, 3)),
    "filter": ("tiny/first/3", None),
    "model": ("kinds", None),
}


@pytest.mark.parametrize("wanted", WANTED)
def test_a_hostile_page_changes_nothing(wanted: str, chromium: Browser, site: Path, tmp_path: Path) -> None:
    target = find_target(open_site(site).manifest.models, *WANTED[wanted])
    said = Placement(relative(site, tmp_path / "host.html"), "7,0,3" if wanted == "row" else "", 4, "A caption")
    frame = "document.querySelector('iframe').clientHeight > 160"
    for snippet, selector, wait in (
        (html(target, said), "filter-gallery", SHOWN),
        (iframe(target, said), "iframe", frame),
    ):
        seen = []
        for number, style in enumerate((PLAIN, HOSTILE)):
            body = f"<h1>Host</h1><div>{snippet}</div><p>Host</p>" if number else snippet
            page, problems = opened(chromium, site, host(tmp_path, site, body, style, f"{number}.html"), wait)
            seen.append(pixels(page, selector))
            assert problems == []
            page.context.close()
        assert seen[0].shape == seen[1].shape
        assert len(np.unique(seen[0].reshape(-1, 3), axis=0)) > 500  # there are pictures
        assert np.array_equal(seen[0], seen[1])


def test_a_page_without_isolation_would_be_seen(chromium: Browser, site: Path, tmp_path: Path) -> None:
    """The comparison above can fail: the same figure outside of a shadow changes."""
    inside = re.search(r"<figure.*</figure>", (site / "tiny/001-first/embed.html").read_text(), re.DOTALL)
    assert inside
    body = inside[0].replace("../../", relative(site, tmp_path / "x"))
    seen = []
    for style in (PLAIN, HOSTILE):
        page, _ = opened(chromium, site, host(tmp_path, site, f"<div id=a>{body}</div>", style), "true")
        seen.append(page.locator("#a").screenshot())
        page.context.close()
    assert seen[0] != seen[1]


NONE = '"{}" names no filters: write all, a number, a list such as 1,2,3, or strongest:N up to 12.'
OF_A_LAYER = "Filters and techniques are of a layer: name one too, or say how many of each layer."
MESSAGES = [
    ('model="tinny"', 'This gallery has no model "tinny". Did you mean tiny?'),
    ('model="TINY" layer="frist"', 'tiny has no layer "frist". Did you mean first?'),
    (f"{LAYER} filters='3,99'", "first shows no filter 99. The nearest is 19."),
    (f"{LAYER} technique='kernl'", 'first has no technique "kernl". Did you mean kernel?'),
    *((f"{LAYER} filters='{said}'", NONE.format(said)) for said in ("strongest:13", "-5", ",", "1e1", "3 1", "0")),
    (f"{LAYER} filter='x'", NONE.format("x,")),
    ('model="tiny" filters="3,1"', OF_A_LAYER),
    ('model="tiny" technique="kernel"', OF_A_LAYER),
    (f"{LAYER} columns='abc'", '"abc" columns: write a number from 1 to 64.'),
    ('layer="first"', 'Say which model: model="..."'),
]


def text(page: Page, number: int = 0) -> str:
    """Return what an element shows."""
    found: str = page.evaluate(
        "at => document.querySelectorAll('filter-gallery')[at].shadowRoot.querySelector('figure').textContent", number
    )
    return found


def test_what_is_not_there_is_told_with_the_nearest_name(chromium: Browser, site: Path, tmp_path: Path) -> None:
    body = "".join(f"<filter-gallery {attributes}>fallback</filter-gallery>" for attributes, _ in MESSAGES)
    page, problems = opened(
        chromium,
        site,
        host(tmp_path, site, body),
        "[...document.querySelectorAll('filter-gallery')].every(one => one.shadowRoot.querySelector('p'))",
    )
    assert [text(page, number) for number in range(len(MESSAGES))] == [message for _, message in MESSAGES]
    assert problems == []
    page.context.close()


ASKED = [
    (LAYER, list(range(20)), "firsttiny, 20 filters"),
    (f"{LAYER} filters='all'", list(range(20)), "firsttiny, 20 filters"),
    (f"{LAYER} filters='4'", [0, 5, 10, 15], "first tiny, 4 of 20 filters"),
    (f"{LAYER} filters='9, 2'", [9, 2], "first tiny, 2 of 20 filters"),
    (f"{LAYER} filters='9,'", [9], "first tiny, filter 9"),
    (f"{LAYER} filters='9,2,9'", [9, 2], "first tiny, 2 of 20 filters"),
    (f"{LAYER} filter='9'", [9], "first tiny, filter 9"),
    (f"{LAYER} filter='9' technique='KERNEL'", [9], "first tiny, filter 9, Kernel"),
    ('model="tiny" layer="001-first" filters="2" caption="<b>Mine</b>"', [0, 10], "<b>Mine</b>"),
]


def test_of_a_model_so_many_filters_of_each_layer_are_shown(chromium: Browser, site: Path, tmp_path: Path) -> None:
    words = ['filters="2"', 'filters="strongest:2"', ""]
    body = "".join(f"<filter-gallery model=tiny {said}></filter-gallery>" for said in words)
    every = "[...document.querySelectorAll('filter-gallery')].every(one => one.shadowRoot.querySelector('.tile'))"
    page, problems = opened(chromium, site, host(tmp_path, site, body), every)
    manifest = json.loads((site / "manifest.json").read_bytes())["models"][0]["layers"]
    rows = page.evaluate(
        """[...document.querySelectorAll('filter-gallery')].map(one => [...one.shadowRoot.querySelectorAll('.row')]
        .map(row => [...row.querySelectorAll('.tile')].map(tile => Number(tile.lastChild.data))))"""
    )
    assert rows[0] == [[0, len(layer["filters"]) // 2] for layer in manifest]
    for layer, two, most in zip(manifest, rows[1], rows[2], strict=True):
        shown = [one for one in layer["filters"] if one["verdict"] != "dead"]
        ranked = sorted(shown, key=lambda one: (one["verdict"] != "converged", -one["pictures"][0]["score"]))
        assert two == [one["index"] for one in ranked[:2]]
        assert most == [one["index"] for one in ranked[:6]]
    assert problems == []
    page.context.close()


def test_attributes_choose_filters_and_changes_show(chromium: Browser, site: Path, tmp_path: Path) -> None:
    page, problems = opened(chromium, site, host(tmp_path, site, f"<filter-gallery {ASKED[0][0]}></filter-gallery>"))
    first = json.loads((site / "manifest.json").read_bytes())["models"][0]["layers"][0]["filters"]
    ranked = sorted(first, key=lambda one: (one["verdict"] != "converged", -one["pictures"][0]["score"]))
    best = [one["index"] for one in ranked[:3]]
    for attributes, filters, said in [*ASKED, (f"{LAYER} filters='strongest:3'", best, "first tiny, 3 of 20 filters")]:
        page.evaluate(
            """html => { const one = document.querySelector('filter-gallery'), said = new DOMParser()
              .parseFromString(`<p ${html}>`, 'text/html').querySelector('p');
              for (const former of one.shadowRoot.querySelectorAll('.gallery')) former.classList.add('former');
              for (const name of [...one.getAttributeNames()]) one.removeAttribute(name);
              for (const { name, value } of said.attributes) one.setAttribute(name, value); }""",
            attributes,
        )
        # The former content is seen, and may have the same caption, until the new style sheet is loaded.
        new = SHOWN.replace(".gallery", ".gallery:not(.former)")
        page.wait_for_function(
            f"{new} && document.querySelector('filter-gallery').shadowRoot.querySelector('.former') === null"
        )
        caption = page.evaluate(f"{new}.textContent")
        assert said.replace(" ", "") in caption.replace(" ", "")
        tiles = "[...document.querySelector('filter-gallery').shadowRoot.querySelectorAll('.tile')]"
        assert page.evaluate(f"{tiles}.map(one => Number(one.lastChild.data))") == filters
        hrefs = page.evaluate(f"{tiles}.map(one => one.href)")
        assert hrefs == [(site / f"tiny/001-first/{index:04d}.html").as_uri() for index in filters]
    assert problems == []
    page.context.close()


@pytest.mark.parametrize(
    ("theme", "scheme", "lightness"),
    [("", "normal", 240), ("", "dark", 20), ("", "light dark", 240), ("dark", "light", 20), ("light", "dark", 240)],
)
def test_the_theme_is_the_pages_own_unless_it_is_chosen(
    theme: str, scheme: str, lightness: int, chromium: Browser, site: Path, tmp_path: Path
) -> None:
    body = f'<filter-gallery {LAYER} theme="{theme}"></filter-gallery>'
    page, _ = opened(chromium, site, host(tmp_path, site, body, f":root {{ color-scheme: {scheme} }}"))
    assert abs(int(pixels(page, "filter-gallery")[2, 2].mean()) - lightness) < 10
    page.context.close()


def test_sites_and_our_own_pages_do_not_meet(chromium: Browser, site: Path, tmp_path: Path) -> None:
    """Two sites with models of one name on a page of ours, whose search has a function of the same name."""
    other = tmp_path / "other"
    shutil.copytree(site, other)
    data = other / "data/tiny.js"
    data.write_text(data.read_text().replace('"title":"first"', '"title":"another"'))
    page_of_ours = other / "tiny/index.html"
    text_of_ours = page_of_ours.read_text()
    for early in (True, False):
        script = f'<script src="{site.as_uri()}/assets/filter-gallery.js"></script>' if early else ""
        page_of_ours.write_text(text_of_ours.replace("<head>", f"<head>{script}"))
        page, problems = open_page(chromium, site.parent.parent)
        page.goto(page_of_ours.as_uri())
        page.evaluate(
            """async ([ours, other]) => {
              for (const source of [ours, other]) await new Promise(onload => {
                const src = `${source}/assets/filter-gallery.js`;
                document.head.append(Object.assign(document.createElement('script'), { src, onload }));
              });
              for (const [src, layer] of [[ours, 'first'], [other, 'another'], [ours, 'first']]) {
                const made = document.createElement('filter-gallery');
                const said = Object.entries({ src, model: 'tiny', layer });
                for (const [name, value] of said) made.setAttribute(name, value);
                document.body.append(made);
              }
            }""",
            [site.as_uri(), other.as_uri()],
        )
        page.wait_for_function(
            "[...document.querySelectorAll('filter-gallery')].every(one => one.shadowRoot.querySelector('figcaption'))"
        )
        assert [text(page, at).partition(" tiny, 20 filters")[0][-7:] for at in range(3)] == [
            "19first",
            "another",
            "19first",
        ]
        page.click(".find")
        page.keyboard.type("tiny second")
        page.wait_for_selector("[role=option]:has-text('second')")
        assert problems == []
        page.context.close()


def tiles(page: Page, inside: str) -> list[list[str]]:
    """Return of each tile where it leads, its picture, that one's place on a sheet, and its words."""
    found: list[list[str]] = page.evaluate(
        f"""[...{inside}.querySelectorAll('.tile')].map(one => [one.href, one.querySelector('img')?.src,
        one.querySelector('img')?.style.objectPosition, one.textContent.trim()])"""
    )
    return found


@pytest.mark.parametrize("path", ["tiny/embed.html", "tiny/001-first/embed.html", "kinds/001-first/embed.html"])
def test_a_page_for_a_frame_is_the_same_without_javascript(path: str, chromium: Browser, site: Path) -> None:
    page, problems = opened(chromium, site, site / path)
    assert tiles(page, "document.querySelector('filter-gallery')") == tiles(
        page, "document.querySelector('filter-gallery').shadowRoot"
    )
    assert problems == []
    plain, _ = open_page(chromium, site, scripts=False)
    plain.goto((site / path).as_uri())
    for one in (page, plain):
        assert one.locator(".tile >> visible=true").count() > 0
    assert np.array_equal(pixels(plain, "filter-gallery figure"), pixels(page, "filter-gallery figure >> nth=1"))
    page.context.close()
    plain.context.close()


def test_a_frame_takes_its_options_and_leads_to_the_whole_page(chromium: Browser, site: Path, tmp_path: Path) -> None:
    target = find_target(open_site(site).manifest.models, "tiny/first", (7, 0, 3), "feature-map-0")
    snippet = iframe(target, Placement(relative(site, tmp_path / "host.html"), "7,0,3", 2, "Two & two"))
    listen = "<script>heights = []; addEventListener('message', told => heights.push(told.data.height))</script>"
    page, problems = opened(
        chromium, site, host(tmp_path, site, listen + snippet), "document.querySelector('iframe').clientHeight > 160"
    )
    (frame,) = page.frames[1:]
    inside = frame.locator("filter-gallery")
    words = inside.locator(".tile >> visible=true").all_inner_texts()
    assert words == [f"first filter\n{index}" for index in (7, 0, 3)]
    assert "Two & two" in inside.locator("figcaption").inner_text()
    height = frame.evaluate("document.documentElement.getBoundingClientRect().height")
    assert {*page.evaluate("heights")} == {int(-(-height // 1))}  # never that of what stands there without options
    assert page.evaluate("document.querySelector('iframe').clientHeight") == int(-(-height // 1))
    assert frame.evaluate("document.documentElement.scrollHeight <= innerHeight")
    page.set_viewport_size({"width": 150, "height": 900})  # one column
    page.wait_for_function(f"document.querySelector('iframe').clientHeight > {height + 90}")
    inside.locator(".tile >> visible=true").first.click()
    page.wait_for_url((site / "tiny/001-first/0007.html").as_uri())
    assert problems == []
    page.context.close()


@pytest.mark.parametrize("path", ["tiny/embed.html", "kinds/001-first/embed.html"])
def test_axe_finds_nothing_in_a_frame(path: str, chromium: Browser, served: str) -> None:
    page, _ = open_page(chromium, served)
    page.goto(f"{served}/{path}")
    page.wait_for_function(SHOWN)
    assert in_every_look(page) == []
    page.context.close()


MKDOCS = "site_name: Notes\ntheme: {name: readthedocs, highlightjs: false}\nplugins: []\nstrict: true\n"
MKDOCS += "extra_javascript: [gallery/assets/filter-gallery.js]\n"


@pytest.mark.parametrize("directories", [True, False])
def test_mkdocs_shows_galleries_at_every_depth(
    directories: bool, chromium: Browser, site: Path, tmp_path: Path
) -> None:
    """The way of docs/embedding.md: the site below docs/, its script as extra_javascript, pictures as Markdown's."""
    docs = tmp_path / "docs"
    shutil.copytree(site, docs / "gallery")
    (tmp_path / "mkdocs.yml").write_text(f"{MKDOCS}use_directory_urls: {str(directories).lower()}\n")
    target = find_target(open_site(site).manifest.models, "tiny/first")
    (docs / "deep").mkdir()
    for name, way in (("index.md", ""), ("notes.md", ""), ("deep/more.md", "../")):
        picture = markdown(target, Placement(f"{way}gallery/"))
        (docs / name).write_text(f"# Notes\n\n{picture}\n\n<filter-gallery {LAYER} filters='3'></filter-gallery>\n")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-q"], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    built = tmp_path / "site"
    pages = [path for path in built.rglob("*.html") if "gallery" not in path.relative_to(built).parts]
    assert len(pages) >= 3
    for path in (page for page in pages if page.name != "404.html"):
        for tag, address in Elements.read(path.read_text()).links():
            parts = urlsplit(address)
            if parts.path and not parts.netloc:
                target_path = path.parent / unquote(parts.path)
                assert (target_path / "index.html").is_file() or target_path.is_file(), (path, tag, address)
        page, problems = open_page(chromium, built)
        assert look(page, problems, path.as_uri()) == []
        page.wait_for_function(SHOWN)
        assert "3 of 20 filters" in text(page)
        assert page.locator("filter-gallery img").count() == 3
        assert page.evaluate("document.querySelector('p img').naturalWidth") > 300
        page.context.close()
