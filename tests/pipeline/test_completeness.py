"""What a site lacks of its configuration, found without a model and without the site's folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator.config import Config
from generator.config.values import LayerRule, ModelEntry
from generator.pipeline.completeness import unfinished
from generator.store import Store
from tests.summaries import conv, entry, summary

NETWORK = summary(conv(1, "stem"), conv(2, "top"))
REST = "To have the rest, run: filter-gallery build"


def config(folder: Path, *models: ModelEntry) -> Config:
    store = Store(folder)
    store.put_summary(NETWORK.digest, NETWORK.to_json())
    return Config("Gallery", folder / "site", folder, (), models)


def shown_models() -> list[dict[str, Any]]:
    """Return what a manifest lists of a whole site."""
    layers = [
        {"index": layer.index, "filters": [{"index": i} for i in range(layer.filters)]} for layer in NETWORK.layers
    ]
    return [{"name": "net", "digest": NETWORK.digest, "layers": layers}]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda models: None, []),
        (lambda models: models[0]["layers"].pop(), [f"1 of 2 layers of net are rendered. {REST}"]),
        (lambda models: models[0]["layers"][0]["filters"].pop(), [f"7 of 8 filters of net are rendered. {REST}"]),
        (lambda models: models.clear(), [f"the model net is not in the site. {REST}"]),
        (
            lambda models: models.append({**models[0], "name": "old"}),
            ["the site shows old, which is not in the configuration. Run: filter-gallery build"],
        ),
        (lambda models: models[0].update(digest="0" * 64), []),  # nothing is known of that model: the next build says
    ],
)
def test_what_the_configuration_selects_is_compared_with_the_site(
    change: Callable[[list[dict[str, Any]]], object], expected: list[str], tmp_path: Path
) -> None:
    models = shown_models()
    change(models)
    assert unfinished(config(tmp_path, entry()), models) == expected


def test_a_configuration_that_does_not_fit_the_model_any_more(tmp_path: Path) -> None:
    changed = entry(layers=(LayerRule("gone"),))
    expected = [f"the site shows net as it was before its configuration changed. {REST}"]
    assert unfinished(config(tmp_path, changed), shown_models()) == expected
