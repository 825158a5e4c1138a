"""VGG16 and ResNet50V2, with random weights, from the configuration to a page for each convolutional layer."""

from __future__ import annotations

import json

import keras
import pytest

from tests.cli.conftest import Gallery

SHAPE = (96, 96, 3)
SETTINGS = "photos: [chelsea]\nrender: {size: 64, steps: 4}\n"


def convolutions(name: str) -> list[str]:
    """Return the names of a network's convolutional layers, as Keras tells them."""
    model = getattr(keras.applications, name)(weights=None, include_top=False, input_shape=SHAPE)
    return [layer.name for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "count"), [("VGG16", 13), ("ResNet50V2", 53)])
def test_every_convolutional_layer_gets_a_page(
    name: str, count: int, empty: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.cli import conftest

    monkeypatch.setattr(conftest, "SECONDS", 900)
    empty.configure(f"{{source: {name}, weights: random, input_shape: [96, 96, 3], filters: 2}}", more=SETTINGS)
    done = empty.run_alone("build")
    assert done.status == 0, done.err
    expected = convolutions(name)
    assert len(expected) == count
    site = empty.site()
    (model,) = json.loads(site["manifest.json"])["models"]
    assert sorted(layer["name"] for layer in model["layers"]) == sorted(expected)
    for layer in model["layers"]:
        assert layer["page"] in site
        assert [filter_["page"] in site for filter_ in layer["filters"]] == [True] * 2
