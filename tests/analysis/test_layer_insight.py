"""Layers of made-up answers and kernels."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from generator.analysis import layer_insight as insight
from generator.analysis.layer_insight import LayerInsight, Near
from generator.analysis.records import FeatureMap, File, KernelView, PooledMap
from generator.pages.gather import model_view
from generator.pages.views import FilterView, LayerView
from tests.pages.gallery import Gallery, fill
from tests.summaries import conv, entry, summary

FILE = File("net/x.webp", "b", 8, 8)
RNG = np.random.default_rng(0)
NOISE = RNG.integers(0, 256, (8, 64)).astype(np.uint8)
"""Answers that have nothing to do with each other."""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> FilterView:
    """Return a filter whose picture excites it."""
    made = Gallery(tmp_path_factory.mktemp("one"), [(entry(), summary(conv(1, "stem", 1)))])
    fill(made.store, made.tasks())
    return model_view(*made.models[0], made.photos, made.tasks(), made.store).layers[0].filters[0]


def answer(cells: np.ndarray | bytes, places: float = 0.5, peak: float = 2.0, photo: str = "cat") -> FeatureMap:
    pooled_map = PooledMap(0.0, peak, cells if isinstance(cells, bytes) else cells.tobytes())
    return FeatureMap(photo, FILE, FILE, peak / 2, peak, places, pooled_map)


def kernel(*alike: tuple[int, float], source: int = 0, of: int = 100) -> KernelView:
    return KernelView(FILE, False, ((source * of, 1.0),), of, alike)


def layer(
    shown: FilterView,
    maps: list[list[FeatureMap]],
    kernels: Sequence[KernelView | None] | None = None,
    **fields: object,
) -> LayerInsight:
    """Return what is known of a layer of filters with these maps and kernels."""
    own = kernels or [kernel()] * len(maps)
    filters = [replace(shown, index=i, maps=tuple(m), kernel=k) for i, (m, k) in enumerate(zip(maps, own, strict=True))]
    return LayerView(conv(1, "stem", len(maps), **fields), "net/index.html", tuple(filters)).insight


def test_the_most_alike_by_answers_have_the_largest_correlations(
    shown: FilterView, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = RNG.gamma(1, 30, (40, 2, 64)).clip(0, 255).astype(np.uint8)
    maps = [[answer(one[0]), answer(one[1], photo="cup")] for one in cells]
    expected: np.ndarray = np.asarray(np.corrcoef(cells.reshape(40, -1)))
    np.fill_diagonal(expected, -1)
    whole = layer(shown, maps)
    assert whole.photos == 2
    monkeypatch.setattr(insight, "_BLOCK", 7)
    assert layer(shown, maps).filters == whole.filters
    for one, row in zip(whole.filters, expected, strict=True):
        ranked = sorted(range(40), key=lambda i: (-round(row[i], 4), i))
        best = [i for i in ranked[: insight.NEAREST] if row[i] > 0]
        assert [near.index for near in one.by_answers] == best
        np.testing.assert_allclose([near.value for near in one.by_answers], row[best], atol=6e-5)


@pytest.mark.parametrize(
    ("answers", "cosine", "redundant"),
    [
        ((0, 0), 0.8, True),
        ((0, 0), 0.6, False),  # they fire along the same edges, but want something else there
        ((0, 1), 0.99, False),  # the same pattern, and something else comes of it
    ],
)
def test_redundant_is_who_is_alike_in_both_ways(
    shown: FilterView, answers: tuple[int, int], cosine: float, redundant: bool
) -> None:
    maps = [[answer(NOISE[answers[0]])], [answer(NOISE[answers[1]], peak=20.0)], [answer(NOISE[2])]]
    found = layer(shown, maps, [kernel((1, cosine)), kernel((0, cosine)), kernel((0, 0.8))])
    assert found.groups == (((0, 1),) if redundant else ())
    assert found.redundant == ((0, 1) if redundant else ())
    assert [found.flags(index) for index in range(3)] == [("redundant",) * redundant] * 2 + [()]


def test_groups_are_what_pairs_connect_and_the_largest_comes_first(shown: FilterView) -> None:
    maps = [[answer(NOISE[row])] for row in (0, 1, 1, 0, 1, 2)]
    kernels = [kernel((3, 0.9)), kernel((2, 0.9)), kernel((4, 0.8)), kernel(), kernel(), kernel((0, 0.9))]
    assert layer(shown, maps, kernels).groups == ((1, 2, 4), (0, 3))


def test_filters_that_read_other_inputs_are_alike_but_never_redundant(shown: FilterView) -> None:
    maps = [[answer(NOISE[0])], [answer(NOISE[0])]]
    found = layer(shown, maps, [kernel((1, 0.9)), kernel((0, 0.9), source=1)])
    assert found.apart
    assert found.by_filter[0].by_weights == (Near(1, 0.9, shown=True, elsewhere=True),)
    assert found.groups == ()
    assert not layer(shown, maps, [kernel((1, 0.9)), kernel((0, 0.9))]).apart


def test_alike_by_weights_is_told_above_chance_and_of_filters_that_are_not_shown(shown: FilterView) -> None:
    own = kernel((7, 0.5), (1, 0.3), (2, 0.2), of=9)
    found = layer(shown, [[answer(NOISE[0])], [answer(NOISE[1])]], [own, None])
    assert found.by_filter[0].chance == pytest.approx(2 / 9)  # 3 x 3 x 9 weights
    assert found.by_filter[0].by_weights == (Near(7, 0.5, shown=False), Near(1, 0.3))
    assert found.by_filter[1].by_weights == ()
    # what the bound says: of random kernels that many, about one in 22 is beyond on either side
    kernels = RNG.normal(size=(300, 81))
    kernels /= np.linalg.norm(kernels, axis=1, keepdims=True)
    beyond = np.abs((kernels @ kernels.T)[np.triu_indices(300, 1)]) > 2 / 9
    assert beyond.mean() == pytest.approx(1 / 22, rel=0.1)


@pytest.mark.parametrize(
    ("activation", "places", "can_rest", "overactive"),
    [
        ("relu", [1.0, 0.99], True, True),
        ("relu6", [1.0, 0.98], True, False),  # on every photo
        ("relu", [0.0, 0.0], True, False),
        *((name, [1.0, 1.0], False, False) for name in ("linear", "swish", "gelu", "sigmoid", "leaky_relu")),
    ],
)
def test_over_active_is_who_never_rests_where_rest_is_possible(
    shown: FilterView, activation: str, places: list[float], can_rest: bool, overactive: bool
) -> None:
    maps = [answer(NOISE[i], share, photo=f"photo {i}") for i, share in enumerate(places)]
    found = layer(shown, [maps], activation=activation)
    assert found.can_rest is can_rest
    assert found.overactive == ((0,) if overactive else ())
    assert found.flags(0) == (("overactive",) if overactive else ())
    assert (found.places is not None) is can_rest
    if found.places:
        assert found.places.median == pytest.approx(np.mean(places))


def test_dead_is_silent_whatever_is_tried_and_silent_only_on_the_photos(tmp_path: Path) -> None:
    made = Gallery(tmp_path, [(entry(), summary(conv(1, "stem", 3)))])
    fill(
        made.store, made.tasks(), lambda task, index: [2.0, 0.0, 0.0][index], lambda task, index: [0.0, 0.0, 1.0][index]
    )
    found = model_view(*made.models[0], made.photos, made.tasks(), made.store).layers[0].insight
    assert (found.dead, found.silent) == ((1,), (0,))
    assert [found.flags(index) for index in range(3)] == [(), ("dead",), ()]
    assert found.by_filter[0].by_answers == ()
    assert found.responses
    assert (found.responses.least, found.responses.median, found.responses.largest) == (0.0, 0.0, 1.0)


def test_a_layer_without_photos_and_one_of_one_filter(shown: FilterView) -> None:
    found = layer(shown, [[], []], [kernel((1, 0.9)), kernel((0, 0.9))])
    assert (found.photos, found.responses, found.places, found.groups, found.overactive) == (0, None, None, (), ())
    assert found.by_filter[0].by_weights == (Near(1, 0.9),)
    assert layer(shown, [[answer(NOISE[0])]]).by_filter[0].by_answers == ()


def test_many_filters_take_no_time(shown: FilterView) -> None:
    cells = RNG.integers(0, 256, (512, 4, 64)).astype(np.uint8)
    maps = [[answer(own, photo=f"{i}") for i, own in enumerate(one)] for one in cells]
    kernels: list[KernelView | None] = [kernel(*((j % 512, 0.9) for j in range(i + 1, i + 9))) for i in range(512)]
    layer(shown, maps[:2])
    begin = time.process_time()
    assert len(layer(shown, maps, kernels).filters) == 512
    assert time.process_time() - begin < 1  # 0.03 s where nothing else runs
