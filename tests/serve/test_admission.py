"""Out of descriptors: connections are refused, and the server goes on, without spinning."""

from __future__ import annotations

import contextlib
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from generator.serve.admission import LEAST, MOST, Admission, connection_limit
from tests.cli.conftest import ROOT, environment

SERVE = """
import os, resource, sys
from pathlib import Path
from threading import Thread
from generator.serve.server import open_server
from generator.serve.status import StatusFeed
resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
with open_server(Path(sys.argv[1]), StatusFeed(), "127.0.0.1", 0) as server:
    Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    held = []
    for line in sys.stdin:
        if line == "fill\\n":
            try:
                while True:
                    held.append(os.open(os.devnull, os.O_RDONLY))
            except OSError:
                pass
        else:
            for handle in held:
                os.close(handle)
            held.clear()
        print("done", flush=True)
"""


class Server:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        self.process, self.port = process, int(process.stdout.readline())

    def say(self, word: str) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def status(self) -> int | None:
        """Return the status of the page, None if the connection is refused."""
        with contextlib.closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            try:
                connection.request("GET", "/", headers={"Host": "localhost"})
                return connection.getresponse().status
            except (HTTPException, OSError):
                return None

    def processor_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "index.html").write_text("<p>Hello</p>")
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(tmp_path)],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Server(process)
        finally:
            process.kill()


def until_served(server: Server) -> None:
    deadline = time.monotonic() + 20
    while server.status() != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.case("serve-descriptors")
@pytest.mark.skipif(sys.platform != "linux", reason="reads the processor time of a process from /proc")
@pytest.mark.parametrize("by_connections", [True, False])
def test_without_descriptors_connections_are_refused(server: Server, by_connections: bool) -> None:
    until_served(server)
    held = []
    if by_connections:
        held = [server.connect() for _ in range(200)]
    else:
        server.say("fill")
        held = [server.connect() for _ in range(20)]
    began, before = time.monotonic(), server.processor_seconds()
    assert server.status() in (None, 503)
    while time.monotonic() < began + 1:
        time.sleep(0.05)
    assert server.processor_seconds() - before < 0.4
    assert server.process.poll() is None
    for connection in held:
        connection.close()
    if not by_connections:
        server.say("empty")
    until_served(server)


def test_so_many_are_admitted() -> None:
    admission = Admission(2)
    assert [admission.enter() for _ in range(3)] == [True, True, False]
    admission.leave()
    assert admission.enter()
    admission.close()
    admission.close()


@pytest.mark.parametrize(("soft", "limit"), [(16, LEAST), (256, 64), (10**6, MOST), (resource.RLIM_INFINITY, MOST)])
def test_the_limit_leaves_descriptors_for_builds(soft: int, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, soft))
    assert connection_limit() == limit
