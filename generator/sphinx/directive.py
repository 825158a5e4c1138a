"""The directive ``filter-gallery``, for reStructuredText and MyST."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from PIL import Image
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from generator.digests import digest
from generator.errors import GalleryError, UsageError
from generator.files import write_atomically
from generator.imaging.opening import open_picture
from generator.imaging.thumbnails import in_rows
from generator.names import slug
from generator.site.built import BUILD_HINT, BuiltSite
from generator.site.sheets import MAIN_SLUG
from generator.sphinx.nodes import COPY, FilterCell, FilterGrid, FilterPicture
from generator.sphinx.selection import Request, Selected, ShownFilter, select
from generator.sphinx.site import read_site

logger = logging.getLogger(__name__)

DEFAULT_COLUMNS = 6
MAX_COLUMNS = 64


class FilterGallery(SphinxDirective):
    """Show filters of a built gallery: of a model, a layer, or one filter alone."""

    required_arguments = 1
    final_argument_whitespace = True  # names of layers may hold spaces
    option_spec: ClassVar[dict[str, Any]] = {
        "filters": directives.unchanged,
        "columns": directives.unchanged,
        "caption": directives.unchanged,
        "technique": directives.unchanged,
        "site": directives.unchanged,
        "name": directives.unchanged,
        "class": directives.class_option,
    }

    def run(self) -> list[nodes.Node]:
        """Return the figure, or warn at the directive's place and return nothing."""
        request = Request(
            self.arguments[0].strip(),
            (self.options.get("filters") or "").strip(),
            (self.options.get("technique") or MAIN_SLUG).strip(),
        )
        site_name = (self.options.get("site") or "").strip()
        requests = requests_of(self.env).setdefault(self.env.docname, {})
        requests.setdefault((site_name, request), None)
        try:
            columns = self._columns()
            site = read_site(site_folder(self.env, site_name))
            selected = select(site, request)
            figure = self._figure(site, site_name, selected, columns)
        except GalleryError as error:
            logger.warning("filter-gallery: %s", error, location=self.get_location(), type="filter-gallery")
            return []
        requests[site_name, request] = selected
        return [figure]

    def _columns(self) -> int:
        """Return the number of columns, 0 if it is not given."""
        text = (self.options.get("columns") or "").strip()
        if text and not (text.isdecimal() and 1 <= int(text) <= MAX_COLUMNS):
            raise UsageError(f"columns {text!r}: expected a number from 1 to {MAX_COLUMNS}")
        return int(text or 0)

    def _figure(self, site: BuiltSite, site_name: str, selected: Selected, columns: int) -> nodes.figure:
        columns = columns or min(DEFAULT_COLUMNS, max(1, len(selected.cells)))
        grid = FilterGrid(columns=columns)
        for number, cell in enumerate(selected.cells, 1):
            ends = number % columns == 0
            node = FilterCell(
                label=cell.label,
                alt=cell.alt,
                note=cell.note,
                page=cell.page,
                main=not site_name,
                folder=copy_folder(site_name),
                columns=columns,
                ends=ends,
            )
            if cell.picture:
                node += _picture(self.env, site, cell)
            grid += node
        figure = nodes.figure("", grid, classes=["filter-gallery", *self.options.get("class", [])])
        self.set_source_info(figure)
        caption = self.options.get("caption")
        text, messages = self.parse_inline(caption) if caption is not None else ([nodes.Text(selected.caption)], [])
        if caption is None or caption.strip():
            figure += nodes.caption(caption or selected.caption, "", *text, *messages)
            self.set_source_info(figure[-1])
        self.add_name(figure)
        return figure


Requests = dict[str, dict[tuple[str, Request], Selected | None]]
"""By document, the requests, each with the name of its site, and what was shown for them."""


def requests_of(env: BuildEnvironment) -> Requests:
    """Return the requests of the documents read so far; Sphinx keeps them from one build to the next."""
    if not hasattr(env, "filter_gallery_requests"):
        env.filter_gallery_requests = {}  # type: ignore[attr-defined]
    requests: Requests = env.filter_gallery_requests  # type: ignore[attr-defined]
    return requests


def site_folder(env: BuildEnvironment, name: str) -> Path:
    """Return the folder of a site: that of ``:site:``, else that of conf.py; both start at the folder of conf.py."""
    folder = name or env.config.filter_gallery_site
    if not folder:
        raise UsageError("no gallery is named", "Set filter_gallery_site in conf.py to the folder of a built site")
    return Path(os.path.normpath(Path(env.filter_gallery_confdir, folder)))  # type: ignore[attr-defined]


def copy_folder(name: str) -> str:
    """Return the folder of the documentation for a copy of the site of that name, which is empty for the main one."""
    return f"{COPY}-{slug(Path(name).name)}-{digest({'site': name})[:6]}" if name else COPY


def _in_rows(content: bytes) -> bytes:
    """Return a picture file; slices of a kernel, which the site has side by side, are put in rows that fit a square."""
    image = open_picture(content)
    rows = in_rows(image)
    if rows is image:
        return content
    buffer = io.BytesIO()
    rows.save(buffer, "WEBP", lossless=True)
    return buffer.getvalue()


def _picture(env: BuildEnvironment, site: BuiltSite, cell: ShownFilter) -> FilterPicture:
    """Return a picture of the site, copied to a file named by its digest: Sphinx tells images apart by their names."""
    source = site.folder / cell.picture
    copy = Path(env.doctreedir, COPY, f"{cell.digest[:32]}{source.suffix}")
    try:
        if not copy.exists():
            write_atomically(copy, _in_rows(site.read(cell.picture)))
        with Image.open(copy) as image:
            pixels = image.size
    except OSError as error:
        raise UsageError(f"{source}: {error.strerror or 'is no picture'}", BUILD_HINT) from None
    except ValueError as error:
        raise UsageError(f"{source}: {error}", BUILD_HINT) from None
    uri = "/" + Path(os.path.relpath(copy, env.srcdir)).as_posix()
    return FilterPicture(uri=uri, alt=cell.alt, pixels=pixels, sharp=cell.sharp)
