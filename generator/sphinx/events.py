"""What happens around the reading and writing of documents: fitting pictures, copies, and what is out of date."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from generator.errors import GalleryError, UsageError
from generator.site.copy import copy_files
from generator.sphinx.directive import Asked, asked_for, copy_folder, site_folder
from generator.sphinx.nodes import HOSTS, FilterGrid, FilterPicture, plain_list
from generator.sphinx.selection import Request, Selected, select
from generator.sphinx.site import read_site

logger = logging.getLogger(__name__)

STATIC_FOLDER = Path(__file__).parent / "static"
STYLE_SHEET = "filter-gallery.css"


class PngPictures(SphinxPostTransform):
    """Makes PNG files of pictures for LaTeX, which takes no WebP."""

    default_priority = 20  # before Sphinx looks for converters of its own
    formats = ("latex",)

    def run(self, **_: Any) -> None:
        """Replace the pictures of a document."""
        for node in self.document.findall(FilterPicture):
            webp = Path(self.env.srcdir, node["uri"])
            png = webp.with_suffix(".png")
            if not png.exists():
                with Image.open(webp) as image:
                    image.save(png)
            node["uri"] = Path(node["uri"]).with_suffix(".png").as_posix()
            node["candidates"] = {"*": node["uri"]}
            self.env.images.add_file(self.env.docname, node["uri"])


def plain_lists(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put a list in the place of pictures for builders of neither HTML nor LaTeX: text, man pages, and others."""
    if app.builder.format not in ("html", "latex"):
        for grid in list(doctree.findall(FilterGrid)):
            grid.replace_self(plain_list(app.builder, docname, grid))


def note_folder(app: Sphinx) -> None:
    """Let the environment know where the paths of conf.py start."""
    app.env.filter_gallery_confdir = Path(app.confdir)  # type: ignore[attr-defined]


def add_static_folder(_app: Sphinx, config: Config) -> None:
    """Let Sphinx copy our style sheet."""
    config.html_static_path.append(str(STATIC_FOLDER))


def add_style_sheet(app: Sphinx, _page: str, _template: str, _context: dict[str, Any], doctree: nodes.document) -> None:
    """Link our style sheet on pages that show a gallery."""
    if doctree and next(iter(doctree.findall(FilterGrid)), None) is not None:
        app.add_css_file(STYLE_SHEET)


def outdated(
    _app: Sphinx, env: BuildEnvironment, _added: set[str], _changed: set[str], _removed: set[str]
) -> Collection[str]:
    """Return the documents for which their sites have something else to show than when they were read."""
    asked = asked_for(env).items()
    return [doc for doc, wanted in asked if any(_now(env, *key) != was for key, was in wanted.items())]


def _now(env: BuildEnvironment, name: str, request: Request) -> Selected | None:
    try:
        return select(read_site(site_folder(env, name)), request)
    except UsageError:
        return None


def purge(_app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Forget what a document asked for."""
    asked_for(env).pop(docname, None)


def merge(_app: Sphinx, env: BuildEnvironment, docnames: Collection[str], other: BuildEnvironment) -> None:
    """Take over what documents asked for that another process read."""
    others: Asked = asked_for(other)
    asked_for(env).update({doc: others[doc] for doc in docnames if doc in others})


def copy_sites(app: Sphinx, error: Exception | None) -> None:
    """Put the sites that documents show beside them, if conf.py says so; only what changed is written."""
    if error or not app.config.filter_gallery_copy or app.builder.name not in HOSTS:
        return
    for name in sorted({name for wanted in asked_for(app.env).values() for name, _ in wanted}):
        try:
            site = read_site(site_folder(app.env, name))
            copy_files(site, Path(app.outdir, copy_folder(name)))
        except (GalleryError, OSError) as failures:
            logger.warning("filter-gallery: the gallery was not copied: %s", failures, type="filter-gallery")
