"""A Sphinx extension that shows filters of a built gallery inside a document.

In conf.py::

    extensions = ["generator.sphinx"]
    filter_gallery_site = "../site"

and in a document::

    .. filter-gallery:: demo/block3_conv1
       :filters: 8

See docs/sphinx.md for the options. Pictures are read from the site and nothing is rendered here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from generator.sphinx import events, nodes
from generator.sphinx.directive import FilterGallery
from generator.version import __version__

ENVIRONMENT = 2
"""Incremented when a new version of this extension has to read all documents again."""


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive, its nodes, and the event handlers that keep documents up to date."""
    app.add_config_value("filter_gallery_site", "", "env", frozenset({str, Path}))
    app.add_config_value("filter_gallery_url", "", "env", str)
    app.add_config_value("filter_gallery_copy", False, "env", bool)
    app.add_node(
        nodes.FilterGrid,
        html=(nodes.html_visit_grid, nodes.html_depart_grid),
        latex=(nodes.latex_visit_grid, nodes.latex_depart_grid),
    )
    app.add_node(
        nodes.FilterCell,
        html=(nodes.html_visit_cell, nodes.html_depart_cell),
        latex=(nodes.latex_visit_cell, nodes.latex_depart_cell),
    )
    app.add_node(
        nodes.FilterPicture,
        html=(nodes.html_visit_picture, nodes.depart_nothing),
        latex=(nodes.latex_visit_picture, nodes.depart_nothing),
    )
    app.add_directive("filter-gallery", FilterGallery)
    app.add_post_transform(events.PngPictures)
    app.connect("config-inited", events.add_static_folder)
    app.connect("builder-inited", events.keep_confdir)
    app.connect("doctree-resolved", events.plain_lists)
    app.connect("html-page-context", events.add_style_sheet)
    app.connect("env-get-outdated", events.outdated)
    app.connect("env-purge-doc", events.purge)
    app.connect("env-merge-info", events.merge)
    app.connect("build-finished", events.copy_sites)
    return {
        "version": __version__,
        "env_version": ENVIRONMENT,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
