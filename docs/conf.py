"""How Sphinx makes the documentation: `make docs`."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from generator import __version__

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "Filter Gallery"
author = "the authors of Filter Gallery"
release = version = __version__
root_doc = "index"
exclude_patterns = ["_build", "_extensions"]

extensions = ["generator.sphinx", "references", "myst_parser", "sphinx_click"]
filter_gallery_site = "../site"  # of the bundled network: `make site`
filter_gallery_copy = True
myst_heading_anchors = 3
highlight_language = "none"

html_theme = "furo"
html_title = "Filter Gallery"
html_copy_source = False
html_show_copyright = html_show_sphinx = False

REPOSITORY = os.environ.get("GITHUB_REPOSITORY", "")
"""Set where GitHub builds these pages. Elsewhere what lies outside of docs/ is named and not linked."""

OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./([^)\s]+)\)")


def link_outside(app, docname, source):
    """Lead links to files that are not pages of the documentation to the repository."""
    to = rf"[\1](https://github.com/{REPOSITORY}/tree/HEAD/\2)" if REPOSITORY else r"`\2`"
    source[0] = OUTSIDE.sub(to, source[0])


def setup(app):
    """Connect what is ours."""
    app.connect("source-read", link_outside)
