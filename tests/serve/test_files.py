from __future__ import annotations

import os
from pathlib import Path

import pytest

from generator.serve.files import RefusedError, Target, content_type, etag, find, with_script


@pytest.fixture
def site(tmp_path: Path) -> Path:
    root = tmp_path / "site"
    (root / "net/a b").mkdir(parents=True)
    for name in ("index.html", "net/index.html", "net/a b/ü.html"):
        (root / name).write_text(name)
    (tmp_path / "secret.txt").write_text("secret")
    (root / "out").symlink_to(tmp_path)
    (root / "out.html").symlink_to(tmp_path / "secret.txt")
    (root / "circle").symlink_to("circle")
    return root


@pytest.mark.parametrize(
    ("target", "file"),
    [
        ("/", "index.html"),
        ("/index.html?x=1", "index.html"),
        ("/net/", "net/index.html"),
        ("/net/a%20b/%C3%BC.html", "net/a b/ü.html"),
    ],
)
def test_a_file_is_found(site: Path, target: str, file: str) -> None:
    assert find(site, target) == Target(site / file)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/net", Target(redirect="/net/")),
        ("/net?a=b", Target(redirect="/net/?a=b")),
        ("/none.html", Target()),
        ("/net/a%20b/", Target()),
        ("/circle", Target()),
        (f"/{'x' * 5000}", Target()),
    ],
)
def test_a_folder_leads_on_and_the_rest_is_missing(site: Path, target: str, expected: Target) -> None:
    assert find(site, target) == expected


@pytest.mark.parametrize(
    "target",
    [
        "index.html",
        "http://localhost/index.html",
        "//index.html",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/net/..%2f../secret.txt",
        "/net/./index.html",
        "/net//index.html",
        "/..%5csecret.txt",
        "/index.html%00",
        "/C:/secret.txt",
        "/%ff",
        "/out/secret.txt",
        "/out.html",
    ],
)
def test_what_leads_out_is_refused(site: Path, target: str) -> None:
    with pytest.raises(RefusedError):
        find(site, target)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.HTML", "text/html; charset=utf-8"),
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.webp", "image/webp"),
        ("a.unheard-of", "application/octet-stream"),
    ],
)
def test_types(name: str, expected: str) -> None:
    assert content_type(Path(name)) == expected


def test_the_tag_of_a_file_changes_when_it_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one")
    os.utime(path, ns=(1, 1))
    first = etag(path)
    assert (etag(path), first[0], first[-1]) == (first, '"', '"')
    os.utime(path, ns=(2, 2))
    second = etag(path)
    path.write_bytes(b"longer")
    os.utime(path, ns=(2, 2))
    assert len({first, second, etag(path)}) == 3


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (b"<body>a</body></html>", b"<body>a<s></body></html>"),
        (b"a</BODY>b</Body>c", b"a</BODY>b<s></Body>c"),
        (b"a", b"a<s>"),
    ],
)
def test_a_script_stands_at_the_end_of_the_page(page: bytes, expected: bytes) -> None:
    assert with_script(page, b"<s>") == expected
