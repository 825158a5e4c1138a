"""Activation maximisation as a whole: what every method promises, for networks of every shape."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from generator.config.values import ObjectiveSpec, complete_settings
from generator.models.load import LoadedModel
from generator.models.summary import WHOLE_INPUT
from generator.render import optimize as optimization
from generator.render.network import Network
from generator.render.optimize import Optimizer, method_for, picture_rng, scores, snapshot_steps
from generator.render.target import TargetLayer
from tests.render.nets import assembled, centred, scrambled
from tests.summaries import conv

SMALL = complete_settings({"size": 24, "steps": 24})
METHODS: dict[str, dict[str, Any]] = {
    "fourier": {},
    "fourier, noisy": {"transforms": (("shift", 0.1), ("noise", 0.1))},
    "pixel": {"method": "pixel"},
    "maco": {"method": "maco", "crops": 2},
    "diverse": {"diversity": 2},
    "bfloat16": {"precision": "bfloat16"},
    "direction": {"objective": (ObjectiveSpec("direction", ((0, 1.0), (3, -0.5))),)},
}


def settings_of(method: str, **more: Any) -> Any:
    return complete_settings({"size": 24, "steps": 6, **METHODS[method], **more})


# ------------------------------------------------------------------------------------------ seeds and batches


@pytest.mark.parametrize("method", METHODS)
def test_same_seed_same_bytes_and_another_seed_another_picture(two_layers: LoadedModel, method: str) -> None:
    optimizer = Optimizer(two_layers, 2, settings_of(method))
    first, again = optimizer.run((0, 3)), optimizer.run((0, 3))
    anew = Optimizer(two_layers, 2, settings_of(method)).run((0, 3))
    other = optimizer.run((0, 3), seed=1)
    of_settings = Optimizer(two_layers, 2, settings_of(method, seed=1)).run((0, 3))
    for same, result in [(first, again), (first, anew), (other, of_settings)]:
        assert result.pictures.tobytes() == same.pictures.tobytes()
        assert result.trace.tobytes() == same.trace.tobytes()
    assert np.abs(first.pictures - other.pictures).max() > 0.01
    assert np.abs(first.pictures[0] - first.pictures[-1]).max() > 0.01


def test_every_picture_has_random_numbers_of_its_own() -> None:
    drawn = [picture_rng(*of).random() for of in [(0, 1), (1, 0), (0, 1, 1), (1, 1), (0, 0, 1), (0, 0)]]
    assert len(set(drawn)) == len(drawn)
    assert picture_rng(5, 7).random() == np.random.default_rng([5, 7]).random()


@pytest.mark.parametrize("method", ["fourier", "pixel", "maco"])
def test_a_picture_does_not_depend_on_its_batch(
    two_layers: LoadedModel, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generator.render.maco.NORMAL_NOISE", 0.0)  # the noise is a whole batch's
    monkeypatch.setattr("generator.render.maco.UNIFORM_NOISE", 0.0)
    optimizer = Optimizer(two_layers, 2, settings_of(method))
    together, alone = optimizer.run((0, 1, 2, 3, 4)), optimizer.run((3,))
    np.testing.assert_array_equal(together.snapshots[0][1][3], alone.snapshots[0][1][0])
    np.testing.assert_allclose(together.pictures[3], alone.pictures[0], atol=0.02)


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record every time that a target's Python is run: once for each tracing."""
    calls: list[str] = []

    def watch(name: str, own: Callable[..., Any]) -> None:
        def counted(*arguments: Any) -> Any:
            calls.append(name)
            return own(*arguments)

        monkeypatch.setattr(TargetLayer, name, counted)

    watch("objective_value", TargetLayer.objective_value)
    watch("output", TargetLayer.output)
    return calls


@pytest.mark.parametrize("method", METHODS)
def test_a_step_is_traced_once_whatever_batch_and_seed(two_layers: LoadedModel, traces: list[str], method: str) -> None:
    optimizer = Optimizer(two_layers, 2, settings_of(method, steps=2))
    for filters, seed in [((0,), None), ((0, 3), 1), ((4, 2, 1), 2**40), ((0, 3), None)]:
        optimizer.run(filters, seed=seed)
    assert optimizer.pace((1, 2)) > 0
    assert len(traces) == 1


@pytest.fixture
def wide() -> LoadedModel:
    """A layer of forty filters, of which only the target ones are computed."""
    x = image = keras.Input((None, None, 3))
    x = layers.Conv2D(4, 3, padding="same", activation="tanh")(layers.Rescaling(1 / 127.5, -1)(x))
    x = layers.Conv2D(40, 3, padding="same", use_bias=False, name="wide")(x)
    return assembled(scrambled(keras.Model(image, layers.ReLU()(layers.BatchNormalization()(x)))))


