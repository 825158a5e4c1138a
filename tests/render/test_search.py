"""The search for a picture: what follows where an optimisation from noise ends without a response."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from generator.config.values import ObjectiveSpec, complete_settings
from generator.models.load import LoadedModel
from generator.render.optimize import Optimization, Optimizer, scores
from generator.render.search import Search, joined
from tests.render.nets import assembled, centred, scrambled

FINE, DEAD, EASY = 0, 1, 2


def trap(bias: float = -0.1) -> keras.Model:
    """Return a network whose second layer has a filter for strong checkerboards, a dead one and one for light.

    Weak ones keep the first of them silent, and flatness raises its mean: from faint noise, that is where it ends.
    """
    checkers = np.array([[1, -1, 1], [-1, 0, -1], [1, -1, 1]], float)[:, :, None].repeat(3, axis=2)
    flat = np.full((3, 3, 3), 1 / 27)
    image = keras.Input((None, None, 3))
    first = layers.Conv2D(4, 3, activation="relu", padding="same")
    second = layers.Conv2D(3, 1, activation="relu")
    model = keras.Model(image, second(first(layers.Rescaling(1 / 255)(image))))
    first.set_weights([np.stack([checkers, -checkers, checkers, flat], axis=-1), np.array([0, 0, -1.2, 0])])
    weights = np.array([[-1, -1, 4, 0], [-1, -1, -1, -1], [0, 0, 0, 1]], float)
    second.set_weights([weights.T[None, None], np.full(3, bias)])
    return model


@pytest.fixture(scope="module")
def trapped() -> LoadedModel:
    return assembled(trap())


def settings(**more: Any) -> Any:
    return complete_settings({"size": 24, "steps": 64, **more})


def score(model: LoadedModel, index: int, picture: np.ndarray, chosen: Any = None) -> float:
    (value,) = scores(model, 2, (index,), np.round(picture[None] * 255), chosen)
    return float(value)


NEURON = (ObjectiveSpec("neuron"),)


@pytest.mark.case("false-dead")
@pytest.mark.parametrize(
    "more",
    [{}, {"method": "maco", "crops": 2}, {"diversity": 2}, {"objective": NEURON}],
    ids=["fourier", "maco", "diverse", "neuron"],
)
def test_a_filter_that_noise_does_not_lead_to_is_found(trapped: LoadedModel, more: dict[str, Any]) -> None:
    chosen = settings(**more)
    each = chosen.diversity
    alone = Optimizer(trapped, 2, chosen).run((FINE, DEAD, EASY))
    found = Search(trapped, 2, chosen).run((FINE, DEAD, EASY))
    for place in range(each):
        assert score(trapped, FINE, alone.pictures[place], chosen) == 0.0
        assert score(trapped, FINE, found.pictures[place], chosen) > 0.5
    assert found.pictures[each:].tobytes() == alone.pictures[each:].tobytes()
    assert found.trace[:, each:].tobytes() == alone.trace[:, each:].tobytes()
    assert np.isnan(alone.second).all()
    assert (found.second[:each] > 0.5).all()
    assert (found.second[each : 2 * each] <= 0).all()
    assert np.isnan(found.second[2 * each :]).all()
    assert [step for step, _ in found.snapshots] == [step for step, _ in alone.snapshots]
    assert (found.opacity is None) == (alone.opacity is None)
    if found.opacity is not None:
        assert (found.opacity[0] == 1).all()


def test_what_is_found_does_not_depend_on_the_batch(trapped: LoadedModel) -> None:
    together = Search(trapped, 2, settings()).run((FINE, DEAD, EASY), seed=3)
    (alone,) = Search(trapped, 2, settings(seed=3)).run((FINE,)).pictures
    np.testing.assert_allclose(together.pictures[0], alone, atol=0.02)


def test_what_the_second_search_loses_is_what_it_began_with(
    trapped: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Optimizer.run

    def to_gray(*words: Any) -> Optimization:
        whole = run(*words)
        return replace(whole, pictures=np.full_like(whole.pictures, 0.5))

    monkeypatch.setattr(Optimizer, "run", to_gray)
    found = Search(trapped, 2, settings()).run((FINE,))
    assert score(trapped, FINE, found.pictures[0]) > 0.1
    assert found.pictures.tobytes() == found.snapshots[0][1].tobytes()
    assert found.second[0] == pytest.approx(score(trapped, FINE, found.pictures[0]), rel=1e-5)


def test_nothing_is_searched_again_where_zero_is_no_threshold() -> None:
    image = keras.Input((None, None, 3))
    model = assembled(
        scrambled(keras.Model(image, layers.Conv2D(4, 3, name="linear", bias_initializer="normal")(centred(image))))
    )
    assert np.isnan(Search(model, 1, settings(steps=2)).run((0, 1, 2, 3)).second).all()
    trapped = assembled(trap())
    opposite = settings(steps=2, objective=(ObjectiveSpec("direction", ((FINE, 1.0), (DEAD, -1.0))),))
    assert np.isnan(Search(trapped, 2, opposite).run((FINE,)).second).all()


def test_a_filter_that_is_found_is_not_searched_twice(trapped: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Search(trapped, 2, settings())
    monkeypatch.setattr(Search, "_second", None)  # calling it would fail
    assert np.isnan(own.run((EASY,)).second).all()


def test_each_step_of_every_search_is_heard_of(trapped: LoadedModel) -> None:
    heard: list[int] = []
    Search(trapped, 2, settings()).run((DEAD,), heard.append)
    assert heard[0] <= 64
    assert set(heard[1:]) == {64}
    assert len(heard) > 100


def test_only_what_was_found_takes_the_place_of_the_first() -> None:
    def optimization(value: float, count: int, second: list[float]) -> Optimization:
        pictures = np.full((count, 2, 2, 3), value)
        return Optimization(pictures, None, ((0, pictures + 1),), np.full((5, count), value), np.array(second))

    nan = float("nan")
    first = optimization(1, 5, [nan, 0.0, nan, 0.0, nan])
    scores = np.array([1.0, 0.0, 9.0, 0.0, 6.0])
    both = joined(first, optimization(2, 3, [-3.0, 7.0, 5.0]), np.array([1, 3, 4]), scores)
    assert both.pictures[:, 0, 0, 0].tolist() == [1, 1, 1, 2, 1]
    assert both.snapshots[0][1][:, 0, 0, 0].tolist() == [2, 2, 2, 3, 2]
    assert both.trace[0].tolist() == [1, 1, 1, 2, 1]
    np.testing.assert_equal(both.second, [nan, 0.0, nan, 7.0, nan])


def test_a_faint_response_is_searched_again_and_the_better_picture_kept(
    trapped: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The leak outweighs it, so the last value of the trace is below zero."""
    scored = Search._scores

    def faint(self: Search, filters: tuple[int, ...], pictures: np.ndarray) -> np.ndarray:
        return np.maximum(scored(self, filters, pictures), 1e-5)

    monkeypatch.setattr(Search, "_scores", faint)
    found = Search(trapped, 2, settings()).run((FINE, DEAD))
    assert found.second[0] > 0.5
    assert score(trapped, FINE, found.pictures[0]) > 0.5
    assert np.isnan(found.second[1])  # what was there is kept
