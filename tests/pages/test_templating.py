"""Templates of a site's owner: what they can do, and the errors in those that fail."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from generator.config import Branding
from generator.errors import ConfigError, UsageError
from generator.pages.templating import environment, open_templates
from tests.pages.own import OwnGallery, own_gallery, saved

Files = dict[str, str | bytes]


@pytest.fixture
def gallery(tmp_path: Path) -> OwnGallery:
    """Return a gallery, rendered, not yet written."""
    return own_gallery(tmp_path)


def write(gallery: OwnGallery, files: Files) -> dict[str, bytes]:
    """Write the site with templates of these texts."""
    gallery.branding = replace(gallery.branding, templates=saved(gallery.folder / "theme", files))
    gallery.write()
    return gallery.held()


def problems_of(gallery: OwnGallery, files: Files) -> list[str]:
    """Return what is wrong with templates, without their folder; nothing is written then."""
    with pytest.raises(UsageError) as caught:
        write(gallery, files)
    assert caught.value.exit_status == 2
    assert not gallery.site.exists()
    problems = getattr(caught.value, "problems", (str(caught.value),))
    assert all("\n" not in problem for problem in problems)
    return [problem.replace(f"{gallery.folder / 'theme'}/", "") for problem in problems]


def test_a_template_goes_before_ours_and_the_others_stay(gallery: OwnGallery) -> None:
    gallery.write()
    before = gallery.held()
    after = write(gallery, {"reading.html": "<!doctype html><title>{{ site_title }}</title>"})
    assert after["reading.html"] == b"<!doctype html><title>Gallery</title>"
    assert {path for path in before if after.get(path) != before[path]} == {"reading.html", "manifest.json"}
    gallery.branding = Branding()
    gallery.write()
    assert gallery.held() == before


def test_a_template_can_extend_ours(gallery: OwnGallery) -> None:
    theme: Files = {
        "base.html": '{% extends "ours/base.html" %}{% block extrahead %}<meta name="x" content="{{ root }}">'
        "{% endblock %}",
        "home.html": '{% extends "ours/home.html" %}{% block content %}{{ super() }}{% include "a/d.html" %}'
        "{% endblock %}",
        "a/d.html": "<p>An addition to {{ models | length }} model</p>",
    }
    write(gallery, theme)
    pages = gallery.pages()
    assert [a["content"] for a in pages["net/001-stem/0001.html"].all("meta", name="x")] == ["../../"]
    assert [a["content"] for a in pages["index.html"].all("meta", name="x")] == [""]
    assert "An addition to 1 model" in pages["index.html"].text
    assert "This gallery shows what the filters of a convolutional network look for" in pages["index.html"].text


def test_what_a_template_shows_is_escaped(gallery: OwnGallery) -> None:
    gallery.title = "<script>"
    assert write(gallery, {"reading.html": "{{ site_title }}"})["reading.html"] == b"&lt;script&gt;"


def test_a_static_file_goes_before_ours_and_further_ones_are_copied(gallery: OwnGallery) -> None:
    held = write(
        gallery,
        {"static/site.css": "a{}", "static/fonts/My Font.woff2": b"\0font", "static/.hidden": "", "static/a.css~": ""},
    )
    (sheet,) = (path for path in held if path.startswith("assets/site-") and path.endswith(".css"))
    assert held[sheet] == b"a{}"
    assert held["assets/fonts/My Font.woff2"] == b"\0font"
    assert {path for path in held if path.startswith("assets/") and not re.search("/(site-|filter-gallery)", path)} == {
        "assets/fonts/My Font.woff2"
    }
    assert f'href="{sheet}"' in held["index.html"].decode()


def test_what_is_no_template_may_lie_beside_them(gallery: OwnGallery) -> None:
    files: Files = {"README.md": "mine", ".git/x.html": "{{", "home.html~": "{%", ".DS_Store": b"\xff"}
    gallery.write()
    before = gallery.held()
    assert write(gallery, files) == before


UNUSED = "replaces none of our templates, and none of yours uses it."

BAD: dict[str, tuple[Files, list[str]]] = {
    "mistyped": ({"hoem.html": ""}, [f"hoem.html: {UNUSED} Did you mean home.html?"]),
    "mistyped-static": ({"site.css": ""}, [f"site.css: {UNUSED} Did you mean static/site.css?"]),
    "in-the-wrong-folder": (
        {"pictures/zzz.png": b"\x89PNG\xff"},
        ["pictures/zzz.png:1: not a text in UTF-8"],
    ),
    "unlike-any": ({"qqq.txt": ""}, [f"qqq.txt: {UNUSED} Pictures and the like belong in static/"]),
    "ours-by-name": ({"ours/home.html": ""}, [f"ours/home.html: {UNUSED} Did you mean home.html?"]),
    "syntax": ({"home.html": "a\n{% if %}"}, ["home.html:2: Expected an expression, got 'end of statement block'"]),
    "unclosed": (
        {"home.html": "{% block content %}\n\n"},
        [
            "home.html:2: Unexpected end of template. Jinja was looking for the following tags: 'endblock'. "
            "The innermost block that needs to be closed is 'block'"
        ],
    ),
    "no-such-filter": ({"home.html": "\n{{ 1 | grupped }}"}, ["home.html:2: No filter named 'grupped'"]),
    "no-such-parent": (
        {"home.html": '{% extends "bsae.html" %}'},
        ["home.html:1: there is no template 'bsae.html'. Did you mean base.html?"],
    ),
    "no-such-include": (
        {"home.html": '\n\n{% include ["zzzz", "yyyy"] %}'},
        ["home.html:3: there is no template 'zzzz'"],
    ),
    "encoding": ({"home.html": b"a\nb\n\xe4"}, ["home.html:3: not a text in UTF-8"]),
    "undefined": (
        {"home.html": "\n\n{{ site_titel }}"},
        ["home.html:3: 'site_titel' is undefined. Did you mean site_title?"],
    ),
    "undefined-attribute": (
        {"model.html": "{{ model.nmae }}"},
        ["model.html:1: 'generator.pages.views.ModelView object' has no attribute 'nmae'"],
    ),
    "arithmetic": ({"home.html": "\n{{ 1 // 0 }}"}, ["home.html:2: integer division or modulo by zero"]),
    "runs-without-end": (
        {"base.html": '{% extends "base.html" %}'},
        ["base.html:1: it extends or includes itself. The template that it replaces is ours/base.html"],
    ),
    "no-such-template-when-it-runs": (
        {"reading.html": "\n{% include 'z' ~ 1 %}"},
        ["reading.html:2: there is no template 'z1'"],
    ),
    "underscore": (
        {"static/_fonts/a.woff2": b""},
        ["static/_fonts: GitHub Pages leaves out names that begin with an underscore. Rename it"],
    ),
    "all-at-once": (
        {"home.html": "{{", "hoem.html": "", "model.html": '{% include "zzzz" %}', "static/_a": ""},
        [
            "home.html:1: unexpected 'end of template'",
            "model.html:1: there is no template 'zzzz'",
            "static/_a: GitHub Pages leaves out names that begin with an underscore. Rename it",
        ],
    ),
}


@pytest.mark.parametrize(("files", "expected"), BAD.values(), ids=BAD)
def test_every_mistake_is_told_with_file_and_line(gallery: OwnGallery, files: Files, expected: list[str]) -> None:
    assert problems_of(gallery, files) == expected


def test_a_macro_that_is_missing_is_told_where_it_is_used(gallery: OwnGallery) -> None:
    (problem,) = problems_of(gallery, {"macros.html": ""})
    assert ".html:" in problem
    assert "does not export the requested name" in problem


@pytest.mark.parametrize(("link", "to"), [("static/out.txt", "secret.txt"), ("static/out", "theme/static/in")])
def test_a_link_out_of_the_folder_or_to_a_folder_is_refused(gallery: OwnGallery, link: str, to: str) -> None:
    saved(gallery.folder, {"secret.txt": "secret", "theme/static/in/a.txt": "a"})
    (gallery.folder / "theme" / link).symlink_to(gallery.folder / to)
    assert problems_of(gallery, {}) == [f"{link}: is a link to a folder, or out of this one. Copy what it leads to"]


def test_a_mistake_of_ours_keeps_its_traceback(tmp_path: Path) -> None:
    templates = open_templates(None)
    with pytest.raises(Exception, match="is undefined"):
        templates.render("home.html", {})
    (tmp_path / "page.html").write_text("{{ titel }}")
    with pytest.raises(Exception, match="'titel' is undefined"):
        environment(tmp_path).get_template("page.html").render(title="x")


def test_a_template_that_is_too_large_is_not_read(gallery: OwnGallery) -> None:
    folder = saved(gallery.folder / "theme", {"reading.html": b"x", "static/film.webp": b"x"})
    os.truncate(folder / "reading.html", 1_000_001)
    os.truncate(folder / "static/film.webp", 250_000_001)
    gallery.branding = replace(gallery.branding, templates=folder)
    with pytest.raises(ConfigError) as caught:
        gallery.write()
    assert [problem.removeprefix(f"{folder}/") for problem in caught.value.problems] == [
        "reading.html: is too large: more than 1 MB",
        "static/film.webp: is too large: more than 250 MB. Host it elsewhere",
    ]
