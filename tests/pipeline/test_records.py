"""What a build keeps of every kind of picture, against an independent calculation."""

from __future__ import annotations

import io
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from numpy.typing import NDArray
from PIL import Image

from generator.config import RenderSettings, load_config
from generator.pipeline import prepare
from generator.plan import Task
from tests.pipeline.conftest import Place, save_network

Array = NDArray[Any]

EVERYTHING = "sign: both, repeats: 2, crops: 3, objective: [channel, neuron, {direction: {0: 1, 2: -0.5}}]"


def rendered(place: Place, render: str, steps: int = 4) -> list[tuple[Task, RenderSettings, dict[str, Any]]]:
    """Build; return the tasks of pictures with their settings and what was kept."""
    summary, _ = place.build(render=render, steps=steps)
    assert summary.failures == ()
    ((prepared,), _) = prepare(load_config(place.folder / "config.yaml"))
    found = []
    for task in prepared.now:
        record = place.store.record(task.record_group, task.key)
        assert record is not None
        if task.settings:
            found.append((task, task.settings, record))
    return found


def opened(place: Place, blob: str) -> Image.Image:
    """Return a file that was kept."""
    return Image.open(io.BytesIO(place.store.blob(blob)))


@lru_cache(maxsize=1)
def network(path: Path) -> keras.Model:
    """Return a network as Keras itself reads it."""
    return keras.models.load_model(path)


def before_activation(place: Place, layer: str, picture: Array) -> Array:
    """Return a layer's pre-activation (height, width, channels) for a picture, by Keras alone."""
    model = network(place.folder / "tiny.keras")
    value = layers.Rescaling(1 / 255)(picture[None].astype(np.float32))
    for own in (model.get_layer("first"), model.get_layer("second")):
        linear = keras.ops.conv(value, own.kernel) + own.bias
        if own.name == layer:
            return np.asarray(linear)[0]
        value = own.activation(linear)
    raise AssertionError(layer)


def expected_score(before: Array, layer: str, index: int, settings: RenderSettings) -> float:
    """Return what a picture is scored by, as the documentation says it; ``first`` has a ReLU, ``second`` nothing."""
    fired = np.maximum(before, 0) if layer == "first" else before
    if settings.sign == "negative":
        fired = np.maximum(-before, 0)
    if settings.objective.kind == "neuron":
        return float(fired[7, 7, index] if layer == "first" else fired[6, 6, index])
    if settings.objective.kind == "direction":
        return float((fired[..., 0] - 0.5 * fired[..., 2]).mean())
    return float(fired[..., index].mean())


@pytest.mark.parametrize("method", ["fourier", "maco", "pixel"])
def test_every_picture_is_scored_by_its_own_objective_from_its_file(method: str, place: Place) -> None:
    found = rendered(place, f"method: {method}, {EVERYTHING}")
    assert len(found) == 2 * 12
    for task, settings, record in found:
        assert record["size"] == [16, 16]
        assert [entry["filter"] for entry in record["filters"]] == list(task.filters)
        for entry in record["filters"]:
            (picture,) = entry["pictures"]
            with opened(place, picture["picture"]) as image:
                assert (image.size, image.mode) == ((16, 16), "RGBA" if picture["transparent"] else "RGB")
                pixels = np.asarray(image.convert("RGB"))
            before = before_activation(place, task.layer.name, pixels)
            score = expected_score(before, task.layer.name, entry["filter"], settings)
            assert picture["score"] == pytest.approx(score, rel=1e-4, abs=1e-5), (task.layer.name, settings)
            assert picture["reached"] >= picture["score"]
            found_again = (picture["second"] or 0) > 0
            assert picture["transparent"] is (method == "maco" and not found_again)
            assert [step for step, _ in picture["growth"]] == [0, 2]
            assert {opened(place, blob).size for _, blob in picture["growth"]} == {(16, 16)}
            assert len(picture["trace"]) == 4


