"""What JavaScript reads: of a layer, inside its page; of a model, in a file of its own, for search and embedding."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from generator.pages.comparison import Comparison
from generator.pages.sheets.thumbnails import Technique
from generator.pages.views import FilterView, LayerView, ModelView

CALLBACK = "filterGallery"
"""The function that a model's file calls: over file:// a page can load a script, but not fetch data."""


SITE_DATA = "data.js"
"""The file that tells a site's models, at its root: no model's folder can have that name."""


def site_data(models: Iterable[ModelView]) -> bytes:
    """Return the script that tells a site's models, so that a mistyped one can be answered with the nearest name."""
    told = [{"slug": model.slug, "name": model.name, "page": model.page} for model in models]
    return _call({"models": told})


FLAGS = ("overactive", "redundant")


def model_data(model: ModelView, compared: Sequence[Comparison] = ()) -> bytes:
    """Return the script that tells a model's layers, and their filters' verdicts, a letter each.

    A comparison is told by its first model.
    """
    own = [one for one in compared if one.a.slug == model.slug]
    told = {
        "slug": model.slug,
        "name": model.name,
        "page": model.page,
        "compared": [{"title": f"{one.a.name}, {one.b.name}", "page": one.page} for one in own],
        "layers": [_told(layer) for layer in model.layers],
    }
    return _call(told)


def _call(told: dict[str, Any]) -> bytes:
    return f"{CALLBACK}({json.dumps(told, separators=(',', ':'))});\n".encode()


def _told(layer: LayerView) -> dict[str, Any]:
    """Say of a layer what is shown of it; ``of`` is how many filters it has, ``best`` are those on their own sheet."""
    indices = [one.index for one in layer.filters]
    return {
        "title": layer.layer.title,
        "type": layer.layer.type,
        "folder": layer.page.rpartition("/")[0],
        "filters": len(indices) if indices == list(range(len(indices))) else indices,
        "of": layer.layer.filters,
        "verdicts": "".join(one.verdict[0] for one in layer.filters),
        "flags": {flag: places for flag in FLAGS if (places := _flagged(layer, flag))},
        "best": list(layer.best_places),
        "techniques": [_embedded(technique, layer.filters) for technique in layer.techniques],
    }


def _embedded(technique: Technique, filters: Sequence[FilterView]) -> dict[str, Any]:
    """Say of a technique what its page says, and of what kind its pictures are, as ``sheets`` tells them apart."""
    told = _technique(technique, filters)
    return {**{name: told[name] for name in ("slug", "title", "file", "none")}, "kind": technique.kind}


def layer_data(layer: LayerView) -> dict[str, Any]:
    """Return what a layer's page sorts and narrows its filters by, and the techniques that it can show.

    Lists go with the filters in their order; a technique names those that it has nothing of. Its ``file`` is how the
    names of the whole pictures end, one for all or one for each.
    """
    photos = list(dict.fromkeys((m.number, m.photo) for one in layer.filters for m in one.maps))
    answers = [{m.number: m.response for m in one.maps} for one in layer.filters]
    return {
        "title": layer.layer.title,
        "filters": [one.index for one in layer.filters],
        "verdicts": "".join(one.verdict[0] for one in layer.filters),
        "scores": [_short(one.score) for one in layer.filters],
        "photos": [name for _, name in photos],
        "responses": [[_short(answer.get(number)) for answer in answers] for number, _ in photos],
        "flags": {flag: _flagged(layer, flag) for flag in FLAGS},
        "techniques": [_technique(technique, layer.filters) for technique in layer.techniques],
    }


def _flagged(layer: LayerView, flag: str) -> list[int]:
    return [place for place, one in enumerate(layer.filters) if flag in layer.insight.flags(one.index)]


def _technique(technique: Technique, filters: Sequence[FilterView]) -> dict[str, Any]:
    ends = [
        cell and cell.file.path.rpartition("/")[2].removeprefix(f"{one.index:04d}")
        for cell, one in zip(technique.cells, filters, strict=True)
    ]
    distinct = {end for end in ends if end}
    return {
        "slug": technique.slug,
        "title": technique.title,
        "sharp": technique.kind != "picture",
        "file": distinct.pop() if len(distinct) == 1 else ends,
        "none": [place for place, cell in enumerate(technique.cells) if cell is None],
    }


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
