"""The data that the site's JavaScript reads: of a layer, in its page; of a model, in a file for search and embedding.

It is made of the manifest's records, in a compact form.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from generator.site.records import FLAGS, Flag, Layer, Model, Technique

CALLBACK = "filterGallery"
"""The function that a model's file calls: a page opened from file:// can load a script, but not fetch data."""

SITE_DATA = "data.js"
"""The file that names a site's models, at its root: no model's folder can have that name."""


def site_data(models: Iterable[Model]) -> bytes:
    """Return the script that names a site's models, so that the nearest name can be offered for a mistyped one."""
    return _call({"models": [{"slug": model.slug, "name": model.name, "page": model.page} for model in models]})


def model_data(model: Model, comparisons: Sequence[tuple[str, str]] = ()) -> bytes:
    """Return the script that lists a model's layers, and their filters' verdicts, a letter each.

    ``comparisons`` are title and page of those whose first model it is.
    """
    return _call(
        {
            "slug": model.slug,
            "name": model.name,
            "page": model.page,
            "compared": [{"title": title, "page": page} for title, page in comparisons],
            "layers": [_layer_entry(layer) for layer in model.layers],
        }
    )


def _call(argument: dict[str, Any]) -> bytes:
    return f"{CALLBACK}({json.dumps(argument, separators=(',', ':'))});\n".encode()


def _layer_entry(layer: Layer) -> dict[str, Any]:
    """Return the summary of a layer; ``of`` is how many filters it has, ``best`` are its strongest ones."""
    indices = list(layer.indices)
    return {
        "title": layer.title,
        "type": layer.type,
        "folder": layer.folder,
        "filters": len(indices) if indices == list(range(len(indices))) else indices,
        "of": layer.filter_count,
        **_names(layer),
        "verdicts": _verdicts(layer),
        "flags": {flag: places for flag in FLAGS if (places := _flagged(layer, flag))},
        "classes": _preferring(layer),
        "best": list(layer.strongest),
        "techniques": [_embedded(technique, layer) for technique in layer.techniques],
    }


def _embedded(technique: Technique, layer: Layer) -> dict[str, Any]:
    """Return what an embedded page needs of a technique, and the kind of its pictures."""
    entry = _technique_entry(technique, layer)
    return {**{name: entry[name] for name in ("slug", "title", "file", "none")}, "kind": technique.kind}


def layer_data(layer: Layer) -> dict[str, Any]:
    """Return the data of a layer's page: what filters are sorted and narrowed by, and the techniques to choose from.

    Lists are in the order of the filters; ``none`` of a technique are the places of filters that have no picture.
    Its ``file`` is the end of the names of the full-size pictures, one for all filters or one for each.
    """
    of_photos = [technique for technique in layer.techniques if technique.photo is not None]
    responses = {
        feature_map.path: feature_map.response for record in layer.filters for feature_map in record.feature_maps
    }
    return {
        "title": layer.title,
        "filters": list(layer.indices),
        **_names(layer),
        "verdicts": _verdicts(layer),
        "scores": [_short(record.pictures[0].score) for record in layer.filters],
        "photos": [technique.photo for technique in of_photos],
        "responses": [
            [_short(responses[path]) if path else None for path in technique.files] for technique in of_photos
        ],
        "flags": {flag: _flagged(layer, flag) for flag in FLAGS},
        "orders": _orders(layer),
        "classes": _preferring(layer),
        "techniques": [_technique_entry(technique, layer) for technique in layer.techniques],
    }


def _names(layer: Layer) -> dict[str, list[str]]:
    """Return the names of a layer's filters, where these stand for classes."""
    names = [record.name or str(record.index) for record in layer.filters]
    return {"names": names} if any(record.name for record in layer.filters) else {}


def _verdicts(layer: Layer) -> str:
    return "".join(record.verdict[0] for record in layer.filters)


def _flagged(layer: Layer, flag: Flag) -> list[int]:
    return [place for place, record in enumerate(layer.filters) if flag in record.flags]


def _orders(layer: Layer) -> dict[str, list[float | None]]:
    """Return by what else filters are sorted, the largest first: how rarely they fire, and how selective they are."""
    numbers = [record.dataset for record in layer.filters]
    rarity = [None if own is None else _short(1 - own.fires_in) for own in numbers]
    selectivity = [None if own is None or own.selectivity is None else _short(own.selectivity) for own in numbers]
    orders = {"rarity": rarity, "selectivity": selectivity}
    return {name: values for name, values in orders.items() if any(value is not None for value in values)}


def _preferring(layer: Layer) -> dict[str, list[int]]:
    """Return, for each class of the dataset, the places of the filters whose mean response to it is the largest."""
    preferring: dict[str, list[int]] = {}
    for place, record in enumerate(layer.filters):
        if record.dataset and record.dataset.selectivity is not None and record.dataset.classes:
            preferring.setdefault(record.dataset.classes[0].name, []).append(place)
    return dict(sorted(preferring.items()))


def _technique_entry(technique: Technique, layer: Layer) -> dict[str, Any]:
    endings = [
        path and path.rpartition("/")[2].removeprefix(f"{index:04d}")
        for path, index in zip(technique.files, layer.indices, strict=True)
    ]
    distinct = {ending for ending in endings if ending}
    return {
        "slug": technique.slug,
        "title": technique.title,
        "sharp": technique.kind != "picture",
        "file": distinct.pop() if len(distinct) == 1 else endings,
        "none": [place for place, path in enumerate(technique.files) if path is None],
    }


def _short(value: float) -> float:
    return float(f"{value:.4g}")
