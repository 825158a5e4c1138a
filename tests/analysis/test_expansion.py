"""Links to what lies further back: which are the strongest, and what is kept of their kernels."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from generator.analysis.circuit import NONE
from generator.analysis.expansion import LARGEST_SIDE, LINKS, layer_expansion, reached, strongest_links
from tests.render.nets import assembled


def test_links_are_ranked_by_the_norm_of_the_kernel_times_the_activation() -> None:
    maps = np.zeros((2, 6, 6, 3), np.float32)
    maps[0, 2:4, 2:4, 0] = 2.0  # norm 4
    maps[0, 2, 2, 1] = -3.0
    maps[0, 4, 2, 2] = 100.0  # silent
    maps[1, 3, 3, 1] = 1.0
    other = np.zeros((2, 4, 4, 1), np.float32)
    other[0, 1, 2, 0] = 0.5
    found = strongest_links({5: maps, 2: other}, {5: np.array([1.0, 2.0, 0.0]), 2: np.array([1.0])})
    assert found.layers.tolist() == [[5, 5, 2], [5, NONE, NONE]]
    assert found.sources.tolist() == [[1, 0, 0], [1, NONE, NONE]]
    np.testing.assert_allclose(found.shares, np.array([[6 / 10.5, 4 / 10.5, 0.5 / 10.5], [1.0, 0.0, 0.0]]))
    # Rows 2 to 4 and columns 2 and 3 are those in which any kernel of the layer is; the largest number is 1.
    np.testing.assert_allclose(found.kernels[0][0] * 3, maps[0, 2:5, 2:4, 1])
    np.testing.assert_allclose(found.kernels[0][1] * 3, maps[0, 2:5, 2:4, 0])
    np.testing.assert_allclose(found.kernels[0][2] * 3, [[0.5]])
    assert [len(kernels) for kernels in found.kernels] == [3, 1]


def test_of_a_kernel_that_is_too_large_the_middle_is_kept() -> None:
    maps = np.ones((1, 60, 10, 1), np.float32)
    maps[0, 30, 5] = 4.0
    (kernel,) = strongest_links({1: maps}, {1: np.ones(1)}).kernels[0]
    assert kernel.shape == (LARGEST_SIDE, 10)
    assert np.argwhere(kernel == 1.0).tolist() == [[30 - (60 - LARGEST_SIDE) // 2, 5]]


def test_what_is_kept_has_a_row_for_each_filter_and_all_distances_side_by_side() -> None:
    rng = np.random.default_rng(0)
    near, far = (rng.normal(size=(3, side, side, 4)).astype(np.float32) for side in (3, 5))
    powers = {1: np.ones(4), 2: np.ones(4)}
    parts = [
        (some, {2: strongest_links({2: near[rows]}, powers), 3: strongest_links({1: far[rows]}, powers)})
        for some, rows in (([4, 6], slice(0, 2)), ([7], slice(2, 3)))
    ]
    kept = layer_expansion([4, 6, 7], parts)
    assert kept.filters.tolist() == [4, 6, 7]
    assert kept.distances.tolist() == [2, 3]
    assert kept.layers.tolist() == [[2] * LINKS + [1] * LINKS] * 3
    best = int(kept.sources[2, LINKS])
    np.testing.assert_allclose(
        kept.kernels[2, LINKS], far[2, ..., best] / np.abs(far[2][..., kept.sources[2, LINKS:]]).max(), atol=1e-3
    )
    assert np.isnan(kept.kernels[0, 0]).sum() == 5 * 5 - 3 * 3
    np.testing.assert_allclose(
        kept.kernels[0, 0, :3, :3],
        near[0, ..., kept.sources[0, 0]] / np.abs(near[0][..., kept.sources[0, :LINKS]]).max(),
        atol=1e-3,
    )


def test_nothing_is_kept_of_a_layer_without_links() -> None:
    kept = layer_expansion([0, 3], [([0, 3], {})])
    assert kept.filters.tolist() == [0, 3]
    assert kept.layers.shape == (2, 0)


def test_layers_are_reached_by_the_shortest_way_and_only_where_kernels_have_a_place() -> None:
    image = keras.Input((16, 16, 3))
    a = layers.Conv2D(4, 3, padding="same", name="a")(image)
    b = layers.Conv2D(4, 3, padding="same", name="b")(a)
    c = layers.Conv2D(4, 3, padding="same", name="c")(layers.Add()([a, b]))
    d = layers.Conv2D(4, 3, padding="same", name="d")(c)
    squeezed = layers.Conv2D(4, 1, name="squeezed")(layers.GlobalAveragePooling2D(keepdims=True)(d))
    scores = layers.Dense(3, name="scores")(layers.Flatten()(squeezed))
    summary = assembled(keras.Model(image, scores)).summary
    found = {layer.title: reached(summary, layer) for layer in summary.layers}
    assert found == {"a": {}, "b": {}, "c": {}, "d": {2: {1, 2}}, "squeezed": {}, "scores": {}}


def test_filters_without_links_keep_their_row() -> None:
    maps = np.random.default_rng(0).normal(size=(1, 3, 3, 4)).astype(np.float32)
    links = strongest_links({2: maps}, {2: np.ones(4)})
    kept = layer_expansion([4, 6, 7], [([4, 6], {}), ([7], {2: links})])
    assert kept.layers.tolist() == [[NONE] * LINKS, [NONE] * LINKS, [2] * LINKS]
    assert kept.sources[2].tolist() == links.sources[0].tolist()
