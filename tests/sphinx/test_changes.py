"""What is read again when the gallery, or the configuration, has changed."""

from __future__ import annotations

import re
from pathlib import Path

from tests.pages.gallery import fill
from tests.sphinx.project import CONF, project, run, small_gallery

PAGES = {
    "index.rst": "Start\n=====\n\n.. toctree::\n\n   stem\n   top\n   plain\n",
    "stem.rst": "Stem\n====\n\n.. filter-gallery:: net/stem\n",
    "top.rst": "Top\n===\n\n.. filter-gallery:: net/top\n   :filters: 2\n",
    "plain.rst": "Plain\n=====\n",
}


def read(output: str) -> set[str]:
    """Return the documents that a build says it has read."""
    return {match[1] for match in re.finditer(r"reading sources\.\.\. \[ *\d+%\] (\w+)", output)}


def test_documents_are_read_again_when_what_they_show_has_changed(tmp_path: Path) -> None:
    source = project(tmp_path / "docs", PAGES)
    status, output, warnings = run(source, "html", "-v")
    assert (status, read(output)) == (0, {"index", "stem", "top", "plain"})
    assert warnings.count("there is no manifest.json") == 2

    def build() -> set[str]:
        status, output, warnings = run(source, "html", "-W", "-v")
        assert (status, warnings) == (0, "")
        return read(output)

    gallery = small_gallery(tmp_path / "gallery")
    assert build() == {"stem", "top"}
    assert build() == set()
    (task,) = (t for t in gallery.tasks() if t.layer.name == "top" and t.settings and t.settings.sign == "positive")
    fill(gallery.store, [task], lambda _, index: 7.0 - index)
    gallery.write()
    assert build() == {"top"}
    assert "What excites filter 0 most" in (source / "_build/html/top.html").read_text()


def test_a_second_site_is_copied_beside_the_first(tmp_path: Path) -> None:
    small_gallery(tmp_path / "gallery")
    small_gallery(tmp_path / "other")
    text = "S\n=\n\n.. filter-gallery:: net/stem/1\n\n.. filter-gallery:: net/top/1\n   :site: ../other/site\n"
    source = project(tmp_path / "docs", {"index.rst": text}, CONF + "filter_gallery_copy = True\n")
    assert run(source, "html", "-W")[0] == 0
    out = source / "_build" / "html"
    links = re.findall(r'<a class="reference" href="([^"]+)"', (out / "index.html").read_text())
    assert [re.sub("-[0-9a-f]{6}/", "-0/", link) for link in links] == [
        "filter-gallery/net/001-stem/0001.html",
        "filter-gallery-site-0/net/002-top/0001.html",
    ]
    assert all((out / link).is_file() for link in links)
