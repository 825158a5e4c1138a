"""A gallery in which every name that can be chosen is meant to do harm, and every kind of picture is shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from generator.config.values import ObjectiveSpec
from generator.models.summary import ArchitectureRow
from generator.names import slug, unique_slugs
from generator.plan import PhotoIdentity
from tests.pages.gallery import Gallery
from tests.summaries import conv, entry, summary

IMAGE, SCRIPT, CLIMB = "<img src=x onerror=alert(1)>", "\"'></a></title><script>alert(1)</script>", "../../etc"
HOSTILE = [IMAGE, SCRIPT, CLIMB, "{{ 7 * 7 }} &amp; %s", "a/b\\c", "javascript:alert(1)", "CON", "ok"]
EVERY_KIND = (
    ("diversity", 2),
    ("method", "maco"),
    ("objective", (ObjectiveSpec(), ObjectiveSpec("neuron"), ObjectiveSpec("direction", ((0, 1.0), (1, -1.0))))),
    ("repeats", 2),
    ("sign", "both"),
)


def hostile(folder: Path) -> Gallery:
    """Return a gallery in which every name that a user or a model can choose is one of those above."""
    models = []
    for number, (name, page) in enumerate(zip(HOSTILE, unique_slugs(HOSTILE), strict=True)):
        layers = [
            conv(i, layer, 2, slug=f"{i:03d}-{slug(layer)}", read_at=layer, type=layer, activation=layer)
            for i, layer in enumerate(HOSTILE, 1)
        ]
        rows = tuple(ArchitectureRow(c.name, c.name, c.output_shape, 1, c.index) for c in layers)
        rows += (ArchitectureRow(name, name, (None,), 0, None),)
        label = replace(summary().preprocess, label=name)
        digest = f"{number:064d}"
        network = summary(
            *layers, digest=digest, preprocess=label, warnings=(name,), left_out=(name,), architecture=rows
        )
        kinds = EVERY_KIND if number % 2 else ()
        models.append((entry(name, page, source=f"/home/me/secret/{slug(name)}.keras", render=kinds), network))
    photos = [PhotoIdentity(name, f"{i:064d}", (32, 48)) for i, name in enumerate(HOSTILE[:3])]
    return Gallery(folder, models, title=SCRIPT, photos=photos)
