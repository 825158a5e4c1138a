"""The weights of every kind of convolution, compared with what Keras computes with them."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest

from generator.models.conv_weights import conv_weights, kernel_variables, scale_and_offset

L = keras.layers
KINDS: list[Callable[..., keras.Layer]] = [
    lambda **more: L.Conv2D(5, (3, 2), **more),
    lambda **more: L.Conv2D(6, (3, 2), groups=2, **more),
    lambda **more: L.DepthwiseConv2D((3, 2), **more),
    lambda **more: L.DepthwiseConv2D((3, 2), depth_multiplier=3, **more),
    lambda **more: L.SeparableConv2D(5, (3, 2), **more),
    lambda **more: L.SeparableConv2D(5, (3, 2), depth_multiplier=3, **more),
]
IDS = ["plain", "grouped", "depthwise", "depthwise-3", "separable", "separable-3"]


def scrambled(layer: keras.Layer, seed: int = 0) -> keras.Layer:
    """Give a built layer random weights; variances stay positive."""
    rng = np.random.default_rng(seed)
    layer.set_weights([np.abs(rng.normal(size=weight.shape)) + 0.1 for weight in layer.get_weights()])
    return layer


def built(kind: Callable[..., keras.Layer], channels: int = 4, **more: object) -> keras.Layer:
    """Return a layer of a kind on pictures of some channels, with random weights."""
    layer = kind(**more)
    layer.build((None, None, None, channels))
    return scrambled(layer)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", KINDS, ids=IDS)
def test_a_filters_kernel_is_what_the_layer_weighs_its_inputs_with(
    kind: Callable[..., keras.Layer], bias: bool
) -> None:
    layer = built(kind, use_bias=bias)
    patch = np.random.default_rng(1).normal(size=(3, 2, 4)).astype(np.float32)
    expected = np.asarray(layer(patch[None]))[0, 0, 0]
    weights = conv_weights(layer)
    assert weights.filters == len(expected)
    assert (weights.bias is None) is not bias
    kernels = weights.all_kernels()
    for index, value in enumerate(expected):
        kernel, inputs = weights.kernel(index), weights.inputs(index)
        assert kernel.shape == (3, 2, len(inputs))
        own = (patch[..., list(inputs)] * kernel).sum() + (0.0 if weights.bias is None else weights.bias[index])
        np.testing.assert_allclose(own, value, rtol=1e-5)
        np.testing.assert_allclose(kernels[..., index], kernel, rtol=1e-12)


def test_a_transposed_kernel_is_what_one_place_of_the_input_becomes() -> None:
    layer = built(lambda **more: L.Conv2DTranspose(5, (3, 2), **more))
    place = np.random.default_rng(1).normal(size=(1, 1, 4)).astype(np.float32)
    result = np.asarray(layer(place[None]))[0]
    weights = conv_weights(layer)
    assert weights.filters == 5
    assert weights.bias is not None
    for index in range(5):
        assert weights.inputs(index) == range(4)
        expected = weights.kernel(index) @ place[0, 0] + weights.bias[index]
        np.testing.assert_allclose(result[..., index], expected, rtol=1e-5)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", KINDS, ids=IDS)
def test_folded_weights_do_what_the_layer_and_its_normalisation_do(
    kind: Callable[..., keras.Layer], bias: bool
) -> None:
    layer = built(kind, use_bias=bias)
    patch = np.random.default_rng(1).normal(size=(1, 3, 2, 4)).astype(np.float32)
    for norm in (L.BatchNormalization(), L.BatchNormalization(scale=False), L.BatchNormalization(center=False)):
        after = layer(patch)
        norm.build(after.shape)
        scrambled(norm, seed=2)
        kernels, offset = conv_weights(layer).folded(norm)
        for index, value in enumerate(np.asarray(norm(after, training=False))[0, 0, 0]):
            inputs = list(conv_weights(layer).inputs(index))
            own = (patch[0][..., inputs] * kernels[..., index]).sum() + offset[index]
            np.testing.assert_allclose(own, value, rtol=1e-4)


def test_without_a_normalisation_only_the_bias_is_made_up() -> None:
    weights = conv_weights(built(KINDS[0], use_bias=False))
    kernels, bias = weights.folded(None)
    assert kernels is weights.kernels
    np.testing.assert_array_equal(bias, np.zeros(5))


def test_scale_and_offset_are_those_of_inference() -> None:
    norm = L.BatchNormalization(epsilon=0.5)
    norm.build((None, 3))
    gamma, beta, mean, variance = scrambled(norm).get_weights()
    scale, offset = scale_and_offset(norm)
    np.testing.assert_allclose(scale, gamma / np.sqrt(variance + 0.5), rtol=1e-6)
    np.testing.assert_allclose(offset, beta - mean * scale, rtol=1e-5)
    assert scale.dtype == offset.dtype == np.float64


def test_half_precision_is_widened() -> None:
    layer = L.Conv2D(2, 1, dtype="bfloat16")
    layer.build((None, None, None, 3))
    weights = conv_weights(layer)
    assert weights.kernels.dtype == np.float64
    assert weights.kernel(1).shape == (1, 1, 3)


def test_the_first_variable_is_the_one_that_meets_the_input() -> None:
    separable, plain = built(KINDS[4]), built(KINDS[0])
    assert [variable.shape for variable in kernel_variables(separable)] == [(3, 2, 4, 1), (1, 1, 4, 5)]
    assert kernel_variables(plain)[0] is plain.kernel
