"""The layout of all pages of a site: the owner's logo, colour, introduction and footer, style sheet and script."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from generator import markdown
from generator.analysis.filter_views import ImageFile
from generator.config import Branding
from generator.config.branding import LOGO_MEGABYTES, PICTURE_MEGABYTES
from generator.config.pictures import PictureFile, inspect
from generator.errors import UsageError, way_out
from generator.pages.branding.accent import BACKGROUNDS, accent_css, readable
from generator.pages.templating import Templates
from generator.site.folder import Content
from generator.version import __version__

LOGO_HEIGHT = 32
"""The height at which a logo is shown, in pixels."""

MARK_COLOUR = "#b23a22"
"""Our own mark's colour in a browser's tab, where no style sheet reaches: ``--accent`` of site.css."""

EMBEDDED = ("filter-gallery.js", "filter-gallery-frame.js", "filter-gallery.css")
"""The files that other people's pages load from a site: their names stay, whatever is in them."""


@dataclass(frozen=True)
class Layout:
    """The layout that all pages of a site share.

    ``assets`` are the paths of the style sheet (``css``) and the script (``js``), ``accent`` is the colour of the mark
    in the browser's tab. ``introduction`` is HTML for the home page; ``footer`` returns HTML, given a page's relative
    path to the root. ``files`` are all files that the layout needs, and the owner's other static files, by their paths.
    """

    title: str
    assets: Mapping[str, str]
    logo: ImageFile | None
    accent: str
    introduction: Markup
    footer: Callable[[str], Markup]
    files: Mapping[str, Content]

    def values(self, page: str) -> dict[str, Any]:
        """Return the values that every template gets; ``page`` is the page's path in the site."""
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


def make_layout(title: str, branding: Branding, templates: Templates) -> Layout:
    """Read the owner's files and make the layout of the site.

    Raises UsageError for a file that cannot be read any more.
    """
    files = {f"assets/{name}": Content.of(_bytes(path)) for name, path in templates.extra_static_files().items()}

    def add_hashed(name: str, suffix: str, content: bytes) -> str:
        path = f"assets/{name}-{hashlib.sha256(content).hexdigest()[:10]}{suffix}"
        files[path] = Content.of(content)
        return path

    files.update({f"assets/{name}": Content.of(_bytes(templates.static(name))) for name in EMBEDDED})
    css = _bytes(templates.static("site.css")) + (accent_css(branding.accent).encode() if branding.accent else b"")
    js = _bytes(templates.static("site.js"))
    assets = {
        "css": add_hashed("site", ".css", css),
        "js": add_hashed("site", ".js", js),
        "tree": add_hashed("tree", ".css", _bytes(templates.static("tree.css"))),
    }
    logo = None
    if branding.logo:
        size = _inspected(branding.logo, LOGO_MEGABYTES)
        path = add_hashed("logo", size.suffix, _bytes(branding.logo))
        width = LOGO_HEIGHT * size.width / size.height if size.width and size.height else LOGO_HEIGHT
        logo = ImageFile(path, files[path].digest, max(1, round(width)), LOGO_HEIGHT)
    pictures = {}
    images_in_text = (*markdown.images(branding.introduction), *markdown.images(branding.footer))
    for address in dict.fromkeys(image.address for image in images_in_text):
        size = _inspected(branding.folder / address, PICTURE_MEGABYTES)
        path = add_hashed("picture", size.suffix, _bytes(branding.folder / address))
        pictures[address] = markdown.SitePicture(path, size.width, size.height)

    def html(text: str, root: str) -> Markup:
        # What is marked as safe here was escaped by the Markdown parser, which lets no raw HTML through.
        return Markup(markdown.to_html(text, root, pictures).strip())

    return Layout(
        title=title,
        assets=assets,
        logo=logo,
        accent=readable(branding.accent, BACKGROUNDS["light"]) if branding.accent else MARK_COLOUR,
        introduction=html(branding.introduction, ""),
        footer=cache(lambda root: html(branding.footer, root)),
        files=files,
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}", way_out(error)) from None


def _inspected(path: Path, megabytes: int) -> PictureFile:
    """Return a picture's size and suffix; it was checked already when the configuration was read."""
    try:
        return inspect(path, megabytes)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {error}") from None
