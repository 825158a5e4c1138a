"""The layout of thumbnails on the sheets of a site, shared by what writes and what reads them."""

from __future__ import annotations

CELL = 96
"""Pixels of a thumbnail's side."""

ACROSS = 8
PER_SHEET = ACROSS * ACROSS
"""Thumbnails of a sheet: a larger sheet would take longer to show its first one."""

BEST = 12
"""How many of a layer's strongest pictures are on a sheet of their own, for pages that show many layers."""

CONTACT_SHEET = 64
"""Filters on a layer's contact sheet: as many as on a sheet of thumbnails."""

PER_LAYER = 6
"""Filters of each layer where all layers of a model stand one below the other; filter-gallery.js has the same."""

MAIN_SLUG, BEST_SLUG, KERNEL_SLUG, EXAMPLES_SLUG = "picture", "best", "kernel", "examples"
"""Slugs of techniques: the main pictures, the strongest of them, the kernels, the dataset's best examples."""


def place(number: int) -> tuple[int, int, int]:
    """Return the sheet, the column and the row of a filter's thumbnail, by its place among the layer's filters."""
    sheet, rest = divmod(number, PER_SHEET)
    return sheet, rest % ACROSS, rest // ACROSS
