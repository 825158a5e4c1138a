"""What sphinx-build makes of a gallery, by every builder."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
from dataclasses import replace
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from PIL import Image

from generator.embed.snippets import SNIPPETS, Placement
from generator.embed.target import find_target
from generator.errors import UsageError
from generator.imaging.encoding import slice_strip
from generator.site.built import open_site
from generator.site.records import SiteFile
from generator.sphinx.directive import _picture
from generator.sphinx.selection import Request, select
from tests.pages.gallery import Gallery, Page, fill
from tests.sphinx.project import CONF, project, run
from tests.summaries import conv, entry, summary

UNWRITTEN = {"html": (), "dirhtml": (), "singlehtml": ("genindex.html", "search.html")}
"""What Sphinx's own theme links to and does not write."""

SHOWN = 13
"""Pictures: 3 on the first page, 2 and 1 and 2 on the layer's, 2 and 3 (the fourth filter is dead) on MyST's."""

DIFFERENT = 11
"""Two of the first page's are on another one too."""


@pytest.mark.parametrize("builder", UNWRITTEN)
def test_every_address_leads_to_a_file(built: dict[str, Path], builder: str) -> None:
    out = built[builder]
    shown: list[str] = []
    for path in out.rglob("*.html"):
        page = Page.read(path.read_text(encoding="utf-8"))
        for _, address in page.links():
            parts = urlsplit(address)
            if address in UNWRITTEN[builder]:
                continue
            if parts.scheme or parts.netloc:
                assert "filter-gallery" not in parts.path
                continue
            target = path.parent / unquote(parts.path) if parts.path else path
            assert target.is_file() or (target / "index.html").is_file(), (path, address)
        if "filter-gallery" not in path.relative_to(out).parts:
            shown += [str(image["src"]) for image in page.all("img") if "_images" in str(image["src"])]
    assert len(shown) == SHOWN
    assert all(name.split("/")[-2] == "_images" for name in shown)


def test_a_page_holds_what_was_asked_for(built: dict[str, Path]) -> None:
    page = Page.read((built["html"] / "folder" / "layer.html").read_text(encoding="utf-8"))
    images = [image for image in page.all("img", loading="lazy") if "_images" in str(image["src"])]
    assert [image["alt"] for image in images] == [
        "What excites filter 3 most",
        "What excites filter 1 most",
        "Filter 2, negative",
        "Where filter 0 responds to cat",
        "Where filter 1 responds to cat",
    ]
    assert {(image["width"], image["height"]) for image in images} == {("8", "8")}
    grids = [grid for grid in page.all("ul", role="list") if grid["class"] == "filter-gallery-grid"]
    assert [grid["style"] for grid in grids] == [f"--filter-gallery-columns: {n}" for n in (1, 1, 2)]
    links = [link["href"] for link in page.all("a") if "filter-gallery/" in str(link["href"])]
    assert links[:2] == ["../filter-gallery/net/002-top/0003.html", "../filter-gallery/net/002-top/0001.html"]
    assert len(page.all("figure")) == 3
    assert len(page.all("figcaption")) == 2
    assert "Filters three & one" in page.text
    assert any("filter-gallery.css" in str(link["href"]) for link in page.all("link"))
    plain = Page.read((built["html"] / "plain.html").read_text(encoding="utf-8"))
    assert not any("filter-gallery.css" in str(link["href"]) for link in plain.all("link"))


def test_pictures_bear_the_digest_of_their_bytes(built: dict[str, Path], base: Path) -> None:
    copied = sorted((built["html"] / "_images").iterdir())
    site = {hashlib.sha256(path.read_bytes()).hexdigest()[:32] for path in (base / "gallery/site").rglob("*.webp")}
    assert len(copied) == DIFFERENT
    for path in copied:
        assert path.stem == hashlib.sha256(path.read_bytes()).hexdigest()[:32]
        assert path.stem in site


def test_names_are_text(built: dict[str, Path]) -> None:
    page = Page.read((built["html"] / "index.html").read_text(encoding="utf-8"))
    assert page.all("b") == []
    assert "<b>&_c/d 1" in page.text
    assert "<b>&_c/d: what excites filter 1 most" in [image["alt"] for image in page.all("img")]
    assert r"{\textless{}b\textgreater{}\&\_c/d 1}" in (built["latex"] / "small.tex").read_text(encoding="utf-8")


