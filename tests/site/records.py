"""Typed records of a site, made up for tests."""

from __future__ import annotations

from typing import Any

from generator.site.records import Filter, Layer, Model, Technique


def technique(count: int, slug: str = "picture", **fields: Any) -> Technique:
    """Return a technique of so many filters without files."""
    return Technique(
        **{"slug": slug, "title": slug, "kind": "picture", "photo": None, "files": (None,) * count, "sheets": ()}
        | fields
    )


def shown(index: int, **fields: Any) -> Filter:
    """Return what is shown of a filter: one picture."""
    settings = {
        "method": "fourier",
        "objective": "channel",
        "sign": "positive",
        "size": 64,
        "margin": 8,
        "steps": 16,
        "learning_rate": 0.3,
        "transforms": (),
        "diversity": 1,
        "crops": 0,
        "precision": "float32",
    }
    picture = {
        "path": f"p/{index}.webp",
        "settings": settings,
        "seed": 0,
        "score": float(index),
        "trace": (0.0, 1.0),
        "verdict": "converged",
        "empty": False,
    }
    return Filter.model_validate(
        {
            "index": index,
            "page": f"p/{index}.html",
            "verdict": "converged",
            "picture": picture["path"],
            "pictures": (picture,),
            "feature_maps": (),
            "kernels": (),
            "flags": (),
        }
        | fields
    )


def layer(name: str, slug: str, filters: tuple[int, ...], call: int = 1, **fields: Any) -> Layer:
    """Return a layer that shows these filters, the last the strongest."""
    return Layer.model_validate(
        {
            "index": 1,
            "call": call,
            "name": name,
            "title": name if call == 1 else f"{name} (call {call})",
            "slug": slug,
            "type": "Conv2D",
            "kernel_shapes": ((3, 3, 3, 8),),
            "output_shape": (None, None, 8),
            "parameters": 224,
            "receptive_field": (3, 3),
            "read_at": name,
            "page": f"net/{slug}/index.html",
            "filter_count": 8,
            "strongest": tuple(reversed(filters))[:12],
            "techniques": (technique(len(filters)),),
            "filters": tuple(map(shown, filters)),
        }
        | fields
    )


def model(name: str, *layers: Layer, slug: str = "") -> Model:
    """Return a model with these layers."""
    return Model(
        name=name,
        slug=slug or name,
        source="file.keras",
        digest="0" * 64,
        input_shape=(None, None, 3),
        preprocess="none",
        parameters=224,
        page=f"{slug or name}/index.html",
        layers=layers,
    )