def test_a_step_for_single_channels_is_traced_once_too(wide: LoadedModel, traces: list[str]) -> None:
    optimizer = Optimizer(wide, 2, settings_of("fourier", steps=2))
    for filters in [(39,), (0, 3, 7), tuple(range(40)), (5, 5)]:
        optimizer.run(filters)
    assert traces == ["objective_value"]


def test_single_channels_are_climbed_as_all_are(wide: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Network(wide).narrows(2)
    some = Optimizer(wide, 2, settings_of("fourier")).run((39, 3))
    monkeypatch.setattr(Network, "narrows", lambda self, layer: False)
    every = Optimizer(wide, 2, settings_of("fourier")).run((39, 3))
    np.testing.assert_allclose(some.trace, every.trace, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(some.pictures, every.pictures, atol=0.01)


# ----------------------------------------------------------------------------------------------- on the way


def test_how_often_the_loop_reports_changes_nothing(two_layers: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    reports: list[int] = []
    seldom = Optimizer(two_layers, 2, SMALL).run((0,), reports.append)
    assert reports[-1] == 24
    monkeypatch.setattr(optimization, "SECONDS_BETWEEN_REPORTS", -1.0)
    reports.clear()
    often = Optimizer(two_layers, 2, SMALL).run((0,), reports.append)
    assert reports == list(range(1, 25))
    assert seldom.pictures.tobytes() == often.pictures.tobytes()


@pytest.mark.parametrize(("steps", "kept"), [(128, (0, 16, 64)), (100, (0, 12, 50)), (4, (0, 2)), (1, (0,))])
def test_snapshot_steps(steps: int, kept: tuple[int, ...]) -> None:
    assert snapshot_steps(steps) == kept


@pytest.mark.parametrize("method", ["fourier", "pixel", "maco"])
def test_snapshot_is_what_fewer_steps_reach(
    two_layers: LoadedModel, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The start is the method's own; the picture after k steps is kept as it was then."""
    optimizer = Optimizer(two_layers, 2, settings_of(method, steps=16))
    seen: list[tuple[np.ndarray, ...]] = []
    own = Optimizer._advance

    def watched(self: Optimizer, optimize: Any, step: int) -> Any:
        seen.append(tuple(np.array(part) for part in optimize.variable))
        return own(self, optimize, step)

    monkeypatch.setattr(Optimizer, "_advance", watched)
    result = optimizer.run((0, 1))
    assert [step for step, _ in result.snapshots] == [0, 2, 8]
    for step, pictures in result.snapshots:
        np.testing.assert_array_equal(pictures, optimizer.method.pictures(seen[step]))
    starts = [optimizer.method.start(picture_rng(0, index))[0] for index in (0, 1)]
    np.testing.assert_array_equal(seen[0][0], np.stack(starts))


def test_the_climb_leads_uphill(two_layers: LoadedModel) -> None:
    result = Optimizer(two_layers, 2, SMALL).run((0, 1, 2))
    assert result.trace.shape == (24, 3)
    assert (result.trace[-4:].mean(0) > result.trace[:4].mean(0)).all()
    before, after = (scores(two_layers, 2, (0, 1, 2), p * 255) for p in (result.snapshots[0][1], result.pictures))
    assert (after > before).all()


def test_in_bfloat16_the_climb_leads_as_high(wide: LoadedModel) -> None:
    found = []
    for precision in ("float32", "bfloat16"):
        settings = replace(SMALL, precision=precision)
        pictures = Optimizer(wide, 2, settings).run((0, 7, 21)).pictures
        found.append(scores(wide, 2, (0, 7, 21), pictures * 255))
    np.testing.assert_allclose(found[1], found[0], rtol=0.1)


def test_the_pace_is_the_best_step_but_the_first(two_layers: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first step compiles. Two filters at once: half of a step's time is each one's."""
    ticks = iter([0.0, 10.0, 10.0, 11.0, 11.0, 11.5, 11.5, 13.5])
    monkeypatch.setattr(time, "monotonic", lambda: next(ticks))
    assert Optimizer(two_layers, 2, settings_of("fourier", steps=2)).pace((0, 1)) == 0.25


# --------------------------------------------------------------------------------------- sizes of every kind


def any_size(channels: int = 3) -> keras.Model:
    image = keras.Input((None, None, channels))
    x = layers.Conv2D(3, 5, activation="relu")(image)
    return keras.Model(image, layers.Conv2D(4, 3, strides=2)(x))


def with_top(height: int, width: int, channels: int = 3) -> keras.Model:
    """A classifier: its dense top needs one size, its convolutions do not."""
    image = keras.Input((height, width, channels))
    x = layers.MaxPooling2D()(layers.Conv2D(4, 3, activation="relu")(image))
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    return keras.Model(image, layers.Dense(2)(layers.Flatten()(x)))


def of_one_size(height: int, width: int, channels: int = 3, fixing: layers.Layer | None = None) -> keras.Model:
    """A network that takes one size only, for what stands between its convolutions."""
    image = keras.Input((height, width, channels))
    x = layers.Conv2D(3, 3)(image)
    x = (fixing or layers.Reshape(x.shape[1:]))(x)
    return keras.Model(image, layers.Conv2D(4, 3, activation="relu")(x))


SHAPES: dict[str, tuple[Callable[[], keras.Model], tuple[int, ...]]] = {
    "any size": (any_size, (24, 24, 3)),
    "any size, gray": (lambda: any_size(1), (24, 24, 1)),
    "a dense top": (lambda: with_top(32, 32), (24, 24, 3)),
    "a dense top, small input": (lambda: with_top(12, 12, 1), (24, 24, 1)),
    "one size": (lambda: of_one_size(20, 20), (20, 20, 3)),
    "one size, not square": (lambda: of_one_size(40, 56), (40, 56, 3)),
    "one size, as each place has a slope of its own": (lambda: of_one_size(20, 28, 3, layers.PReLU()), (20, 28, 3)),
    "one size, not square, gray": (lambda: of_one_size(21, 10, 1), (21, 10, 1)),
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("method", ["fourier", "pixel", "maco"])
def test_pictures_have_the_size_that_was_asked_for_or_the_networks_own(name: str, method: str) -> None:
    build, shape = SHAPES[name]
    model = assembled(build())
    result = Optimizer(model, 2, settings_of(method, steps=2)).run((3, 1))
    assert result.pictures.shape == (2, *shape)
    assert all(pictures.shape == (2, *shape) for _, pictures in result.snapshots)
    assert result.trace.shape == (2, 2)
    for pictures in (result.pictures, *(kept for _, kept in result.snapshots)):
        assert pictures.min() >= 0
        assert pictures.max() <= 1
    assert np.isfinite(result.trace).all()
    if method == "maco":
        assert result.opacity is not None
        assert result.opacity.shape == (2, *shape[:2])
    else:
        assert result.opacity is None
    assert scores(model, 2, (3, 1), result.pictures * 255).shape == (2,)


@pytest.mark.parametrize(
    ("build", "size", "canvas"),
    [
        (any_size, 24, (32, 32)),
        (lambda: with_top(32, 32), 24, (32, 32)),
        (lambda: of_one_size(40, 56), 24, (40, 56)),
        (any_size, 128, (144, 144)),
    ],
)
def test_the_default_method_has_a_margin_where_the_network_allows_it(
    build: Callable[[], keras.Model], size: int, canvas: tuple[int, int]
) -> None:
    own = method_for(assembled(build()), 2, complete_settings({"size": size}))
    assert own.canvas == canvas  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("field", "expected"),
    [((3, 3), 3), ((5, 9), 9), ((1, 1), 1), (None, math.inf), ((WHOLE_INPUT, WHOLE_INPUT), math.inf)],
)
def test_the_larger_side_of_what_a_unit_sees(field: tuple[int, int] | None, expected: float) -> None:
    assert optimization.largest_field(conv(1, "layer", receptive_field=field)) == expected


@pytest.mark.parametrize("method", ["fourier", "maco"])
def test_a_signal_that_fades_in_a_deep_network_gives_much_the_same_picture(method: str) -> None:
    """Each layer passes on a millionth: gradients are far below Adam's usual epsilon."""
    image = keras.Input((None, None, 3))
    x = centred(image)
    for name in ("first", "second"):
        x = layers.Conv2D(4, 3, padding="same", activation="relu", use_bias=False, name=name)(x)
    model = scrambled(keras.Model(image, x))
    settings = complete_settings({"method": method, "size": 24, "steps": 6, "crops": 2})
    bright = Optimizer(assembled(model), 2, settings).run((0, 1)).pictures
    for name in ("first", "second"):
        (kernel,) = model.get_layer(name).get_weights()
        model.get_layer(name).set_weights([kernel * 2.0**-20])
    faint = Optimizer(assembled(model), 2, settings).run((0, 1))
    assert faint.trace.max() < 1e-10
    assert bright.std() > 0.05
    for own, other in zip(faint.pictures, bright, strict=True):
        assert np.corrcoef(own.ravel(), other.ravel())[0, 1] > 0.95
