"""Layers of made-up feature maps and kernels."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from generator.analysis import layer_insight as insight
from generator.analysis.filter_views import FeatureMapView, ImageFile, KernelView, PooledMap
from generator.analysis.layer_insight import LayerInsight, SimilarFilter
from generator.pages.gather import model_view
from generator.pages.views import FilterView, LayerView
from tests.pages.gallery import Gallery, fill
from tests.summaries import conv, entry, summary

FILE = ImageFile("net/x.webp", "b", 8, 8)
RNG = np.random.default_rng(0)
NOISE = RNG.integers(0, 256, (8, 64)).astype(np.uint8)
"""Feature maps that are not correlated."""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> FilterView:
    """Return a filter whose picture excites it."""
    gallery = Gallery(tmp_path_factory.mktemp("one"), [(entry(), summary(conv(1, "stem", 1)))])
    fill(gallery.store, gallery.tasks())
    return model_view(*gallery.models[0], gallery.photos, gallery.tasks(), gallery.store).layers[0].filters[0]


def feature_map(
    cells: np.ndarray | bytes, active_share: float = 0.5, peak: float = 2.0, photo: str = "cat"
) -> FeatureMapView:
    pooled_map = PooledMap(0.0, peak, cells if isinstance(cells, bytes) else cells.tobytes())
    return FeatureMapView(photo, FILE, FILE, peak / 2, peak, active_share, pooled_map)


def kernel(*similar: tuple[int, float], group: int = 0, inputs: int = 100) -> KernelView:
    return KernelView(FILE, False, ((group * inputs, 1.0),), inputs, similar)


def layer(
    shown: FilterView,
    maps: list[list[FeatureMapView]],
    kernels: Sequence[KernelView | None] | None = None,
    **fields: object,
) -> LayerInsight:
    """Return what is known of a layer of filters with these maps and kernels."""
    own = kernels or [kernel()] * len(maps)
    filters = [replace(shown, index=i, maps=tuple(m), kernel=k) for i, (m, k) in enumerate(zip(maps, own, strict=True))]
    return LayerView(conv(1, "stem", len(maps), **fields), "net/index.html", tuple(filters)).insight


def test_the_most_similar_by_activations_have_the_largest_correlations(
    shown: FilterView, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = RNG.gamma(1, 30, (40, 2, 64)).clip(0, 255).astype(np.uint8)
    maps = [[feature_map(first), feature_map(second, photo="cup")] for first, second in cells]
    expected: np.ndarray = np.asarray(np.corrcoef(cells.reshape(40, -1)))
    np.fill_diagonal(expected, -1)
    whole = layer(shown, maps)
    assert whole.photos == 2
    monkeypatch.setattr(insight, "_BLOCK", 7)
    assert layer(shown, maps).filters == whole.filters
    for of_filter, row in zip(whole.filters, expected, strict=True):
        ranked = sorted(range(40), key=lambda i: (-round(row[i], 4), i))
        best = [i for i in ranked[: insight.MOST_SIMILAR] if row[i] > 0]
        assert [other.index for other in of_filter.by_activations] == best
        np.testing.assert_allclose([other.similarity for other in of_filter.by_activations], row[best], atol=6e-5)


@pytest.mark.parametrize(
    ("rows", "cosine", "redundant"),
    [
        ((0, 0), 0.8, True),
        ((0, 0), 0.6, False),  # they fire along the same edges, but are excited by something else there
        ((0, 1), 0.99, False),  # the same pattern, but other activations
    ],
)
def test_redundant_filters_are_similar_in_both_ways(
    shown: FilterView, rows: tuple[int, int], cosine: float, redundant: bool
) -> None:
    maps = [[feature_map(NOISE[rows[0]])], [feature_map(NOISE[rows[1]], peak=20.0)], [feature_map(NOISE[2])]]
    whole = layer(shown, maps, [kernel((1, cosine)), kernel((0, cosine)), kernel((0, 0.8))])
    assert whole.groups == (((0, 1),) if redundant else ())
    assert whole.redundant == ((0, 1) if redundant else ())
    assert [whole.flags(index) for index in range(3)] == [("redundant",) * redundant] * 2 + [()]


def test_where_there_is_a_dataset_filters_are_compared_by_their_responses_to_it(shown: FilterView) -> None:
    """Two pairs: one alike on the photo, one on the images; the images decide, for redundancy too."""
    responses = np.random.default_rng(1).normal(size=(4, 80)).astype(np.float32)
    responses[3] = responses[2] * 2 + 1
    maps = [[feature_map(NOISE[row])] for row in (0, 0, 1, 2)]
    kernels = [kernel((1, 0.9)), kernel((0, 0.9)), kernel((3, 0.9)), kernel((2, 0.9))]
    filters = tuple(
        replace(shown, index=i, maps=tuple(m), kernel=k) for i, (m, k) in enumerate(zip(maps, kernels, strict=True))
    )
    by_photo = LayerView(conv(1, "stem", 4), "net/index.html", filters).insight
    by_images = LayerView(conv(1, "stem", 4), "net/index.html", filters, on_images=responses).insight
    assert (by_photo.groups, by_photo.images) == (((0, 1),), 0)
    assert (by_images.groups, by_images.images, by_images.photos) == (((2, 3),), 80, 1)
    for one in by_images.filters:
        for other in one.by_activations:
            expected = np.corrcoef(responses[one.index], responses[other.index])[0, 1]
            assert other.similarity == pytest.approx(expected, abs=1e-4)


def test_groups_are_what_pairs_connect_and_the_largest_comes_first(shown: FilterView) -> None:
    maps = [[feature_map(NOISE[row])] for row in (0, 1, 1, 0, 1, 2)]
    kernels = [kernel((3, 0.9)), kernel((2, 0.9)), kernel((4, 0.8)), kernel(), kernel(), kernel((0, 0.9))]
    assert layer(shown, maps, kernels).groups == ((1, 2, 4), (0, 3))


def test_filters_that_read_other_inputs_are_similar_but_never_redundant(shown: FilterView) -> None:
    maps = [[feature_map(NOISE[0])], [feature_map(NOISE[0])]]
    whole = layer(shown, maps, [kernel((1, 0.9)), kernel((0, 0.9), group=1)])
    assert whole.separate_inputs
    assert whole.by_filter[0].by_weights == (SimilarFilter(1, 0.9, shown=True, other_inputs=True),)
    assert whole.groups == ()
    assert not layer(shown, maps, [kernel((1, 0.9)), kernel((0, 0.9))]).separate_inputs


def test_similar_by_weights_are_those_above_chance_and_of_filters_that_are_not_shown(shown: FilterView) -> None:
    own = kernel((7, 0.5), (1, 0.3), (2, 0.2), inputs=9)
    whole = layer(shown, [[feature_map(NOISE[0])], [feature_map(NOISE[1])]], [own, None])
    assert whole.by_filter[0].chance == pytest.approx(2 / 9)  # 3 x 3 x 9 weights
    assert whole.by_filter[0].by_weights == (SimilarFilter(7, 0.5, shown=False), SimilarFilter(1, 0.3))
    assert whole.by_filter[1].by_weights == ()
    # what the bound says: of random kernels that many, about one in 22 is beyond on either side
    kernels = RNG.normal(size=(300, 81))
    kernels /= np.linalg.norm(kernels, axis=1, keepdims=True)
    beyond = np.abs((kernels @ kernels.T)[np.triu_indices(300, 1)]) > 2 / 9
    assert beyond.mean() == pytest.approx(1 / 22, rel=0.1)


@pytest.mark.parametrize(
    ("activation", "active_shares", "has_exact_zeros", "overactive"),
    [
        ("relu", [1.0, 0.99], True, True),
        ("relu6", [1.0, 0.98], True, False),  # on every photo
        ("relu", [0.0, 0.0], True, False),
        *((name, [1.0, 1.0], False, False) for name in ("linear", "swish", "gelu", "sigmoid", "leaky_relu")),
    ],
)
def test_over_active_filters_fire_everywhere_where_zeros_are_possible(
    shown: FilterView, activation: str, active_shares: list[float], has_exact_zeros: bool, overactive: bool
) -> None:
    maps = [feature_map(NOISE[i], share, photo=f"photo {i}") for i, share in enumerate(active_shares)]
    whole = layer(shown, [maps], activation=activation)
    assert whole.has_exact_zeros is has_exact_zeros
    assert whole.overactive == ((0,) if overactive else ())
    assert whole.flags(0) == (("overactive",) if overactive else ())
    assert (whole.active_shares is not None) is has_exact_zeros
    if whole.active_shares:
        assert whole.active_shares.median == pytest.approx(np.mean(active_shares))


def test_dead_filters_respond_to_nothing_and_inactive_ones_to_no_photo(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path, [(entry(), summary(conv(1, "stem", 3)))])
    fill(
        gallery.store,
        gallery.tasks(),
        lambda task, index: [2.0, 0.0, 0.0][index],
        lambda task, index: [0.0, 0.0, 1.0][index],
    )
    whole = model_view(*gallery.models[0], gallery.photos, gallery.tasks(), gallery.store).layers[0].insight
    assert (whole.dead, whole.inactive) == ((1,), (0,))
    assert [whole.flags(index) for index in range(3)] == [(), ("dead",), ()]
    assert whole.by_filter[0].by_activations == ()
    assert whole.responses
    assert (whole.responses.least, whole.responses.median, whole.responses.largest) == (0.0, 0.0, 1.0)


def test_a_layer_without_photos_and_one_of_one_filter(shown: FilterView) -> None:
    whole = layer(shown, [[], []], [kernel((1, 0.9)), kernel((0, 0.9))])
    assert (whole.photos, whole.responses, whole.active_shares, whole.groups, whole.overactive) == (
        0,
        None,
        None,
        (),
        (),
    )
    assert whole.by_filter[0].by_weights == (SimilarFilter(1, 0.9),)
    assert layer(shown, [[feature_map(NOISE[0])]]).by_filter[0].by_activations == ()


def test_many_filters_take_no_time(shown: FilterView) -> None:
    cells = RNG.integers(0, 256, (512, 4, 64)).astype(np.uint8)
    maps = [[feature_map(own, photo=f"{i}") for i, own in enumerate(of_filter)] for of_filter in cells]
    kernels: list[KernelView | None] = [kernel(*((j % 512, 0.9) for j in range(i + 1, i + 9))) for i in range(512)]
    layer(shown, maps[:2])
    begin = time.process_time()
    assert len(layer(shown, maps, kernels).filters) == 512
    assert time.process_time() - begin < 1  # 0.03 s where nothing else runs


def test_units_are_compared_by_the_number_of_their_weights(shown: FilterView) -> None:
    """What a dense layer reads may be a map that was flattened: its kernel has the two sides that Keras says."""
    filters = tuple(replace(shown, index=i, maps=(), kernel=kernel(inputs=16)) for i in range(2))
    dense = conv(1, "head", 2, type="Dense", kernel_shapes=((144, 2),), output_shape=(2,))
    assert LayerView(dense, "net/index.html", filters).insight.by_filter[0].chance == pytest.approx(2 / 12)
