"""Raw weights of hand-made layers."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest

from generator.models.load import LoadedModel
from generator.render import kernels
from generator.render.kernels import ALIKE, STRONGEST, filter_kernels, most_alike

Loader = Callable[[keras.Model], LoadedModel]


def test_the_first_layer_is_in_the_pictures_own_colours(two_layers: LoadedModel) -> None:
    own_kernels = filter_kernels(two_layers, 1, (0, 2))
    weights = two_layers.keras_model.get_layer("first").get_weights()[0]
    assert [kernel.inputs for kernel in own_kernels] == [(), ()]
    assert own_kernels[1].colour is not None
    np.testing.assert_allclose(own_kernels[1].colour, weights[..., 2], rtol=1e-6)


def test_a_deeper_filter_keeps_its_strongest_slices(loaded: Loader) -> None:
    inputs = keras.Input((None, None, 3))
    second = keras.layers.Conv2D(1, 3, name="second")
    model = keras.Model(inputs, second(keras.layers.Conv2D(20, 3)(inputs)), name="deep")
    weights = np.zeros((3, 3, 20, 1), np.float32)
    weights[1, 1, :, 0] = np.arange(20)
    second.set_weights([weights, np.zeros(1)])
    (kernel,) = filter_kernels(loaded(model), 2, (0,))
    assert kernel.colour is None
    assert kernel.inputs == tuple(range(19, 19 - STRONGEST, -1))
    assert kernel.slices[0, 1, 1] == 19
    np.testing.assert_allclose(kernel.shares[0], 19**2 / np.square(np.arange(20)).sum(), rtol=1e-6)


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


def expected_cosines(model: LoadedModel, layer: int) -> dict[tuple[int, int], float]:
    """Return the cosine of every two filters of a layer, from the slices that are shown of them, all of them."""
    count = model.summary.layers[layer - 1].filters
    own = []
    for kernel in filter_kernels(model, layer, tuple(range(count))):
        order = np.argsort(kernel.inputs)
        own.append((kernel.slices[order] if kernel.colour is None else kernel.colour).ravel())
    return {
        (i, j): float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
        for i, a in enumerate(own)
        for j, b in enumerate(own)
        if i != j
    }


def test_the_most_alike_have_the_largest_cosines_of_their_weights(loaded: Loader) -> None:
    keras.utils.set_random_seed(0)
    x = inputs = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(4, 3)(x)
    x = keras.layers.SeparableConv2D(6, 3, depth_multiplier=2)(x)
    x = keras.layers.DepthwiseConv2D(3, depth_multiplier=2)(x)
    x = keras.layers.Conv2D(8, 3, groups=2)(x)
    x = keras.layers.Conv2DTranspose(5, 2, strides=2)(x)
    model = loaded(keras.Model(inputs, x, name="kinds"))
    for layer in model.summary.layers:
        cosines = expected_cosines(model, layer.index)
        own_kernels = filter_kernels(model, layer.index, tuple(range(layer.filters)))
        for index, kernel in enumerate(own_kernels):
            others = {j: cosine for (i, j), cosine in cosines.items() if i == index and cosine > 5e-5}
            expected = sorted(others, key=lambda j: -others[j])[:ALIKE]
            assert [other for other, _ in kernel.alike] == expected, (layer.type, index)
            np.testing.assert_allclose([c for _, c in kernel.alike], [others[j] for j in expected], atol=6e-5)


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ([[1, 0], [2, 0], [3, 4]], [(1, 1.0), (2, 0.6)]),
        ([[1, 0], [0, 1], [-1, 0]], []),  # at right angles, and the opposite
        ([[1e-30, 1e-30], [1e30, 1e30]], [(1, 1.0)]),  # whatever the strength
        ([[0, 0], [1, 1], [0, 0]], []),  # nothing is like nothing
        ([[2], [3], [-1]], []),  # one value has no direction
        ([[1, 2]], []),
        ([[1, 0], [1, 1], [1, 1], [1, 0]], [(3, 1.0), (1, 0.7071), (2, 0.7071)]),  # in order, the lower number first
    ],
)
def test_alike_is_a_matter_of_direction(patterns: list[list[float]], expected: list[tuple[int, float]]) -> None:
    (most_similar,) = most_alike(np.array(patterns, np.float32), (0,))
    assert list(most_similar) == expected


def test_a_large_layer_is_compared_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    patterns = np.random.default_rng(0).normal(size=(50, 27)).astype(np.float32)
    filters = tuple(range(0, 50, 3))
    whole = most_alike(patterns, filters)
    monkeypatch.setattr(kernels, "_BLOCK", 4)
    assert most_alike(patterns, filters) == whole
    cosines = np.corrcoef(np.concatenate([patterns, -patterns], axis=1))  # without a mean a correlation is a cosine
    np.fill_diagonal(cosines, -1)
    for index, own in zip(filters, whole, strict=True):
        assert [other for other, _ in own] == list(np.argsort(-cosines[index])[:ALIKE])
