"""The web server of the preview: the site's files as they are on disk, and a stream of its status."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import socketserver
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from generator.errors import UsageError
from generator.serve.admission import BUSY, OUT_OF_DESCRIPTORS, Admission, connection_limit
from generator.serve.files import INDEX, MISSING, RefusedError, content_type, etag, find, with_script
from generator.serve.hosts import is_allowed, is_wildcard
from generator.serve.status import StatusFeed

OWN = "/_serve/"
"""Where the preview's own files are. No file of a site is there: GitHub Pages leaves out names with an underscore."""

STATIC = Path(__file__).parent / "static"
HEARTBEAT = 15.0
"""Seconds after which a comment is sent where the status did not change, so that a page that is gone is noticed."""

TRIED = 50
"""Ports after one in use that are tried, to name a free one."""


class PreviewServer(ThreadingHTTPServer):
    """Serves a site's folder; bound when it is made, responding once ``serve_forever`` is called."""

    daemon_threads = True
    allow_reuse_address = os.name != "nt"  # there it would take the port away from who has it
    allow_reuse_port = False

    def __init__(self, folder: Path, status: StatusFeed, host: str, port: int) -> None:
        self.folder, self.status, self.host = folder, status, host.strip("[]")
        self.address_family = socket.getaddrinfo(self.host, port, type=socket.SOCK_STREAM)[0][0]
        self._admission = Admission(connection_limit())
        super().__init__((self.host, port), _Handler)

    def server_bind(self) -> None:
        """Bind, without asking a name server what this machine is called."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.host, self.server_address[1]

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection; where there are no descriptors left, refuse one, so that the loop does not spin."""
        try:
            return super().get_request()
        except OSError as error:
            if error.errno in OUT_OF_DESCRIPTORS:
                self._admission.turn_away(self.socket)
            raise

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own, unless there are too many already."""
        if self._admission.enter():
            super().process_request(request, client_address)
        else:
            with contextlib.suppress(OSError):
                request.sendall(BUSY)
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection, and count it out."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._admission.leave()

    def server_close(self) -> None:
        """Let go of the port."""
        super().server_close()
        self._admission.close()

    @property
    def address(self) -> str:
        """Return what to open in a browser of this machine."""
        host = ("[::1]" if ":" in self.host else "127.0.0.1") if is_wildcard(self.host) else self.host
        return f"http://{f'[{host}]' if ':' in host and host[0] != '[' else host}:{self.server_port}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing: a browser that closes a connection early is no error."""


def open_server(folder: Path, status: StatusFeed, host: str, port: int) -> PreviewServer:
    """Return a server that is bound to a host and a port (0: any that is free).

    Raises UsageError, with the next free port, if it is taken.
    """
    try:
        return PreviewServer(folder, status, host, port)
    except socket.gaierror:
        raise UsageError(f"--host {host}: no such address", "Leave it out for this machine alone") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            free = _next_free(host, port)
            raise UsageError(f"port {port} is in use", f"Say --port {free}" if free else "Say another --port") from None
        reason = error.strerror or str(error)
        raise UsageError(f"cannot serve at {host}, port {port}: {reason}", "Say another --host or --port") from None


def _next_free(host: str, port: int) -> int | None:
    for other in range(port + 1, min(port + TRIED, 65536)):
        try:
            PreviewServer(Path(), StatusFeed(), host, other).server_close()
            return other
        except OSError:
            continue
    return None


