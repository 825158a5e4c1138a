"""What reads a project, or changes it: every command, what Sphinx reads of a site, and what the preview sends of it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from click.testing import CliRunner

from generator.cli import main
from generator.cli.options import read_config
from generator.config import load_config
from generator.errors import GalleryError
from generator.publish import copy_site
from generator.serve.server import _Handler
from generator.serve.status import StatusFeed, site_digest
from generator.serve.watch import read
from generator.sphinx.directive import _picture
from generator.sphinx.selection import Request, select
from generator.sphinx.site import read_site

MAX_LINES = 20


@dataclass(frozen=True)
class Ran:
    """What a command ended with, and said."""

    status: int
    out: str
    err: str
    error: BaseException | None = None


def command(words: str) -> Callable[[], Ran]:
    """Return what runs a command here, in this process."""

    def run() -> Ran:
        done = CliRunner().invoke(main, words.split(), catch_exceptions=True)
        error = None if isinstance(done.exception, SystemExit) else done.exception
        return Ran(done.exit_code, done.stdout, done.stderr, error)

    return run


def from_python(read_all: Callable[[], None]) -> Callable[[], Ran]:
    """Return what calls a function: an error of ours is what it would say."""

    def run() -> Ran:
        try:
            read_all()
        except GalleryError as error:
            return Ran(error.exit_status, "", f"Error: {error}\n")
        return Ran(0, "", "")

    return run


def _folder() -> Path:
    return read_config(None).output


def _sphinx() -> None:
    site = read_site(_folder())
    env: Any = SimpleNamespace(doctreedir="out/doctrees", srcdir="out")
    for model in site.manifest.models[:3]:
        layers = [f"{model.name}/{layer.title}" for layer in model.layers[:3]]
        for target in (model.name, *layers, *(f"{layer}/0" for layer in layers)):
            for technique in ("picture", "kernel", "best"):
                try:
                    selected = select(site, Request(target, "", technique))
                except GalleryError:
                    continue
                for cell in selected.cells[:3]:
                    if cell.picture:
                        _picture(env, site, cell)
    copy_site(site, Path("out/site"))


def _serve() -> None:
    """Ask the preview for pages, as a browser would, without a port."""
    folder = _folder()
    status = StatusFeed()
    status.change(site=site_digest(folder))
    read(Path("config.yaml"), lambda: load_config(Path("config.yaml")))
    server = SimpleNamespace(folder=folder, status=status, host="127.0.0.1")
    for target in TARGETS:
        request = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode("latin-1")
        connection = _Connection(request)
        _Handler(connection, ("127.0.0.1", 1), server)  # type: ignore[arg-type]
        sent = connection.sent.getvalue()
        assert re.match(rb"HTTP/1\.1 (200|302|403|404|503) ", sent), sent[:100]
        assert b"the secret" not in sent


TARGETS = (
    *("/", "/index.html", "/nothing.html", "/tiny", "/tiny/", "/manifest.json", "/thesis.tex", "/.git/HEAD"),
    *("/tiny/001-first/", "/tiny/001-first/0000.html", "/tiny/001-first/0000-picture.webp", "/data/tiny.js"),
    *("/../secret.txt", "/%2e%2e/secret.txt", "/a%00b", "/tiny/../../secret.txt", "/compare/tiny~tuned/"),
)


class _Connection:
    """What a handler needs of a socket."""

    def __init__(self, request: bytes) -> None:
        self._request, self.sent = request, io.BytesIO()

    def makefile(self, *_: Any) -> io.BytesIO:
        return io.BytesIO(self._request)

    def sendall(self, content: bytes) -> None:
        self.sent.write(content)

    def settimeout(self, _: float) -> None:
        pass

    def setsockopt(self, *_: Any) -> None:
        pass


COMMANDS: dict[str, Callable[[], Ran]] = {
    **{
        words: command(words)
        for words in (
            "build",
            "build --no-wait --archive out.zip",
            "build --model tiny --single-file out.html",
            "build --model tuned --layer f* --filters 2",
            "build --force --filters 1,2",
            "plan",
            "plan --model tiny --filters 1",
            "models",
            "layers tiny",
            "layers tuned.keras",
            "render tiny first 0 -o out.png",
            "publish --to out",
            "publish --to out --dry-run",
            "publish --to out.zip",
            "publish --to out.tar.gz",
            "publish --dry-run",
            "embed tiny",
            "embed tiny/first/0 --format md",
            "embed tuned/second --format myst --technique kernel",
            "embed tiny/first --format iframe --filters strongest:2",
            "embed tuned/first --format rst --filters 0,2",
            "embed tiny --png out.png",
            "embed tuned/first --png out.png --technique kernel",
            "clean",
            "clean --cache",
        )
    },
    "Sphinx": from_python(_sphinx),
    "serve": from_python(_serve),
}
