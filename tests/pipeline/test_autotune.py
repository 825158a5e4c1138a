"""The short measurement: what is chosen for which paces and scores, and that what it measures can be run."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from keras import layers

from generator.config.values import ObjectiveSpec, complete_settings
from generator.models.load import LoadedModel
from generator.models.summary import ConvLayer
from generator.pipeline import autotune
from generator.plan import tuning
from generator.plan.tuning import memory_limit
from generator.render.optimize import Optimizer
from tests.render.nets import assembled, scrambled

SETTINGS = complete_settings({"size": 16, "steps": 64})


@keras.saving.register_keras_serializable("filter-gallery-tests")
class OnlyFull(layers.Layer):
    """A layer of the model's own that raises in bfloat16."""

    def call(self, x: Any) -> Any:
        """Return what came."""
        if keras.backend.standardize_dtype(x.dtype) == "bfloat16":
            raise TypeError("this layer knows float32 alone")
        return x + 0.0


def network(*between: Any, filters: int = 48) -> LoadedModel:
    image = keras.Input((None, None, 3))
    x = layers.Conv2D(40, 3, padding="same", activation="relu", name="first")(layers.Rescaling(1 / 127.5, -1)(image))
    for layer in between:
        x = layer(x)
    x = layers.Conv2D(filters, 3, padding="same", activation="relu", name="deepest")(x)
    return assembled(scrambled(keras.Model(image, x)))


def shown(model: LoadedModel, settings: Any = SETTINGS) -> list[tuple[ConvLayer, Any]]:
    return [(layer, settings) for layer in model.summary.layers]