def test_latex_is_given_png_pictures_in_rows(built: dict[str, Path]) -> None:
    text = (built["latex"] / "small.tex").read_text(encoding="utf-8")
    names = re.findall(r"\\includegraphics\[width=0\.92\\linewidth\]\{\{(\w+)\}\.png\}", text)
    assert len(names) == SHOWN
    for name in names:
        with Image.open(built["latex"] / f"{name}.png") as image:
            assert (image.format, image.size) == ("PNG", (8, 8))
    assert ".webp" not in text
    assert text.count(r"\begin{minipage}") == text.count(r"\end{minipage}") == SHOWN + 1
    assert r"\sphinxhref{https://example.org/gallery/net/002-top/0003.html}{3}" in text
    (whole,) = re.findall(
        r"\\begin\{figure\}.*?\\end\{figure\}", text.split("strongest filter of each layer")[0] + r"\end{figure}", re.S
    )[-1:]
    rows = whole.split(r"\par\medskip")
    assert [row.count(r"\includegraphics") for row in rows[:2]] == [2, 1]
    assert r"\hspace*{0.3000\linewidth}\par" in rows[1]  # so that the third is below the first
    assert text.count(r"\hspace*{") == 1


@pytest.mark.parametrize(
    ("builder", "file"), [("text", "folder/layer.txt"), ("man", "small.1"), ("texinfo", "small.texi")]
)
def test_other_builders_write_a_list(built: dict[str, Path], builder: str, file: str) -> None:
    text = " ".join((built[builder] / file).read_text(encoding="utf-8").split())
    assert "What excites filter 3 most (score 3" in text
    assert "Where filter 1 responds to cat (score 1" in text


CAPTIONS = ['"start" of it', "Filter #3: red", "a_ *star and `tick", "- not a list", "1. nor this", "<b> & {x} |y| $z$"]


def test_captions_that_are_printed_for_a_directive_are_text(base: Path, tmp_path: Path) -> None:
    """``embed`` takes a caption as it is; a directive's has markup."""
    site = base / "gallery/site"
    target = find_target(open_site(site).manifest.models, "net/stem", (3, 1))
    for style, name in (("rst", "index.rst"), ("myst", "myst.md")):
        heads = {"rst": "Captions\n========\n\n", "myst": "# More\n\n"}
        snippets = (SNIPPETS[style](target, Placement("x", "3,1", 2, caption)) for caption in CAPTIONS)
        more = "\n\n.. toctree::\n\n   myst\n" if style == "rst" else "\n"
        path = tmp_path / "docs" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(heads[style] + "\n\n".join(snippets) + more)
    (tmp_path / "docs" / "conf.py").write_text(CONF.replace("../gallery/site", str(site)))
    status, _, warnings = run(tmp_path / "docs", "html", "-W", "--keep-going")
    assert (status, warnings) == (0, "")
    for name in ("index", "myst"):
        html = (tmp_path / f"docs/_build/html/{name}.html").read_text(encoding="utf-8")
        captions = re.findall(r'<span class="caption-text">(.*?)</span>', html, re.DOTALL)
        assert [unescape(re.sub("<[^>]+>", "", html_caption)) for html_caption in captions] == [
            smart(caption) for caption in CAPTIONS
        ]
        assert html.count("filter-gallery-number") == 2 * len(CAPTIONS)


def smart(text: str) -> str:
    """Return a text with the quotes that Sphinx makes of straight ones."""
    return re.sub(r'"(\w+)"', "\u201c\\1\u201d", text)


@pytest.mark.case("sphinx-outside")
@pytest.mark.case("sphinx-absolute")
@pytest.mark.parametrize("path", ["../../secret.txt", "{absolute}", "a\\b", "net/\x1b[31m"])
@pytest.mark.parametrize("claimed", ["files", "picture"])
def test_a_manifest_leads_nowhere_else(tmp_path: Path, path: str, claimed: str) -> None:
    """A file of the list, or a picture of a filter, that is somewhere else on the disk is not copied from there."""
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    path = str(secret) if path == "{absolute}" else path
    gallery = Gallery(tmp_path / "a/b", [(entry(), summary(conv(1, "stem", 2)))])
    fill(gallery.store, gallery.tasks())
    gallery.write()
    manifest = json.loads((gallery.site / "manifest.json").read_bytes())
    if claimed == "files":
        manifest["files"].append({"path": path, "size": 6, "digest": hashlib.sha256(b"secret").hexdigest()})
    else:
        manifest["models"][0]["layers"][0]["filters"][0]["pictures"][0]["path"] = path
    (gallery.site / "manifest.json").write_text(json.dumps(manifest))
    conf = CONF.replace("../gallery/site", str(gallery.site)) + "filter_gallery_copy = True\n"
    source = project(tmp_path / "docs", {"index.rst": "A\n=\n\n.. filter-gallery:: net/stem\n"}, conf)
    before = {path for path in tmp_path.rglob("*") if not path.is_relative_to(source)}
    _, _, warnings = run(source, "html")
    assert len(warnings.splitlines()) <= 2
    assert "filter-gallery" in warnings
    assert "Traceback" not in warnings
    assert {path for path in tmp_path.rglob("*") if not path.is_relative_to(source)} == before
    assert not [path for path in (source / "_build").rglob("*") if path.is_file() and path.read_bytes() == b"secret"]


