"""A filter that the search from noise misses, and an image excites: it is found from there, and is not called dead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from generator.config import load_config
from generator.pipeline import AgainFromExamples, Event, build
from generator.pipeline.from_examples import filled

SIDE = 32


def save_blind_network(path: Path) -> None:
    """Save a network whose second layer has no gradient anywhere but where its first fires: at a sharp edge."""
    edge = np.zeros((15, 15, 1, 1), np.float32)
    edge[:, :7], edge[:, 8:] = 1 / 105, -1 / 105
    first = layers.Conv2D(1, 15, activation="relu", name="edge")
    second = layers.Conv2D(1, 1, activation="relu", name="behind")
    model = keras.Sequential([keras.Input((None, None, 1)), layers.Rescaling(1 / 255), first, second])
    first.set_weights([edge, np.array([-0.66], np.float32)])
    second.set_weights([np.ones((1, 1, 1, 1), np.float32), np.zeros(1, np.float32)])
    model.save(path)


@pytest.fixture
def folder(tmp_path: Path, measured: object) -> Path:
    save_blind_network(tmp_path / "net.keras")
    Image.new("L", (SIDE, SIDE), 128).save(tmp_path / "gray.png")
    (tmp_path / "images").mkdir()
    for number in range(6):
        pixels = np.full((SIDE, SIDE), 110 + number, np.uint8)
        if number == 3:
            pixels[:, :10], pixels[:, 10:] = 220, 40
        Image.fromarray(pixels).save(tmp_path / f"images/{number}.png")
    return tmp_path


def built(folder: Path, dataset: str) -> tuple[list[Any], list[int]]:
    """Return the filters of the second layer in the manifest, and how many began again at each build's example."""
    (folder / "config.yaml").write_text(
        f"render: {{size: 32, steps: 24}}\nphotos: [gray.png]\ndataset: {dataset}\nmodels: [net.keras]\n"
    )
    again: list[int] = []

    def listen(event: Event) -> None:
        if isinstance(event, AgainFromExamples):
            again.append(event.filters)

    assert not build(load_config(folder / "config.yaml"), on_event=listen).failures
    return json.loads((folder / "site/manifest.json").read_text())["models"][0]["layers"][1]["filters"], again


@pytest.mark.case("dead-too-soon")
def test_a_filter_that_only_an_image_excites_is_found_from_there(folder: Path) -> None:
    (without,), _ = built(folder, "none")
    assert without["verdict"] == "dead"
    (found,), again = built(folder, "images")
    assert found["verdict"] == "converged"
    assert again == [1]
    assert [picture["start"] for picture in found["pictures"]] == ["example", "noise"]
    assert found["pictures"][0]["score"] > 0
    assert found["dataset"]["fires_in"] == pytest.approx(1 / 6)
    page = (folder / "site" / found["page"]).read_text()
    assert "From its best example." in page
    _, again = built(folder, "images")
    assert again == []


def test_what_is_not_published_is_no_start_but_counts_as_evidence(folder: Path) -> None:
    (found,), again = built(folder, "{source: images, publish: false}")
    assert (found["verdict"], again) == ("weak", [])
    assert [picture["start"] for picture in found["pictures"]] == ["noise"]
    page = (folder / "site" / found["page"]).read_text()
    assert "though an image does in places" in page


def test_a_part_is_mirrored_until_the_picture_is_full() -> None:
    pixels = np.arange(12, dtype=np.float32).reshape(3, 4, 1)
    assert filled(pixels, (0, 0, 3, 4), (3, 4)).tolist() == pixels.tolist()
    wide = filled(pixels, (1, 1, 1, 2), (1, 8))[0, :, 0].tolist()
    assert wide == [6, 6, 5, 5, 6, 6, 5, 5]
    assert filled(pixels, (0, 0, 3, 4), (1, 2))[0, :, 0].tolist() == [5, 6]
