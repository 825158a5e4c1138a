"""The most active filters: those that answer the photos most, found once and remembered."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from generator.pipeline import activity
from tests.pipeline.conftest import Place


def save(path: Path, filters: int = 12) -> keras.Model:
    """Save a network whose filters answer red pictures in another order than blue ones."""
    keras.utils.set_random_seed(3)
    image = keras.Input((None, None, 3))
    x = layers.Rescaling(1 / 255)(image)
    x = layers.Conv2D(filters, 1, activation="relu", name="first", kernel_initializer="random_normal")(x)
    x = layers.Conv2D(filters, 3, activation="relu", name="second")(x)
    model = keras.Model(image, x)
    model.save(path)
    return model


def strongest(model: keras.Model, layer: str, pictures: list[np.ndarray], count: int) -> list[int]:
    part = keras.Model(model.inputs, model.get_layer(layer).output)
    means = [np.asarray(part(p[None].astype(np.float32))).mean(axis=(0, 1, 2)) for p in pictures]
    return sorted(np.argsort(-np.max(means, axis=0), kind="stable")[:count].tolist())


def shown(place: Place, model: str, layer: str) -> list[int]:
    return sorted(int(page.stem) for page in (place.folder / "site" / model / layer).glob("0*.html"))


@pytest.fixture
def colours(place: Place) -> dict[str, np.ndarray]:
    rng, found = np.random.default_rng(0), {}
    for name, mean in {"red": (220, 30, 30), "blue": (30, 30, 220)}.items():
        pixels = np.clip(rng.normal(mean, 20, (224, 224, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(place.folder / f"{name}.png")
        found[name] = pixels
    return found


def build(place: Place, photos: str, models: str, layers_said: str = "") -> Any:
    path = place.configure(models=models)
    path.write_text(path.read_text().replace("photos: [chelsea]", f"photos: {photos}"))
    from generator.config import load_config
    from generator.pipeline import TaskDone
    from generator.pipeline import build as run

    done: list[str] = []
    summary = run(
        load_config(path), on_event=lambda e: done.append(e.task.technique) if isinstance(e, TaskDone) else None
    )
    return summary, done


def test_the_filters_that_answer_the_photos_most_are_shown(place: Place, colours: dict[str, np.ndarray]) -> None:
    model = save(place.folder / "net.keras")
    entry = "[{source: net.keras, filters: {most_active: 3}, layers: {first: , second: {filters: {most_active: 2}}}}]"
    for photos, pictures in {
        "[red.png]": [colours["red"]],
        "[blue.png]": [colours["blue"]],
        "[red.png, blue.png]": list(colours.values()),
    }.items():
        summary, _ = build(place, photos, entry)
        assert summary.failures == ()
        assert shown(place, "net", "001-first") == strongest(model, "first", pictures, 3)
        assert shown(place, "net", "002-second") == strongest(model, "second", pictures, 2)
    assert strongest(model, "first", [colours["red"]], 3) != strongest(model, "first", [colours["blue"]], 3)


def test_they_are_found_once(place: Place, colours: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    save(place.folder / "net.keras")
    entry = "[{source: net.keras, filters: {most_active: 3}}]"
    build(place, "[red.png]", entry)

    def never(*words: object) -> Any:
        raise AssertionError("measured again")

    monkeypatch.setattr(activity, "measure", never)
    _, done = build(place, "[red.png]", entry)
    assert done == []
    assert "generator.pipeline.activity" in sys.modules


def test_more_than_there_are_is_all(place: Place, colours: dict[str, np.ndarray]) -> None:
    save(place.folder / "net.keras", filters=5)
    build(place, "[red.png]", "[{source: net.keras, filters: {most_active: 99}}]")
    assert shown(place, "net", "001-first") == [0, 1, 2, 3, 4]


def test_what_cannot_be_shown_the_photos_costs_its_own_model_alone(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(place.folder / "net.keras")

    def fail(*words: object) -> Any:
        raise RuntimeError("no\nway")

    monkeypatch.setattr(activity, "measure", fail)
    summary, done = place.build(models="[{source: net.keras, filters: {most_active: 3}}, tiny.keras]")
    (failure,) = summary.failures
    assert failure.message == "net: cannot be shown the photos: no way"
    assert [technique for technique, _, _ in done].count("picture") == 2