class _Handler(BaseHTTPRequestHandler):
    server: PreviewServer
    protocol_version = "HTTP/1.1"
    timeout = 60.0
    server_version, sys_version = "filter-gallery", ""

    def parse_request(self) -> bool:
        """Read a request; refuse it unless it is one that a reader of this site makes."""
        if not super().parse_request():
            return False
        if not is_allowed(self.headers.get_all("Host", []), self.server.host):
            self._refuse(HTTPStatus.FORBIDDEN, "this preview is not for that host; see --host")
        elif self.command not in ("GET", "HEAD"):
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD")
        else:
            return True
        return False

    def do_GET(self) -> None:
        """Send a file, or the status stream."""
        path = urlsplit(self.path).path
        if path == f"{OWN}events":
            self._send_status()
        elif path in (f"{OWN}page.js", f"{OWN}worker.js"):
            self._send(HTTPStatus.OK, "text/javascript; charset=utf-8", (STATIC / path.removeprefix(OWN)).read_bytes())
        else:
            self._file()

    def do_HEAD(self) -> None:
        """Send the same without the content."""
        self.do_GET()

    def _file(self) -> None:
        root = self.server.folder
        try:
            target = find(root, self.path)
            if target.redirect:
                self._redirect(target.redirect)
            elif target.file is None:
                self._missing(root)
            elif content_type(target.file).startswith("text/html"):
                self._page(HTTPStatus.OK, target.file.read_bytes())
            else:
                self._unless_cached(target.file)
        except RefusedError as refused:
            self._refuse(HTTPStatus.FORBIDDEN, str(refused))
        except FileNotFoundError:  # the build deleted it just now
            self._missing(root)
        except (ConnectionError, TimeoutError):  # the reader is gone
            raise
        except OSError as error:
            status = HTTPStatus.FORBIDDEN if isinstance(error, PermissionError) else HTTPStatus.SERVICE_UNAVAILABLE
            self._refuse(status, f"the file cannot be read: {error.strerror}")

    def _missing(self, root: Path) -> None:
        if not (root / INDEX).is_file():
            self._page(HTTPStatus.SERVICE_UNAVAILABLE, (STATIC / "waiting.html").read_bytes())
        elif (root / MISSING).is_file():
            self._page(HTTPStatus.NOT_FOUND, (root / MISSING).read_bytes())
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "no such page")

    def _page(self, status: HTTPStatus, content: bytes) -> None:
        """Send a page with the script that follows the status; what is on disk stays as it is."""
        state = self.server.status.state
        tag = f'<script src="{OWN}page.js" data-number="{state.number}" data-site="{state.site}"></script>'
        self._send(status, "text/html; charset=utf-8", with_script(content, tag.encode()))

    def _unless_cached(self, file: Path) -> None:
        tag = etag(file)
        if self.headers.get("If-None-Match") == tag:
            self._send(HTTPStatus.NOT_MODIFIED, "", b"", ("ETag", tag))
        else:
            self._send(HTTPStatus.OK, content_type(file), file.read_bytes(), ("ETag", tag))

    def _redirect(self, address: str) -> None:
        self._send(HTTPStatus.FOUND, "text/plain; charset=utf-8", b"", ("Location", address))

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        self.close_connection = True  # what else was sent is not read
        more = (("Allow", "GET, HEAD"),) if status == HTTPStatus.METHOD_NOT_ALLOWED else ()
        self._send(status, "text/plain; charset=utf-8", f"{status.value}: {why}\n".encode(), *more)

    def _send(self, status: HTTPStatus, kind: str, content: bytes, *more: tuple[str, str]) -> None:
        self.send_response(status)
        headers = (("Cache-Control", "no-cache"), ("X-Content-Type-Options", "nosniff"), *more)
        for name, value in (("Content-Type", kind), *headers) if kind else headers:
            self.send_header(name, value)
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _send_status(self) -> None:
        """Send the state at once and whenever it changes, as server-sent events, until the reader is gone."""
        self.close_connection = True
        self.send_response(HTTPStatus.OK)
        for name, value in (("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")):
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command == "HEAD":
            return
        seen = -1
        self.wfile.write(b"retry: 500\n\n")
        while True:
            state = self.server.status.wait(seen, HEARTBEAT)
            if state is None:
                self.wfile.write(b":\n\n")
                continue
            seen = state.number
            self.wfile.write(f"data: {json.dumps(state.to_json())}\n\n".encode())

    def log_message(self, *words: object) -> None:
        """Print nothing: the terminal is for builds."""
