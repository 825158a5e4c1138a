from __future__ import annotations

import socket

import pytest

from generator.serve.hosts import is_allowed, is_wildcard


@pytest.mark.parametrize(
    ("headers", "bound", "expected"),
    [
        (["localhost:8000"], "127.0.0.1", True),
        (["LOCALHOST."], "127.0.0.1", True),
        (["127.0.0.1:9"], "127.0.0.1", True),
        (["[::1]:8000"], "::1", True),
        (["evil.example:8000"], "127.0.0.1", False),
        (["192.168.1.2:8000"], "127.0.0.1", False),
        (["192.168.1.2:8000"], "192.168.1.2", True),
        (["192.168.1.2:8000"], "0.0.0.0", True),
        (["[fe80::1]"], "::", True),
        (["evil.example"], "0.0.0.0", False),
        (["gallery.lan"], "Gallery.LAN", True),
        ([], "127.0.0.1", False),
        (["localhost", "localhost"], "127.0.0.1", False),
        (["user@localhost"], "127.0.0.1", False),
        (["localhost:80000000"], "127.0.0.1", False),
        (["localhost/a"], "127.0.0.1", False),
        (["127.0.0.1.evil.example"], "127.0.0.1", False),
    ],
)
def test_who_is_answered(headers: list[str], bound: str, expected: bool) -> None:
    assert is_allowed(headers, bound) is expected


def test_the_machines_own_name_is_answered_where_all_addresses_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Desk")
    assert [is_allowed(["desk:8000"], bound) for bound in ("0.0.0.0", "::", "127.0.0.1")] == [True, True, False]


@pytest.mark.parametrize(
    ("host", "expected"), [("0.0.0.0", True), ("::", True), ("[::]", True), ("127.0.0.1", False), ("zero", False)]
)
def test_wildcards(host: str, expected: bool) -> None:
    assert is_wildcard(host) is expected
