"""One tiny site, and a look at a page that finds all that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request

from tests.browser.serving import server
from tests.browser.tiny import build
from tests.once import once


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the tiny site; with several workers, one builds it for all."""
    return once(tmp_path_factory, "tiny", build) / "site"


@pytest.fixture(scope="session")
def served(site: Path) -> Iterator[str]:
    """Return the address of the tiny site on a web server."""
    with server(site) as address:
        yield address


def open_page(
    browser: Browser, site: Path | str, width: int = 1280, dark: bool = False, scripts: bool = True
) -> tuple[Page, list[str]]:
    """Return a page of a site, and the list in which everything is noted that goes wrong on it.

    ``site`` is a folder, then the network is off, or the address of a server.
    """
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
    )
    context.set_offline(isinstance(site, Path))
    own = site.as_uri() if isinstance(site, Path) else site
    page, problems = context.new_page(), []
    page.set_default_timeout(10_000)

    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            problems.append(f"console: {message.text}")

    def on_request(request: Request) -> None:
        if not request.url.startswith((f"{own}/", "data:")):
            problems.append(f"request outside the site: {request.url}")

    def on_failure(request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # a picture still on its way when the reader has gone on
            problems.append(f"failed: {request.failure} {request.url}")

    def on_dialog(dialog: Dialog) -> None:
        problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("console", on_console)
    page.on("pageerror", lambda error: problems.append(f"page error: {error}"))
    page.on("dialog", on_dialog)
    page.on("request", on_request)
    page.on("requestfailed", on_failure)
    return page, problems


def look(page: Page, problems: list[str], url: str) -> list[str]:
    """Open a page, scroll all of it into view, and return everything that is wrong with it."""
    page.goto(url)
    page.evaluate("document.querySelectorAll('img').forEach(image => { image.loading = 'eager' })")
    page.wait_for_function("[...document.images].every(image => image.complete)")
    broken = page.evaluate("[...document.images].filter(image => !image.naturalWidth).map(image => image.src)")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [
        *problems,
        *(f"image did not load: {source}" for source in broken),
        *([f"{wide} pixels too wide"] if wide > 0 else []),
    ]