def test_slices_of_a_kernel_stand_in_rows(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path, [(entry(), summary(conv(1, "stem", 2), conv(2, "top", 2, slug="002-top")))])
    pixels = slice_strip(np.arange(8 * 9, dtype=np.float32).reshape(8, 3, 3))
    buffer = io.BytesIO()
    Image.fromarray((255 * pixels).round().astype(np.uint8)).save(buffer, "WEBP", lossless=True)
    strip = buffer.getvalue()
    fill(gallery.store, gallery.tasks())
    gallery.write()
    page = gallery.site / "net/002-top/0001-kernel.webp"
    page.write_bytes(strip)
    manifest = json.loads((gallery.site / "manifest.json").read_bytes())
    (listed,) = (file for file in manifest["files"] if file["path"] == "net/002-top/0001-kernel.webp")
    listed.update(size=len(strip), digest=hashlib.sha256(strip).hexdigest())
    (gallery.site / "manifest.json").write_text(json.dumps(manifest))
    index = "Kernels\n=======\n\n.. filter-gallery:: net/top/1\n   :technique: kernel\n"
    source = project(tmp_path / "docs", {"index.rst": index}, CONF.replace("../gallery/site", str(gallery.site)))
    status, _, warnings = run(source, "html", "-W")
    assert (status, warnings) == (0, "")
    (picture,) = (source / "_build/html/_images").iterdir()
    with Image.open(io.BytesIO(strip)) as before, Image.open(picture) as after:
        assert before.size == (8 * 48 + 7 * 6, 48)
        assert after.size == (3 * 48 + 2 * 6, 3 * 48 + 2 * 6)
        fifth, there = before.crop((4 * 54, 0, 4 * 54 + 48, 48)), after.crop((54, 54, 102, 102))
        assert fifth.convert("RGBA").tobytes() == there.convert("RGBA").tobytes()


def test_wrong_words_are_warned_of_with_their_line(base: Path, tmp_path: Path) -> None:
    rst = """
Wrong
=====

.. toctree::

   wrong

.. filter-gallery:: net/stm

.. filter-gallery:: net/stem
   :columns: many

.. filter-gallery:: net
   :site: nowhere

.. filter-gallery:: net/stem/1
"""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.rst").write_text(rst.lstrip("\n"))
    (tmp_path / "docs" / "wrong.md").write_text("# MyST\n\n```{filter-gallery} nett\n```\n")
    (tmp_path / "docs" / "conf.py").write_text(CONF.replace("../gallery/site", str(base / "gallery/site")))
    status, _, warnings = run(tmp_path / "docs", "html", "-W", "--keep-going")
    lines = [line.replace(f"{tmp_path}/docs/", "") for line in warnings.splitlines()]
    assert status == 1
    assert sorted(line.partition(" [")[0] for line in lines) == [
        "index.rst:10: WARNING: filter-gallery: columns 'many': expected a number from 1 to 64",
        "index.rst:13: WARNING: filter-gallery: no gallery in nowhere: there is no manifest.json. "
        "Build it first (filter-gallery build), or set filter_gallery_site in conf.py",
        "index.rst:8: WARNING: filter-gallery: 'net/stm': no such layer in the gallery. Did you mean net/stem?",
        "wrong.md:3: WARNING: filter-gallery: 'nett': no such model in the gallery. Did you mean net?",
    ]
    page = Page.read((tmp_path / "docs/_build/html/index.html").read_text(encoding="utf-8"))
    assert len(page.all("img", alt="What excites filter 1 most")) == 1
    assert "0001.html" not in str([*page.links()])  # conf.py does not say where the gallery is


@pytest.mark.case("embed-bomb")
def test_a_picture_that_is_a_bomb_is_told(base: Path, tmp_path: Path) -> None:
    """Pillow raises what is no OSError for one, and Sphinx shows a traceback of whatever is not ours."""
    folder, path = shutil.copytree(base / "gallery/site", tmp_path / "site"), tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(path)
    site = open_site(folder)
    (shown,) = select(site, Request("net/stem", "1,")).cells
    (folder / shown.picture).write_bytes(path.read_bytes())
    forged = SiteFile(
        path=shown.picture, size=path.stat().st_size, digest=hashlib.sha256(path.read_bytes()).hexdigest()
    )
    env: Any = SimpleNamespace(doctreedir=tmp_path / "doctrees", srcdir=tmp_path)
    with pytest.raises(UsageError, match=r"has too many pixels. Run: filter-gallery build"):
        _picture(env, replace(site, files=(forged,)), replace(shown, digest=forged.digest))