def test_the_filters_of_a_direction_share_its_picture(place: Place) -> None:
    for task, _, record in rendered(place, "objective: {direction: {0: 1, 2: -0.5}}, diversity: 4"):
        first, second = record["filters"]
        assert task.filters == (first["filter"], second["filter"]) == (0, 2)
        assert first["pictures"] == second["pictures"]
        assert len(first["pictures"]) == 1


def test_the_diverse_pictures_of_a_filter_are_kept_together_and_differ(place: Place) -> None:
    for task, _, record in rendered(place, "diversity: 3"):
        assert [entry["filter"] for entry in record["filters"]] == list(task.filters)
        files = [[picture["picture"] for picture in entry["pictures"]] for entry in record["filters"]]
        assert [len(set(own)) for own in files] == [3] * len(files)
        assert len({blob for own in files for blob in own}) == 3 * len(files)


def test_another_seed_or_sign_gives_another_picture(place: Place) -> None:
    found = rendered(place, "sign: both, repeats: 2")
    for layer in ("first", "second"):
        records = [record for task, _, record in found if task.layer.name == layer]
        for entries in zip(*(record["filters"] for record in records), strict=True):
            assert len({entry["pictures"][0]["picture"] for entry in entries}) == len(records) == 4


def test_a_gray_network_gets_gray_pictures_and_their_transparency(place: Place) -> None:
    save_network(place.folder / "gray.keras", bias=0.5, channels=1)
    summary, _ = place.build(models="[gray.keras, {source: gray.keras, name: b, render: {method: maco, crops: 2}}]")
    assert summary.failures == ()
    modes = set()
    for record in place.pictures():
        for entry in record["filters"]:
            with opened(place, entry["pictures"][0]["picture"]) as image:
                pixels = np.asarray(image.convert("RGB")).astype(int)
                modes.add((entry["pictures"][0]["transparent"], image.mode))
            assert np.ptp(pixels, axis=-1).max() <= 2
    assert modes == {(False, "RGB"), (True, "RGBA")}


def test_a_layer_behind_one_that_is_silent_on_the_start_is_climbed_all_the_same(place: Place) -> None:
    save_network(place.folder / "tiny.keras", bias=0.0)
    rendered(place, "sign: both, objective: [channel, neuron]", steps=64)
    reached = [entry["pictures"][0]["reached"] for record in place.pictures() for entry in record["filters"]]
    assert len(reached) == 4 * (4 + 3)
    assert min(reached) > 0


@pytest.mark.case("linear-dead")
def test_a_filter_of_a_shortcut_that_is_below_zero_on_every_photo_is_not_dead(place: Place) -> None:
    keras.utils.set_random_seed(3)
    image = keras.Input((20, 20, 3))
    stem = layers.Conv2D(4, 3, padding="same", activation="relu", name="first")(layers.Rescaling(1 / 255)(image))
    beside = layers.BatchNormalization(name="norm")(layers.Conv2D(4, 1, name="shortcut")(stem))
    model = keras.Model(image, layers.Conv2D(3, 1, name="head")(layers.Add()([stem, beside])))
    model.get_layer("norm").beta.assign([-5.0] * 4)
    kernel = np.asarray(model.get_layer("head").kernel).copy()
    kernel[..., 2] = 0  # the same whatever the picture
    model.get_layer("head").set_weights([kernel, np.array([-9.0, 0.0, -2.0], np.float32)])
    model.save(place.folder / "tiny.keras")
    place.build()
    (_, shortcut, head) = json.loads((place.folder / "site/manifest.json").read_bytes())["models"][0]["layers"]
    for shown in (*shortcut["filters"], head["filters"][0]):
        assert max(feature_map["response"] for feature_map in shown["feature_maps"]) < 0
        assert shown["verdict"] in ("converged", "weak")
        assert not shown["pictures"][0]["empty"]
    assert head["filters"][2]["verdict"] == "dead"
