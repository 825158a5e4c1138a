"""Event handlers: pictures for each builder, copies of sites, and documents that are out of date."""

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
from generator.sphinx.directive import Requests, copy_folder, requests_of, site_folder
from generator.sphinx.nodes import COPYING_BUILDERS, FilterGrid, FilterPicture, plain_list
from generator.sphinx.selection import Request, Selected, select
from generator.sphinx.site import read_site

logger = logging.getLogger(__name__)

STATIC_FOLDER = Path(__file__).parent / "static"
STYLE_SHEET = "filter-gallery.css"


class PngPictures(SphinxPostTransform):
    """Converts pictures to PNG for LaTeX, which does not support WebP."""

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
    """Replace pictures by a list for builders of neither HTML nor LaTeX: text, man pages, and others."""
    if app.builder.format not in ("html", "latex"):
        for grid in list(doctree.findall(FilterGrid)):
            grid.replace_self(plain_list(app.builder, docname, grid))


def keep_confdir(app: Sphinx) -> None:
    """Keep the folder of conf.py, to which its paths are relative, in the environment."""
    app.env.filter_gallery_confdir = Path(app.confdir)  # type: ignore[attr-defined]


def add_static_folder(_app: Sphinx, config: Config) -> None:
    """Add the folder of our style sheet to those that Sphinx copies."""
    config.html_static_path.append(str(STATIC_FOLDER))


def add_style_sheet(app: Sphinx, _page: str, _template: str, _context: dict[str, Any], doctree: nodes.document) -> None:
    """Link our style sheet on pages that show a gallery."""
    if doctree and next(iter(doctree.findall(FilterGrid)), None) is not None:
        app.add_css_file(STYLE_SHEET)


def outdated(
    _app: Sphinx, env: BuildEnvironment, _added: set[str], _changed: set[str], _removed: set[str]
) -> Collection[str]:
    """Return the documents whose sites show something else now than when the documents were read."""
    documents = requests_of(env).items()
    return [doc for doc, requests in documents if any(_selected(env, *key) != was for key, was in requests.items())]


def _selected(env: BuildEnvironment, name: str, request: Request) -> Selected | None:
    try:
        return select(read_site(site_folder(env, name)), request)
    except UsageError:
        return None


def purge(_app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Forget the requests of a document."""
    requests_of(env).pop(docname, None)


def merge(_app: Sphinx, env: BuildEnvironment, docnames: Collection[str], other: BuildEnvironment) -> None:
    """Take over the requests of documents that another process read."""
    others: Requests = requests_of(other)
    requests_of(env).update({doc: others[doc] for doc in docnames if doc in others})


def copy_sites(app: Sphinx, error: Exception | None) -> None:
    """Copy the sites that documents show into the output, if conf.py asks for it; only what changed is written."""
    if error or not app.config.filter_gallery_copy or app.builder.name not in COPYING_BUILDERS:
        return
    for name in sorted({name for requests in requests_of(app.env).values() for name, _ in requests}):
        try:
            site = read_site(site_folder(app.env, name))
            copy_files(site, Path(app.outdir, copy_folder(name)))
        except (GalleryError, OSError) as failure:
            logger.warning("filter-gallery: the gallery was not copied: %s", failure, type="filter-gallery")
