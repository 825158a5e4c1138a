"""Feature maps against Keras's own submodels."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from generator.models.load import LoadedModel
from generator.render.feature_maps import feature_maps, pooled_maps


def test_maps_are_the_submodels_outputs_where_responses_are_read(two_layers: LoadedModel) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (40, 48, 3))
    actual = {maps.layer: maps.activation for maps in feature_maps(two_layers, [1, 2], photo)}
    model = two_layers.keras_model
    for index, name in [(1, "first"), (2, "second_relu")]:
        expected = np.asarray(keras.Model(model.input, model.get_layer(name).output)(photo[None].astype(np.float32)))[0]
        np.testing.assert_allclose(actual[index], expected, rtol=1e-4, atol=1e-5)
    assert actual[2].shape == (20, 24, 5)


def test_one_layer_alone_is_the_same(two_layers: LoadedModel) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (24, 24, 3))
    together, alone = (
        {maps.layer: maps.activation for maps in feature_maps(two_layers, layers, photo)} for layers in ([1, 2], [2])
    )
    assert list(alone) == [2]
    np.testing.assert_array_equal(together[2], alone[2])


@pytest.mark.parametrize("shape", [(64, 40), (9, 5), (8, 8), (1, 1), (3, 13), (7, 7)])
def test_a_sketch_averages_by_exact_area(shape: tuple[int, int]) -> None:
    activation = np.random.default_rng(0).normal(size=(*shape, 3)).astype(np.float32)
    # Every place repeated eight times on both axes: the cells are then blocks of whole places.
    fine = activation.astype(np.float64).repeat(8, axis=0).repeat(8, axis=1)
    expected = fine.reshape(8, shape[0], 8, shape[1], 3).mean(axis=(1, 3))
    actual = pooled_maps(activation)
    assert actual.shape == (3, 8, 8)
    np.testing.assert_allclose(np.moveaxis(actual, 0, -1), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(actual.mean(axis=(1, 2)), activation.mean(axis=(0, 1)), rtol=1e-5, atol=1e-6)
