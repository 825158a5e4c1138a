"""Several pictures of one filter that show different sides of it, on the bundled network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from generator.config.entries import entry_for_source
from generator.config.values import RenderSettings, complete_settings
from generator.models.load import LoadedModel, load
from generator.render.network import Network
from generator.render.optimize import Optimizer, scores

LAYER, FILTERS = 4, (1, 5)


@pytest.fixture(scope="module")
def demo() -> LoadedModel:
    """The network that the package brings."""
    entry = entry_for_source("demo", Path())
    assert entry is not None
    return load(entry)


def how_alike(model: LoadedModel, pictures: np.ndarray) -> float:
    """Return the mean cosine between the Gram matrices of pictures, in the activation of the layer."""
    network = Network(model)
    activation = np.asarray(
        network.activation(LAYER)(network.pre_activation(LAYER, (pictures * 255).astype(np.float32)))
    )
    grams = np.einsum("nhwi,nhwj->nij", activation, activation).reshape(len(pictures), -1)
    grams /= np.linalg.norm(grams, axis=1, keepdims=True)
    cosines = grams @ grams.T
    return float(cosines[~np.eye(len(pictures), dtype=bool)].mean())


def scores_of(model: LoadedModel, pictures: np.ndarray, index: int) -> np.ndarray:
    return scores(model, LAYER, (index,) * len(pictures), pictures * 255)


@pytest.mark.parametrize(
    ("settings", "least_distance", "above_noise"),
    [
        (complete_settings({"size": 32, "steps": 32}), 0.1, 2.0),
        # Its magnitudes are fixed, and crops are what it optimises: whole pictures differ and score less.
        (complete_settings({"size": 32, "steps": 64, "method": "maco", "crops": 6}), 0.005, 0.0),
    ],
    ids=["fourier", "maco"],
)
def test_diverse_pictures_differ_more_than_those_of_other_seeds(
    demo: LoadedModel, settings: RenderSettings, least_distance: float, above_noise: float
) -> None:
    plain, diverse = Optimizer(demo, LAYER, settings), Optimizer(demo, LAYER, replace(settings, diversity=3))
    repeated = [plain.run(FILTERS, seed=seed) for seed in range(3)]
    together = diverse.run(FILTERS)
    assert together.pictures.shape == (6, 32, 32, 3)
    for place, index in enumerate(FILTERS):
        seeds = np.stack([optimization.pictures[place] for optimization in repeated])
        own = together.pictures[3 * place : 3 * place + 3]
        assert how_alike(demo, own) < how_alike(demo, seeds) - least_distance
        noise = scores_of(demo, together.snapshots[0][1][3 * place : 3 * place + 3], index)
        assert (
            scores_of(demo, own, index) > np.maximum(above_noise * noise, 0.25 * scores_of(demo, seeds, index).min())
        ).all()


def test_the_first_of_them_starts_as_a_single_picture_does(demo: LoadedModel) -> None:
    settings = complete_settings({"size": 32, "steps": 1})
    single = Optimizer(demo, LAYER, settings).run(FILTERS).snapshots[0][1]
    several = Optimizer(demo, LAYER, replace(settings, diversity=3)).run(FILTERS).snapshots[0][1]
    np.testing.assert_allclose(several[::3], single, atol=1e-6)
    assert np.abs(several[1] - several[0]).max() > 1e-3
