"""manifest.json, the public description of a site. Nothing in it depends on when or how fast it was built."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from generator import __version__
from generator.analysis.records import PictureView
from generator.analysis.trace import thinned
from generator.config.values import RenderSettings
from generator.pages.views import FilterView, LayerView, ModelView
from generator.site.listing import MADE_BY

SCHEMA = 1


def manifest(title: str, models: Iterable[ModelView], files: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the whole manifest; its schema is published beside it."""
    return {
        "schema": SCHEMA,
        "made_by": MADE_BY,
        "generator": __version__,
        "title": title,
        "models": [_model(model) for model in models],
        "files": files,
    }


_LISTS = ("models", "layers", "filters", "files")


def as_json(value: dict[str, Any]) -> bytes:
    """Return the manifest as JSON, a line for each filter and file: json's own indenting takes ten times as long."""
    return (_lines(value) + "\n").encode()


def _lines(value: dict[str, Any]) -> str:
    if not value.keys() & {*_LISTS}:
        return _line(value)
    parts = [
        f'"{name}": ' + ("[\n" + ",\n".join(map(_lines, held)) + "\n]" if name in _LISTS else _line(held))
        for name, held in value.items()
    ]
    return "{" + ",\n".join(parts) + "}"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _model(model: ModelView) -> dict[str, Any]:
    summary = model.summary
    return {
        "name": model.name,
        "source": model.entry.source
        if model.entry.kind not in ("file", "architecture")
        else model.entry.source.replace("\\", "/").split("/")[-1],
        "digest": summary.digest,
        "input_shape": list(summary.input_shape),
        "preprocess": summary.preprocess.label,
        "parameters": summary.parameters,
        "page": model.page,
        "layers": [_layer(view) for view in model.layers],
    }


def _layer(view: LayerView) -> dict[str, Any]:
    layer = view.layer
    return {
        "index": layer.index,
        "call": layer.call,
        "name": layer.name,
        "type": layer.type,
        "kernel_shapes": [list(shape) for shape in layer.kernel_shapes],
        "output_shape": list(layer.output_shape),
        "parameters": layer.parameters,
        "receptive_field": list(layer.receptive_field) if layer.receptive_field else None,
        "read_at": layer.read_at,
        "page": view.page,
        "filters": [_filter(one) for one in view.filters],
    }


def _filter(one: FilterView) -> dict[str, Any]:
    return {
        "index": one.index,
        "page": one.page,
        "verdict": one.verdict,
        "picture": one.picture.path,
        "pictures": [_picture(picture) for picture in one.pictures],
        "feature_maps": [{"path": m.file.path, "photo": m.photo, "response": m.response} for m in one.maps],
        "kernels": [one.kernel.file.path] if one.kernel else [],
    }


def _picture(picture: PictureView) -> dict[str, Any]:
    return {
        "path": picture.file.path,
        "settings": _settings(picture.settings),
        "seed": picture.settings.seed,
        "score": picture.score,
        "trace": thinned(picture.trace),
        "verdict": picture.verdict,
    }


def _settings(settings: RenderSettings) -> dict[str, Any]:
    """Return settings as config.yaml writes them; the seed stands beside them."""
    return {
        "method": settings.method,
        "objective": settings.objective.written,
        "sign": settings.sign,
        "size": settings.size,
        "margin": settings.margin,
        "steps": settings.steps,
        "learning_rate": settings.learning_rate,
        "transforms": [{kind: limit} for kind, limit in settings.transforms],
        "diversity": settings.diversity,
        "crops": settings.crops,
        "precision": settings.precision,
    }
