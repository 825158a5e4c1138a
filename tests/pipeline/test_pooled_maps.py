"""What a build keeps of feature maps and kernels beside their pictures, against an independent calculation."""

from __future__ import annotations

import base64
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from numpy.typing import NDArray

from generator.config import load_config
from generator.pipeline import prepare
from generator.pipeline.photos import open_photo
from generator.plan import FEATURE_MAP, KERNEL
from tests.pipeline.conftest import Place


def kept(place: Place, technique: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the layer's name and the record of each task of a technique."""
    ((prepared,), _) = prepare(load_config(place.folder / "config.yaml"))
    tasks = [task for task in prepared.now if task.technique == technique]
    records = [(task.layer.name, place.store.record(task.record_group, task.key)) for task in tasks]
    return [(name, record) for name, record in records if record]


def activation_of(model: keras.Model, name: str, photo: NDArray[Any]) -> NDArray[Any]:
    """Return a layer's activation (height, width, filters) on a photo, by Keras's operations alone."""
    value = photo[None].astype(np.float32) / 255
    for layer in (model.get_layer("first"), model.get_layer("second")):
        value = layer.activation(keras.ops.conv(value, layer.kernel) + layer.bias)
        if layer.name == name:
            break
    return np.asarray(value)[0]


@pytest.mark.case("relu6-ceiling")
def test_of_a_capped_layer_photos_are_measured_without_the_ceiling_too(place: Place) -> None:
    image = keras.Input((20, 20, 3))
    x = layers.Conv2D(4, 3, name="first")(layers.Rescaling(4.0)(image))
    keras.Model(image, layers.Conv2D(3, 3, name="second")(layers.ReLU(6.0)(x))).save(place.folder / "tiny.keras")
    summary, _ = place.build()
    assert summary.failures == ()
    model = keras.models.load_model(place.folder / "tiny.keras")
    photo = open_photo(load_config(place.folder / "config.yaml").photos[0]).fitted((224, 224), 3)
    first = model.get_layer("first")
    linear = np.asarray(keras.ops.conv(4.0 * photo[None].astype(np.float32), first.kernel))[0] + np.asarray(first.bias)
    ((name, capped), (other, plain)) = kept(place, FEATURE_MAP)
    assert (name, other) == ("first", "second")
    assert not any("uncapped" in entry for entry in plain["filters"])
    for entry in capped["filters"]:
        own = linear[..., entry["filter"]].astype(np.float64)
        assert entry["response"] == pytest.approx(np.clip(own, 0, 6).mean(), rel=1e-4)
        assert entry["uncapped"]["response"] == pytest.approx(np.maximum(own, 0).mean(), rel=1e-4)
        assert entry["uncapped"]["peak"] == pytest.approx(max(own.max(), 0), rel=1e-4)
        assert entry["peak"] <= 6


def test_maps_are_kept_in_8_by_8_cells_and_kernels_with_those_most_alike(place: Place) -> None:
    summary, _ = place.build(steps=1)
    assert summary.failures == ()
    model = keras.models.load_model(place.folder / "tiny.keras")
    maps = kept(place, FEATURE_MAP)
    photo, size = open_photo(load_config(place.folder / "config.yaml").photos[0]), (224, 224)
    assert [name for name, _ in maps] == ["first", "second"]
    for name, record in maps:
        activation = activation_of(model, name, photo.fitted(size, 3))
        height, width = activation.shape[:2]
        fine = activation.astype(np.float64).repeat(8, axis=0).repeat(8, axis=1)
        cells = fine.reshape(8, height, 8, width, -1).mean(axis=(1, 3))
        for entry in record["filters"]:
            expected, pooled_map = cells[..., entry["filter"]], entry["sketch"]
            stored = np.frombuffer(base64.b64decode(pooled_map["cells"]), np.uint8).reshape(8, 8)
            step = (pooled_map["high"] - pooled_map["low"]) / 255
            np.testing.assert_allclose(pooled_map["low"] + stored * step, expected, atol=0.51 * step)
            assert (stored.min(), stored.max()) == (0, 255)
            assert entry["places"] == pytest.approx((activation[..., entry["filter"]] > 0).mean(), abs=1e-4)
            assert entry["response"] == pytest.approx(expected.mean(), rel=1e-4)
    for name, record in kept(place, KERNEL):
        weights = model.get_layer(name).get_weights()[0]
        flat = weights.reshape(-1, weights.shape[-1]).T.astype(np.float64)
        cosines = flat @ flat.T / np.outer(*[np.linalg.norm(flat, axis=1)] * 2)
        for entry in record["filters"]:
            row = {i: value for i, value in enumerate(cosines[entry["filter"]]) if i != entry["filter"] and value > 0}
            assert [index for index, _ in entry["alike"]] == sorted(row, key=lambda i: -row[i])
            assert dict(entry["alike"]) == pytest.approx(row, abs=1e-4)
