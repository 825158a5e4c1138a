"""Feature maps against Keras's own submodels."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from generator.config.values import ModelEntry
from generator.models.load import LoadedModel, loaded
from generator.render.feature_maps import BLOCK, feature_map_blocks, feature_maps, pooled_maps


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
        {maps.layer: maps.activation for maps in feature_maps(two_layers, asked, photo)} for asked in ([1, 2], [2])
    )
    assert list(alone) == [2]
    np.testing.assert_array_equal(together[2], alone[2])


def wide(activation: str | None, norm: bool, further: bool) -> LoadedModel:
    """Return a layer of more filters than a block has, and layers of its own behind it."""
    keras.utils.set_random_seed(2)
    x = image = keras.Input((12, 16, 3))
    x = layers.Conv2D(BLOCK * 2 + 5, 3, strides=2, padding="same", activation=activation, name="wide")(x)
    if norm:
        x = layers.ReLU(name="end")(layers.BatchNormalization(beta_initializer="random_normal", name="norm")(x))
    if further:
        x = layers.Conv2D(3, 1, name="further")(x)
    return loaded(ModelEntry("net", "net", "file", "net.keras"), keras.Model(image, x))


@pytest.mark.case("width-memory")
@pytest.mark.parametrize(
    ("activation", "norm", "at"), [("gelu", False, "wide"), (None, False, "wide"), (None, True, "end")]
)
@pytest.mark.parametrize("further", [False, True])
def test_a_wide_layer_is_computed_in_blocks_unless_a_later_one_needs_it(
    activation: str | None, norm: bool, at: str, further: bool
) -> None:
    model = wide(activation, norm, further)
    photo = np.random.default_rng(0).integers(0, 256, (12, 16, 3))
    keras_model = model.keras_model
    submodel = keras.Model(keras_model.input, keras_model.get_layer(at).output)
    expected = np.asarray(submodel(photo[None].astype(np.float32)))[0]
    asked = [1, 2] if further else [1]
    every = [maps for maps in feature_map_blocks(model, asked, photo) if maps.layer == 1]
    blocks = [(maps.first, maps.activation) for maps in every]
    assert [first for first, _ in blocks] == ([0] if further else [0, BLOCK, 2 * BLOCK])
    np.testing.assert_allclose(np.concatenate([block for _, block in blocks], axis=-1), expected, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(
        {maps.layer: maps.activation for maps in feature_maps(model, asked, photo)}[1], expected, rtol=1e-4, atol=1e-3
    )


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
