"""Raw weights of hand-made layers."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from generator.models.load import LoadedModel
from generator.render.kernels import STRONGEST, filter_kernels

Loader = Callable[[keras.Model], LoadedModel]


def test_the_first_layer_is_in_the_pictures_own_colours(two_layers: LoadedModel) -> None:
    found = filter_kernels(two_layers, 1, (0, 2))
    weights = two_layers.keras_model.get_layer("first").get_weights()[0]
    assert [kernel.inputs for kernel in found] == [(), ()]
    np.testing.assert_allclose(found[1].colour, weights[..., 2], rtol=1e-6)


def test_a_deeper_filter_keeps_its_strongest_slices(loaded: Loader) -> None:
    inputs = keras.Input((None, None, 3))
    second = keras.layers.Conv2D(1, 3, name="second")
    model = keras.Model(inputs, second(keras.layers.Conv2D(20, 3)(inputs)), name="deep")
    weights = np.zeros((3, 3, 20, 1), np.float32)
    weights[1, 1, :, 0] = np.arange(20)
    second.set_weights([weights, np.zeros(1)])
    (found,) = filter_kernels(loaded(model), 2, (0,))
    assert found.colour is None
    assert found.inputs == tuple(range(19, 19 - STRONGEST, -1))
    assert found.slices[0, 1, 1] == 19
    np.testing.assert_allclose(found.shares[0], 19**2 / np.square(np.arange(20)).sum(), rtol=1e-6)


def test_separable_transposed_grouped_and_depthwise(loaded: Loader) -> None:
    keras.utils.set_random_seed(0)
    x = inputs = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(4, 1)(x)
    x = keras.layers.SeparableConv2D(6, 3, depth_multiplier=2, name="separable")(x)
    x = keras.layers.DepthwiseConv2D(3, depth_multiplier=2, name="depthwise")(x)
    x = keras.layers.Conv2D(8, 3, groups=4, name="grouped")(x)
    x = keras.layers.Conv2DTranspose(5, 2, strides=2, name="transposed")(x)
    model = loaded(keras.Model(inputs, x, name="kinds"))
    layer = model.keras_model.get_layer
    (separable,) = filter_kernels(model, 2, (4,))
    depth, point = layer("separable").get_weights()[:2]
    source = separable.inputs[0]
    expected = sum(depth[:, :, source, m] * point[0, 0, source * 2 + m, 4] for m in range(2))
    np.testing.assert_allclose(separable.slices[0], expected, rtol=1e-5)
    (depthwise,) = filter_kernels(model, 3, (7,))
    assert depthwise.inputs == (3,)
    np.testing.assert_allclose(depthwise.slices[0], layer("depthwise").get_weights()[0][:, :, 3, 1], rtol=1e-6)
    (grouped,) = filter_kernels(model, 4, (5,))
    assert set(grouped.inputs) == {6, 7, 8}
    (transposed,) = filter_kernels(model, 5, (2,))
    strongest = transposed.inputs[0]
    np.testing.assert_allclose(
        transposed.slices[0], layer("transposed").get_weights()[0][:, :, 2, strongest], rtol=1e-6
    )
