"""What every page has around its content: the owner's logo, colour and words, the style sheet and the script."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from generator import markdown
from generator.analysis.records import File
from generator.config import Branding
from generator.config.branding import LOGO, PICTURE
from generator.config.pictures import PictureFile, inspect
from generator.errors import UsageError
from generator.pages.branding.accent import GROUNDS, accent_css, readable
from generator.pages.templating import Templates
from generator.site.folder import Content
from generator.version import __version__

LOGO_HEIGHT = 32
"""Pixels of a page that a logo is high."""

MARK = "#b23a22"
"""Our own mark's colour in a browser's tab, where no style sheet reaches: ``--accent`` of site.css."""


EMBEDDED = ("filter-gallery.js", "filter-gallery-frame.js", "filter-gallery.css")
"""What other people's pages load of a site: names that stay, whatever is in the files."""


@dataclass(frozen=True)
class Shell:
    """What every page of a site shares.

    ``assets`` are the paths of the style sheet (``css``) and the script (``js``), ``accent`` is the colour of the mark
    in the browser's tab. ``introduction`` is HTML for the home page, ``footer`` makes HTML for pages whose way to the
    root it is given. ``files`` are all that these need, and the owner's further static files, by their paths.
    """

    title: str
    assets: Mapping[str, str]
    logo: File | None
    accent: str
    introduction: Markup
    footer: Callable[[str], Markup]
    files: Mapping[str, Content]

    def values(self, page: str) -> dict[str, Any]:
        """Return what every template gets; ``page`` is the page's path in the site."""
        root = "../" * page.count("/")
        return {
            "site_title": self.title,
            "root": root,
            "assets": self.assets,
            "logo": self.logo,
            "accent": self.accent,
            "footer": self.footer(root),
            "version": __version__,
        }


def make_shell(title: str, branding: Branding, templates: Templates) -> Shell:
    """Gather what every page of a site shares.

    Raises UsageError for a file that cannot be read any more.
    """
    files = {f"assets/{name}": Content.of(_bytes(path)) for name, path in templates.further().items()}

    def keep(name: str, suffix: str, content: bytes) -> str:
        path = f"assets/{name}-{hashlib.sha256(content).hexdigest()[:10]}{suffix}"
        files[path] = Content.of(content)
        return path

    files.update({f"assets/{name}": Content.of(_bytes(templates.static(name))) for name in EMBEDDED})
    css = _bytes(templates.static("site.css")) + (accent_css(branding.accent).encode() if branding.accent else b"")
    named = {"css": keep("site", ".css", css), "js": keep("site", ".js", _bytes(templates.static("site.js")))}
    logo = None
    if branding.logo:
        size = _inspected(branding.logo, LOGO)
        path = keep("logo", size.suffix, _bytes(branding.logo))
        width = LOGO_HEIGHT * size.width / size.height if size.width and size.height else LOGO_HEIGHT
        logo = File(path, files[path].digest, max(1, round(width)), LOGO_HEIGHT)
    pictures = {}
    named_in_text = (*markdown.images(branding.introduction), *markdown.images(branding.footer))
    for address in dict.fromkeys(image.address for image in named_in_text):
        size = _inspected(branding.folder / address, PICTURE)
        path = keep("picture", size.suffix, _bytes(branding.folder / address))
        pictures[address] = markdown.SitePicture(path, size.width, size.height)

    def html(text: str, root: str) -> Markup:
        # What is marked as safe here was escaped by the Markdown parser, which lets no raw HTML through.
        return Markup(markdown.to_html(text, root, pictures).strip())

    return Shell(
        title=title,
        assets=named,
        logo=logo,
        accent=readable(branding.accent, GROUNDS["light"]) if branding.accent else MARK,
        introduction=html(branding.introduction, ""),
        footer=cache(lambda root: html(branding.footer, root)),
        files=files,
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def _inspected(path: Path, megabytes: int) -> PictureFile:
    """Return a picture's measures; it was one when the configuration was read."""
    try:
        return inspect(path, megabytes)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {error}") from None
