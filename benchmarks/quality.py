"""Quality of the finished files: the default method against the reference, the defaults against their neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.common import NETWORKS, Array, battered, best_photo, contrast, load_named, spread
from generator.build import images
from generator.config.values import complete_settings
from generator.models.load import LoadedModel
from generator.render import objective
from generator.render.ascent import Ascender, responses

SIZE, STEPS, FILTERS = 64, 128, 4


class Measured:
    """Scores of a network's spread filters under one choice of settings, as saved and after rough handling."""

    def __init__(self, model: LoadedModel, quality: int = images.QUALITY, **chosen: Any) -> None:
        self.saved, self.rough, self.alive = [], [], []
        before, images.QUALITY = images.QUALITY, quality
        for layer in model.card.layers:
            filters = spread(model, layer.index, FILTERS)
            settings = complete_settings({"size": SIZE, "steps": STEPS, **chosen})
            pictures = Ascender(model, layer.index, settings).run(filters).pictures
            pixels = np.stack([images.decode(images.webp(picture)) for picture in pictures])
            photos = best_photo(model, layer.index, filters)
            score = responses(model, layer.index, filters, pixels)
            self.saved.append(score)
            self.rough.append(responses(model, layer.index, filters, np.stack([battered(p) for p in pixels])))
            self.alive.append(((contrast(pixels) >= 0.05) & (score > photos))[photos > 0])
        images.QUALITY = before

    def against(self, other: Measured) -> tuple[float, float]:
        """Return the median ratios of the scores, saved and roughly handled, over filters alive under both."""
        return tuple(self._ratio(getattr(self, kind), getattr(other, kind)) for kind in ("saved", "rough"))  # type: ignore[return-value]

    @staticmethod
    def _ratio(own: list[Array], other: list[Array]) -> float:
        a, b = np.concatenate(own), np.concatenate(other)
        both = (a > 0) & (b > 0)
        return float(np.median(a[both] / b[both]))

    @property
    def share(self) -> float:
        """Return the share of responding filters that are alive."""
        return float(np.concatenate(self.alive).mean())


def rows() -> list[str]:
    """Return the table's rows: each choice against the default, on both networks."""
    found = []
    for name in NETWORKS:
        model = load_named(name)
        default = Measured(model)
        choices: list[tuple[str, dict[str, Any]]] = [
            ("method pixel, 128 steps", {"method": "pixel"}),
            ("learning rate 0.05", {"learning_rate": 0.05}),
            ("learning rate 0.2", {"learning_rate": 0.2}),
            ("steps 64", {"steps": 64}),
            ("steps 256", {"steps": 256}),
            ("margin 0", {"margin": 0}),
            ("WebP quality 80", {"quality": 80}),
        ]
        short = name.split("/")[-1]
        found.append(f"| {short} | default | {default.share:.0%} | 1.00 | 1.00 |")
        for label, chosen in choices:
            other = Measured(model, **chosen)
            saved, rough = other.against(default)
            found.append(f"| {short} | {label} | {other.share:.0%} | {saved:.2f} | {rough:.2f} |")
        slope, objective.SLOPE = objective.SLOPE, 0.01
        other = Measured(model)
        objective.SLOPE = slope
        saved, rough = other.against(default)
        found.append(f"| {short} | slope 0.01 | {other.share:.0%} | {saved:.2f} | {rough:.2f} |")
    return found
