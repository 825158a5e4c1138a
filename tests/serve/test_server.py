"""Who is served, and with which files: the site's and no others."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from threading import Thread

import pytest

from generator.errors import UsageError
from generator.serve.files import RefusedError, find
from generator.serve.hosts import is_allowed
from generator.serve.server import PreviewServer, open_server
from generator.serve.status import StatusFeed, site_digest

PAGE = "<!doctype html><title>Home</title><body><p>Hello</p></body>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("server")
    (base / "secret.txt").write_text("secret")
    site = base / "site"
    (site / "net").mkdir(parents=True)
    (site / "index.html").write_text(PAGE)
    (site / "404.html").write_text("<title>Missing</title>")
    (site / "net/index.html").write_text("<title>Net</title>")
    (site / "net/ä b.webp").write_bytes(b"picture")
    (site / "out.txt").symlink_to(base / "secret.txt")
    (site / "up").symlink_to(base)
    (site / "round").symlink_to(site / "round")
    (site / "in.html").symlink_to(site / "index.html")
    (site / "hole").mkdir()
    (site / "hole/index.html").symlink_to(base / "secret.txt")
    return site


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[PreviewServer]:
    with open_server(folder, StatusFeed(), "127.0.0.1", 0) as made:
        thread = Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def test_a_page_that_may_not_be_read_is_told(running: PreviewServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for error, status in ((PermissionError(13, "Permission denied"), 403), (OSError(24, "Too many open files"), 503)):

        def refuse(_: Path, error: OSError = error) -> bytes:
            raise error

        monkeypatch.setattr(Path, "read_bytes", refuse)
        assert ask(running, "/").status == status


def ask(
    server: PreviewServer, target: str, method: str = "GET", hosts: tuple[str, ...] = ("localhost",), **headers: str
) -> HTTPResponse:
    """Return the response, whose content was read as ``body``; the target is sent as it is."""
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    with contextlib.closing(connection):
        connection.putrequest(method, target, skip_host=True)
        for host in hosts:
            connection.putheader("Host", host)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        response = connection.getresponse()
        response.body = response.read()  # type: ignore[attr-defined]
        return response


@pytest.mark.parametrize(
    ("target", "status", "holds"),
    [
        ("/", 200, b"Hello"),
        ("/?q=1", 200, b"Hello"),
        ("/index.html", 200, b"Hello"),
        ("/net/", 200, b"Net"),
        ("/in.html", 200, b"Hello"),  # a link that stays in the site
        ("/net/%C3%A4%20b.webp", 200, b"picture"),
        ("/nowhere.html", 404, b"Missing"),
        ("/nowhere/", 404, b"Missing"),
        ("/index.html/", 404, b"Missing"),
        ("/round", 404, b"Missing"),
        (f"/{'x' * 5000}", 404, b"Missing"),
        ("/_serve/page.js", 200, b"SharedWorker"),
        ("/_serve/worker.js", 200, b"EventSource"),
        ("/_serve/waiting.html", 404, b"Missing"),
        ("/../secret.txt", 403, b"leads out"),
        ("/net/../../secret.txt", 403, b"leads out"),
        ("/%2e%2e/secret.txt", 403, b"leads out"),
        ("/%2E%2E%2Fsecret.txt", 403, b"leads out"),
        ("/..%5csecret.txt", 403, b"leads out"),
        ("/C:/secret.txt", 403, b"leads out"),
        ("/index.html%00.txt", 403, b"leads out"),
        ("//secret.txt", 404, b"Missing"),
        ("///etc/passwd", 404, b"Missing"),
        ("/net//index.html", 403, b"leads out"),
        ("http://evil.example/", 403, b"not a path"),
        ("/%ff", 403, b"UTF-8"),
        ("/out.txt", 403, b"leads out"),
        ("/up/secret.txt", 403, b"leads out"),
        ("/up/", 403, b"leads out"),
        ("/hole/", 403, b"leads out"),
    ],
)
def test_targets(running: PreviewServer, target: str, status: int, holds: bytes) -> None:
    response = ask(running, target)
    assert response.status == status
    assert holds in response.body  # type: ignore[attr-defined]
    assert b"secret" not in response.body  # type: ignore[attr-defined]


@pytest.mark.parametrize(("target", "location"), [("/net", "/net/"), ("/net?a=b", "/net/?a=b"), ("/n%65t", "/n%65t/")])
def test_folders_are_asked_for_with_a_slash(running: PreviewServer, target: str, location: str) -> None:
    response = ask(running, target)
    assert (response.status, response.headers["Location"]) == (302, location)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "MADEUP"])
def test_methods_that_are_refused(running: PreviewServer, method: str) -> None:
    response = ask(running, "/", method)
    assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")


def test_head_says_what_get_would(running: PreviewServer) -> None:
    head, whole = ask(running, "/", "HEAD"), ask(running, "/")
    assert head.status == 200
    assert head.body == b""  # type: ignore[attr-defined]
    assert head.headers["Content-Length"] == whole.headers["Content-Length"] == str(len(whole.body))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("hosts", "bound", "expected"),
    [
        (("localhost",), "127.0.0.1", True),
        (("LOCALHOST:8000",), "127.0.0.1", True),
        (("localhost.",), "127.0.0.1", True),
        (("127.0.0.1:9",), "127.0.0.1", True),
        (("[::1]:8000",), "127.0.0.1", True),
        (("gallery.lan:80",), "gallery.lan", True),
        (("[fe80::1]",), "fe80::1", True),
        ((), "127.0.0.1", False),
        (("",), "127.0.0.1", False),
        (("localhost", "localhost"), "127.0.0.1", False),
        (("evil.example",), "127.0.0.1", False),
        (("localhost.evil.example",), "127.0.0.1", False),
        (("127.0.0.1.evil.example",), "127.0.0.1", False),
        (("evil.example:127.0.0.1",), "127.0.0.1", False),
        (("localhost@evil.example",), "127.0.0.1", False),
        (("localhost/evil",), "127.0.0.1", False),
        (("192.168.1.7",), "127.0.0.1", False),
        (("192.168.1.7:8000",), "0.0.0.0", True),
        (("[fe80::1]:8000",), "::", True),
        ((socket.gethostname(),), "0.0.0.0", True),
        (("evil.example",), "0.0.0.0", False),
        (("evil.example",), "::", False),
    ],
)
def test_hosts(hosts: tuple[str, ...], bound: str, expected: bool) -> None:
    assert is_allowed(hosts, bound) == expected


@pytest.mark.parametrize("hosts", [("evil.example",), (), ("localhost", "evil.example")])
def test_other_hosts_are_refused_whatever_they_ask_for(running: PreviewServer, hosts: tuple[str, ...]) -> None:
    for target in ("/", "/_serve/events", "/_serve/page.js", "/nowhere"):
        response = ask(running, target, hosts=hosts)
        assert response.status == 403
        assert b"Hello" not in response.body  # type: ignore[attr-defined]


def test_pages_get_a_script_and_stay_as_they_are_on_disk(running: PreviewServer, folder: Path) -> None:
    for target, before in (("/", "<p>Hello</p>"), ("/nowhere", "<title>Missing</title>")):
        assert f'{before}<script src="/_serve/page.js"' in ask(running, target).body.decode()  # type: ignore[attr-defined]
    assert (folder / "index.html").read_text() == PAGE
    assert ask(running, "/net/%C3%A4%20b.webp").body == b"picture"  # type: ignore[attr-defined]


def test_files_are_sent_again_only_if_they_changed(running: PreviewServer, folder: Path) -> None:
    first = ask(running, "/net/%C3%A4%20b.webp")
    tag = first.headers["ETag"]
    assert (first.headers["Content-Type"], first.headers["Cache-Control"]) == ("image/webp", "no-cache")
    assert ask(running, "/net/%C3%A4%20b.webp", If_None_Match=tag).status == 304
    (folder / "net/ä b.webp").write_bytes(b"picture")
    assert ask(running, "/net/%C3%A4%20b.webp", If_None_Match=tag).status == 200


def test_news_are_told_at_once_and_when_they_change(running: PreviewServer) -> None:
    connection = HTTPConnection("127.0.0.1", running.server_port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", "/_serve/events")
        response = connection.getresponse()
        assert response.headers["Content-Type"] == "text/event-stream"

        def told() -> dict[str, object]:
            while not (line := response.readline()).startswith(b"data: "):
                assert line, "the stream ended"
            return dict(json.loads(line.removeprefix(b"data: ")))

        before = told()
        running.status.change(building=True, problems=("a\nb",))
        after = told()
        assert (after["building"], after["problems"], after["site"]) == (True, ["a\nb"], before["site"])
        assert int(str(after["number"])) == int(str(before["number"])) + 1
        running.status.change(building=False, problems=())


def test_nothing_changed_is_no_news() -> None:
    status = StatusFeed()
    seen = status.state.number
    status.change(site="", building=False, problems=())
    assert status.wait(seen, 0) is None
    status.change(building=True)
    found = status.wait(seen, 0)
    assert found is not None
    assert found.building
    assert StatusFeed().state.number >= seen  # of a later run


def test_a_site_is_another_when_any_file_is(tmp_path: Path) -> None:
    assert site_digest(tmp_path) == ""
    digests = set()
    for text in ("{}", '{"files": []}'):
        (tmp_path / "manifest.json").write_text(text)
        digests.add(site_digest(tmp_path))
    assert len(digests) == 2


def test_without_a_site_pages_say_that_it_is_being_built(tmp_path: Path) -> None:
    with open_server(tmp_path / "none", StatusFeed(), "localhost", 0) as made:
        Thread(target=made.serve_forever, daemon=True).start()
        response = ask(made, "/net/index.html")
        made.shutdown()
    assert response.status == 503
    assert b"being built for the first time" in response.body  # type: ignore[attr-defined]
    assert b"/_serve/page.js" in response.body  # type: ignore[attr-defined]


def test_a_taken_port_is_told_with_the_next_free_one(running: PreviewServer, folder: Path) -> None:
    port = running.server_port
    with pytest.raises(UsageError, match=rf"^port {port} is in use\. Say --port \d+$") as told:
        open_server(folder, StatusFeed(), "127.0.0.1", port)
    free = int(str(told.value).rsplit(" ", 1)[1])
    with open_server(folder, StatusFeed(), "127.0.0.1", free) as made:
        assert made.server_port == free


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", "http://127.0.0.1:"), ("localhost", "http://localhost:"), ("0.0.0.0", "http://127.0.0.1:")],
)
def test_address(host: str, expected: str, folder: Path) -> None:
    with open_server(folder, StatusFeed(), host, 0) as made:
        assert made.address == f"{expected}{made.server_port}/"


@pytest.mark.parametrize("target", ["index.html", "//evil.example/net", "*", ""])
def test_only_paths_lead_anywhere(target: str, folder: Path) -> None:
    with pytest.raises(RefusedError, match="not a path"):
        find(folder, target)
