"""``filter-gallery serve``, run for real in a folder, and listened to."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread

from tests.cli.conftest import command, environment
from tests.cli.test_interrupted import hear_interrupts

BUILD_SECONDS = 90.0


@dataclass
class Serving:
    """A running command: its address, and the lines that it has written so far to both of its streams."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def wait(self, pattern: str, after: int = 0) -> int:
        """Return how many lines there are up to the first one after so many that matches; fail if none comes."""
        deadline = time.monotonic() + BUILD_SECONDS
        while time.monotonic() < deadline:
            for number, line in enumerate(self.lines[after:], after + 1):
                if re.search(pattern, line):
                    return number
            assert self.process.poll() is None, self.lines
            time.sleep(0.02)
        raise AssertionError(f"{pattern!r} was not told: {self.lines}")

    @property
    def port(self) -> int:
        """Return the port that it serves at."""
        line = self.lines[self.wait("http://") - 1]
        return int(line.split(":")[2].split("/")[0])

    @property
    def address(self) -> str:
        """Return the address of the site, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def stop(self, with_signal: int = signal.SIGINT) -> int:
        """Send a signal, and return what the command ended with."""
        self.process.send_signal(with_signal)
        return self.process.wait(20)

    def get(self, target: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and content of a response; the target is sent as it is."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.putrequest(method, target, skip_host="Host" in headers)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()


@contextlib.contextmanager
def serving(folder: Path, *words: object) -> Iterator[Serving]:
    """Run ``serve`` in a folder while the block runs."""
    process = subprocess.Popen(
        command("serve", *(words or ("--port", 0))),
        cwd=folder,
        env=environment(PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=hear_interrupts,
    )
    running = Serving(process)
    reader = Thread(target=lambda: running.lines.extend(process.stdout or ()), daemon=True)
    reader.start()
    try:
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        reader.join(5)
