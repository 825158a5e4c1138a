"""The pages that others show in a frame: of a model its strongest filters, of a layer a spread of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.pages.sheets.contact import chosen, counted
from generator.pages.views import ModelView

PAGE = "embed.html"

PER_LAYER = 6
"""Filters of each layer where all layers of a model stand one below the other; filter-gallery.js has the same."""


def embedded(model: ModelView) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield path and values of each page for a frame that a model has: its own, and those of its layers.

    ``rows`` are the layers that it shows, each with its filters.
    """
    strongest = [(layer, layer.best[:PER_LAYER]) for layer in model.layers]
    yield f"{model.slug}/{PAGE}", {"model": model, "layer": None, "rows": strongest, "shown": ""}
    for layer in model.layers:
        filters = chosen(layer)
        shown = counted(len(filters), layer.layer.filters)
        path = f"{layer.page.rpartition('/')[0]}/{PAGE}"
        yield path, {"model": model, "layer": layer, "rows": [(layer, filters)], "shown": shown}
