"""The pages that other sites show in an iframe: of a model its strongest filters, of a layer a spread of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.pages.sheets.contact import spread_filters
from generator.pages.views import ModelView
from generator.site.selection import filter_count_text
from generator.site.sheets import PER_LAYER

PAGE = "embed.html"


def embed_pages(model: ModelView) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield path and template values of each page for an iframe: the model's, and those of its layers.

    ``rows`` are the layers that it shows, each with its filters.
    """
    strongest = [(layer, layer.best[:PER_LAYER]) for layer in model.layers]
    yield f"{model.slug}/{PAGE}", {"model": model, "layer": None, "rows": strongest, "shown": ""}
    for layer in model.layers:
        filters = spread_filters(layer)
        shown = filter_count_text(len(filters), layer.layer.filters)
        path = f"{layer.page.rpartition('/')[0]}/{PAGE}"
        yield path, {"model": model, "layer": layer, "rows": [(layer, filters)], "shown": shown}
