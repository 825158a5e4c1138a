"""What JavaScript reads: of a layer, inside its page; of a model, in a file of its own, for search and embedding.

It is made of the manifest's records, in the shortest form that says the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from generator.site.records import FLAGS, Flag, Layer, Model, Technique

CALLBACK = "filterGallery"
"""The function that a model's file calls: over file:// a page can load a script, but not fetch data."""

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
    """Return what is shown of a layer; ``of`` is how many filters it has, ``best`` are those on their own sheet."""
    indices = list(layer.indices)
    return {
        "title": layer.title,
        "type": layer.type,
        "folder": layer.folder,
        "filters": len(indices) if indices == list(range(len(indices))) else indices,
        "of": layer.filter_count,
        "verdicts": _verdicts(layer),
        "flags": {flag: places for flag in FLAGS if (places := _flagged(layer, flag))},
        "best": list(layer.strongest),
        "techniques": [_embedded(technique, layer) for technique in layer.techniques],
    }


def _embedded(technique: Technique, layer: Layer) -> dict[str, Any]:
    """Return what a page in another page needs of a technique, and of what kind its pictures are."""
    entry = _technique_entry(technique, layer)
    return {**{name: entry[name] for name in ("slug", "title", "file", "none")}, "kind": technique.kind}


def layer_data(layer: Layer) -> dict[str, Any]:
    """Return what a layer's page sorts and narrows its filters by, and the techniques that it can show.

    Lists go with the filters in their order; a technique names those that it has nothing of. Its ``file`` is how the
    names of the whole pictures end, one for all or one for each.
    """
    of_photos = [technique for technique in layer.techniques if technique.photo is not None]
    responses = {feature_map.path: feature_map.response for shown in layer.filters for feature_map in shown.feature_maps}
    return {
        "title": layer.title,
        "filters": list(layer.indices),
        "verdicts": _verdicts(layer),
        "scores": [_short(shown.pictures[0].score) for shown in layer.filters],
        "photos": [technique.photo for technique in of_photos],
        "responses": [
            [_short(responses[path]) if path else None for path in technique.files] for technique in of_photos
        ],
        "flags": {flag: _flagged(layer, flag) for flag in FLAGS},
        "techniques": [_technique_entry(technique, layer) for technique in layer.techniques],
    }


def _verdicts(layer: Layer) -> str:
    return "".join(shown.verdict[0] for shown in layer.filters)


def _flagged(layer: Layer, flag: Flag) -> list[int]:
    return [place for place, shown in enumerate(layer.filters) if flag in shown.flags]


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