class Paces:
    """Stands in for the clock: seconds for each filter by precision and batch, and by layer."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, half: float = 1.0, small: dict[int, float] | None = None
    ) -> None:
        monkeypatch.setattr(autotune, "multiplies_bfloat16", lambda: True)
        self.asked: list[tuple[int, str, int]] = []
        self.half, self.small = half, small or {}
        paces = self

        def pace(self: Optimizer, filters: tuple[int, ...], steps: int = 3) -> float:
            precision = "bfloat16" if self.network.dtype == "bfloat16" else "float32"
            paces.asked.append((self._target.layer, precision, len(filters)))
            assert len(set(filters)) == len(filters)
            return (paces.half if precision == "bfloat16" else 1.0) * (
                paces.small.get(self._target.layer, 1.0) if len(filters) == 8 else 1.0
            )

        monkeypatch.setattr(Optimizer, "pace", pace)


def scored(monkeypatch: pytest.MonkeyPatch, full: float, half: float) -> None:
    def total_score(model: Any, layer: Any, settings: Any, filters: Any, optimizer: Optimizer) -> float:
        return half if optimizer.network.dtype == "bfloat16" else full

    monkeypatch.setattr(autotune, "total_score", total_score)


@pytest.mark.parametrize(
    ("pace", "full", "half", "expected"),
    [
        (0.5, 10.0, 10.0, "bfloat16"),
        (0.5, 10.0, 9.8, "bfloat16"),
        (0.5, 10.0, 12.0, "bfloat16"),
        (0.5, 10.0, 9.5, "float32"),  # it costs quality
        (0.5, 10.0, float("nan"), "float32"),
        (0.86, 10.0, 10.0, "bfloat16"),
        (0.88, 10.0, 10.0, "float32"),  # it hardly pays
        (1.0, 10.0, 10.0, "float32"),
        (3.0, 10.0, 10.0, "float32"),
    ],
)
def test_bfloat16_must_pay_and_keep_the_pictures_quality(
    monkeypatch: pytest.MonkeyPatch, pace: float, full: float, half: float, expected: str
) -> None:
    Paces(monkeypatch, half=pace)
    scored(monkeypatch, full, half)
    model = network()
    assert autotune.measure(model, shown(model)).precision == expected


@pytest.mark.parametrize(
    ("small", "expected"),
    [
        ({}, (32, 32)),
        ({2: 0.5}, (32, 8)),
        ({1: 0.5}, (8, 32)),
        ({1: 0.8, 2: 0.8}, (8, 8)),
        ({1: 0.9, 2: 0.9}, (32, 32)),  # not plainly faster
        ({1: 2.0, 2: 2.0}, (32, 32)),
    ],
)
def test_the_larger_batch_unless_the_smaller_is_plainly_faster(
    monkeypatch: pytest.MonkeyPatch, small: dict[int, float], expected: tuple[int, int]
) -> None:
    paces = Paces(monkeypatch, half=2.0, small=small)
    model = network()
    found = autotune.measure(model, shown(model))
    first, deepest = model.summary.layers
    assert dict(found.batches) == {first.floats: expected[0], deepest.floats: expected[1]}
    for layer, size in zip(model.summary.layers, expected, strict=True):
        assert found.batch_size(model.summary, layer, SETTINGS) == size
    assert autotune.measure(model, shown(model)) == found, "the same paces, the same choice"
    assert {(layer, precision) for layer, precision, count in paces.asked if count == 32} == {
        (1, "float32"),
        (2, "float32"),
    }


@pytest.mark.parametrize("filters", [2, 8, 20])
def test_layers_with_few_filters_are_tried_with_what_they_have(monkeypatch: pytest.MonkeyPatch, filters: int) -> None:
    paces = Paces(monkeypatch, half=2.0)
    model = network(filters=filters)
    found = autotune.measure(model, shown(model)[1:])
    assert max(count for _, _, count in paces.asked) == filters
    assert found.batch_size(model.summary, model.summary.layers[1], SETTINGS) == 32


@pytest.mark.parametrize("memory", [1 << 20, 1 << 22, 1 << 24])
def test_batches_fit_into_memory(monkeypatch: pytest.MonkeyPatch, memory: int) -> None:
    monkeypatch.setattr(tuning, "memory_for_batches", lambda: memory)
    paces = Paces(monkeypatch, half=2.0)
    model = network()
    found = autotune.measure(model, shown(model))
    for layer in model.summary.layers:
        limit = memory_limit(model.summary, layer, SETTINGS)
        assert found.batch_size(model.summary, layer, SETTINGS) <= limit
        assert all(count <= limit for index, _, count in paces.asked if index == layer.index)


@pytest.mark.parametrize("between", [(), (OnlyFull(),)], ids=["plain", "a layer that raises in bfloat16"])
def test_the_measurement_itself(between: tuple[Any, ...]) -> None:
    """Nothing is replaced here: what it measures depends on the machine, but not what it may return."""
    model = network(*between)
    policies = [layer.dtype_policy for layer in model.keras_model.layers]
    found = autotune.measure(model, shown(model))
    assert found.precision in (("float32",) if between else ("float32", "bfloat16"))
    assert len(found.batches) == 2
    assert {batch for _, batch in found.batches} <= {8, 32}
    assert [layer.dtype_policy for layer in model.keras_model.layers] == policies


def test_where_a_layer_raises_in_bfloat16_it_is_not_chosen_however_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autotune, "multiplies_bfloat16", lambda: True)
    model = network(OnlyFull())
    own = Optimizer.pace

    def pace(self: Optimizer, filters: tuple[int, ...], steps: int = 3) -> float:
        return own(self, filters, steps) * (1e-6 if self.network.dtype == "bfloat16" else 1.0)

    monkeypatch.setattr(Optimizer, "pace", pace)
    assert autotune.measure(model, shown(model)).precision == "float32"
    plain = network()
    assert autotune.measure(plain, shown(plain)).precision == "bfloat16"


@pytest.mark.parametrize(
    "settings",
    [
        {"sign": "negative", "diversity": 3},
        {"method": "pixel"},
        {"method": "maco", "crops": 2},
        {"objective": (ObjectiveSpec("direction", ((0, 1.0), (5, -1.0))),)},
        {"steps": 4},
    ],
)
def test_whatever_the_settings_something_is_measured(settings: dict[str, Any]) -> None:
    model = network()
    chosen = complete_settings({"size": 16, **settings})
    found = autotune.measure(model, shown(model, chosen)[:1])
    assert found.precision in ("float32", "bfloat16")
    assert len(found.batches) == 1


def test_bfloat16_is_not_tried_where_it_would_be_emulated(monkeypatch: pytest.MonkeyPatch) -> None:
    paces = Paces(monkeypatch, half=0.1)
    monkeypatch.setattr(autotune, "multiplies_bfloat16", lambda: False)
    model = network()
    assert autotune.measure(model, shown(model)).precision == "float32"
    assert {precision for _, precision, _ in paces.asked} == {"float32"}
