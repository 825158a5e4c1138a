"""``.. filter-gallery::`` in reStructuredText, and the same in MyST."""

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
from generator.imaging.thumbnails import in_rows
from generator.names import slug
from generator.site.built import BuiltSite
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
        """Return the figure, or nothing and a warning with the place where it was asked for."""
        request = Request(
            self.arguments[0].strip(),
            (self.options.get("filters") or "").strip(),
            (self.options.get("technique") or MAIN_SLUG).strip(),
        )
        name = (self.options.get("site") or "").strip()
        asked = asked_for(self.env).setdefault(self.env.docname, {})
        asked.setdefault((name, request), None)
        try:
            columns = self._columns()
            site = read_site(site_folder(self.env, name))
            selected = select(site, request)
            figure = self._figure(site, name, selected, columns)
        except GalleryError as error:
            logger.warning("filter-gallery: %s", error, location=self.get_location(), type="filter-gallery")
            return []
        asked[name, request] = selected
        return [figure]

    def _columns(self) -> int:
        """Return the number of columns, or 0 where nothing is said."""
        said = (self.options.get("columns") or "").strip()
        if said and not (said.isdecimal() and 1 <= int(said) <= MAX_COLUMNS):
            raise UsageError(f"columns {said!r}: expected a number from 1 to {MAX_COLUMNS}")
        return int(said or 0)

    def _figure(self, site: BuiltSite, name: str, selected: Selected, columns: int) -> nodes.figure:
        columns = columns or min(DEFAULT_COLUMNS, max(1, len(selected.cells)))
        grid = FilterGrid(columns=columns)
        for number, cell in enumerate(selected.cells, 1):
            ends = number % columns == 0
            made = FilterCell(
                label=cell.label,
                alt=cell.alt,
                note=cell.note,
                page=cell.page,
                main=not name,
                folder=copy_folder(name),
                columns=columns,
                ends=ends,
            )
            if cell.picture:
                made += _picture(self.env, site, cell)
            grid += made
        figure = nodes.figure("", grid, classes=["filter-gallery", *self.options.get("class", [])])
        self.set_source_info(figure)
        said = self.options.get("caption")
        text, messages = self.parse_inline(said) if said is not None else ([nodes.Text(selected.caption)], [])
        if said is None or said.strip():
            figure += nodes.caption(said or selected.caption, "", *text, *messages)
            self.set_source_info(figure[-1])
        self.add_name(figure)
        return figure


Asked = dict[str, dict[tuple[str, Request], Selected | None]]
"""By document, what was asked for (of which site), and what was shown."""


def asked_for(env: BuildEnvironment) -> Asked:
    """Return what the documents read so far have asked for; it is kept from one build to the next."""
    if not hasattr(env, "filter_gallery_asked"):
        env.filter_gallery_asked = {}  # type: ignore[attr-defined]
    asked: Asked = env.filter_gallery_asked  # type: ignore[attr-defined]
    return asked


def site_folder(env: BuildEnvironment, name: str) -> Path:
    """Return the folder of a site: that of ``:site:``, else that of conf.py; both start at the folder of conf.py."""
    said = name or env.config.filter_gallery_site
    if not said:
        raise UsageError("no gallery is named", "Set filter_gallery_site in conf.py to the folder of a built site")
    return Path(os.path.normpath(Path(env.filter_gallery_confdir, said)))  # type: ignore[attr-defined]


def copy_folder(name: str) -> str:
    """Return the folder of the documentation for a copy of the site of that name, the main one's being empty."""
    return f"{COPY}-{slug(Path(name).name)}-{digest({'site': name})[:6]}" if name else COPY


def _in_rows(content: bytes) -> bytes:
    """Return a picture file; slices of a kernel, side by side in the site, in rows that fit a square."""
    with Image.open(io.BytesIO(content)) as image:
        shown = in_rows(image)
        if shown is image:
            return content
    buffer = io.BytesIO()
    shown.save(buffer, "WEBP", lossless=True)
    return buffer.getvalue()


def _picture(env: BuildEnvironment, site: BuiltSite, cell: ShownFilter) -> FilterPicture:
    """Return a picture of the site, kept under the digest of its bytes: Sphinx copies files by their names."""
    source = site.folder / cell.picture
    kept = Path(env.doctreedir, COPY, f"{cell.digest[:32]}{source.suffix}")
    try:
        if not kept.exists():
            write_atomically(kept, _in_rows(site.read(cell.picture)))
        with Image.open(kept) as image:
            pixels = image.size
    except OSError as error:
        raise UsageError(f"{source}: {error.strerror or 'is no picture'}", "Build the site again") from None
    uri = "/" + Path(os.path.relpath(kept, env.srcdir)).as_posix()
    return FilterPicture(uri=uri, alt=cell.alt, pixels=pixels, sharp=cell.sharp)
