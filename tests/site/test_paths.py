"""One check of a path for whatever reads or writes a site."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.site.paths import is_inside, link_in, path_fault

INSIDE = [
    "index.html",
    "net/001-conv/0000-picture.webp",
    "assets/site-0123456789.css",
    ".nojekyll",
    "compare/a~b/index.html",
    "a/.gitignore",
    "name with spaces.html",
    "ünïcode/文.html",
    "..a/b..",
]
HOSTILE = {
    "": "is not relative",
    "/etc/passwd": "is not relative",
    "//host/share": "is not relative",
    "C:/Windows": "is not relative",
    "c:x": "is not relative",
    "..": "is not a plain path",
    "../secret.txt": "is not a plain path",
    "a/../../b": "is not a plain path",
    "a/./b": "is not a plain path",
    ".": "is not a plain path",
    "a//b": "is not a plain path",
    "a/": "is not a plain path",
    "..\\secret.txt": "backslashes",
    "C:\\Windows": "backslashes",
    "a\0b": "control characters",
    "a\nb": "control characters",
    "a\x1b[31mb": "control characters",
    "a\x7fb": "control characters",
    "a\u202egnp.exe": "control characters",
    "a\ud800b": "is not Unicode",
    ".git/config": "git repository",
    "sub/.GIT/HEAD": "git repository",
    ".git. /config": "git repository",
    "a" * 256: "is too long",
    "a/" * 600 + "b": "is too long",
}


@pytest.mark.parametrize("path", INSIDE)
def test_paths_of_a_site_are_inside(path: str) -> None:
    assert (path_fault(path), is_inside(path)) == (None, True)


@pytest.mark.parametrize("path", HOSTILE)
def test_paths_that_lead_elsewhere_are_told(path: str) -> None:
    assert HOSTILE[path] in (path_fault(path) or "")
    assert not is_inside(path)


@pytest.mark.parametrize("path", [None, 7, 1.5, True, b"index.html", ["index.html"], {}])
def test_what_is_no_text_is_no_path(path: object) -> None:
    assert path_fault(path) == "is no text"


def test_a_link_is_found_wherever_it_is(tmp_path: Path) -> None:
    (tmp_path / "site/a/b").mkdir(parents=True)
    (tmp_path / "site/a/link").symlink_to(tmp_path)
    (tmp_path / "site/a/b/file").symlink_to(tmp_path / "nowhere")
    (tmp_path / "linked").symlink_to(tmp_path / "site")
    expected = {"a/b": None, "a/link/x/y": "a/link", "a/b/file": "a/b/file", "a/b/other": None}
    for folder in (tmp_path / "site", tmp_path / "linked"):
        assert {path: link_in(folder, path) for path in expected} == expected
