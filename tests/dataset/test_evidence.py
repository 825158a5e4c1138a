"""Merging chunks: sums, ranks, ties and samples, whatever the parts and their order."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from generator.dataset.chunk import WHOLE, layer_chunk, ranks
from generator.dataset.evidence import LayerEvidence, Part, merged

Array = NDArray[Any]
RNG = np.random.default_rng(2)
COUNT, FILTERS = 30, 3
DIGESTS = [hashlib.sha256(bytes([number])).hexdigest() for number in range(COUNT)]
LABELS: Array = np.array([number % 3 - 1 for number in range(COUNT)])  # -1 is none, and two classes


@dataclass
class Values:
    response: Array
    peak: Array
    place: Array
    trough: Array | None = None
    trough_place: Array | None = None


def values(response: Array, peak: Array | None = None) -> Values:
    peak = response if peak is None else peak
    return Values(response, peak, np.arange(peak.size).reshape(peak.shape))


def of(whole: Values, groups: list[Array], limit: int = WHOLE, classes: int = 2) -> LayerEvidence:
    parts = []
    for group in groups:
        parts_of = [None if part is None else part[group] for part in vars(whole).values()]
        own = Values(*parts_of)  # type: ignore[arg-type]
        in_sample = ranks([DIGESTS[image] for image in group]) < limit
        chunk = layer_chunk(own, LABELS[group], classes, in_sample, 9)
        parts.append(Part(chunk, np.asarray(group), limit, chunk.by_class))
    counts = [int(np.count_nonzero(number == LABELS)) for number in range(classes)]
    return merged(parts, DIGESTS, counts, 9)


def assert_same(a: LayerEvidence, b: LayerEvidence) -> None:
    for name in LayerEvidence.__dataclass_fields__:
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=1e-12, err_msg=name)


def test_any_parts_in_any_order_say_the_same() -> None:
    whole = values(RNG.normal(size=(COUNT, FILTERS)), RNG.normal(size=(COUNT, FILTERS)))
    whole.trough, whole.trough_place = -whole.peak, whole.place
    at_once = of(whole, [np.arange(COUNT)])
    groups = [np.arange(0, 7), np.arange(7, 8), np.arange(8, 30, 2), np.arange(9, 30, 2)]
    for order in permutations(groups):
        assert_same(of(whole, list(order)), at_once)
    np.testing.assert_allclose(at_once.deviation[0], whole.response.std(0))
    np.testing.assert_allclose(at_once.class_means[1], whole.response[LABELS == 1].mean(0))


def test_of_equal_peaks_the_first_image_counts_whichever_chunk_it_is_in() -> None:
    whole = values(np.ones((COUNT, 1)))
    for groups in (
        [np.arange(COUNT)],
        [np.arange(20, COUNT), np.arange(20)],
        [np.arange(1, 30, 2), np.arange(0, 30, 2)],
    ):
        assert of(whole, groups).top[0].tolist() == list(range(9))


def test_a_filter_that_never_fires_has_no_examples() -> None:
    never = of(values(np.zeros((COUNT, 1))), [np.arange(COUNT)])
    assert never.examples(0, 9) == ()
    assert never.weaker(0, ()) == ()
    assert never.fires.tolist() == [0]
    assert never.selectivity(0) is None


def test_numbers_that_are_not_finite_are_counted_and_change_nothing_else() -> None:
    response = RNG.uniform(1, 2, (COUNT, 2))
    response[4, 1] = np.nan
    own = of(values(response), [np.arange(10), np.arange(10, COUNT)])
    assert own.spoiled.tolist() == [0, 1]
    np.testing.assert_allclose(own.mean[0, 0], response[:, 0].mean())


@pytest.mark.parametrize("limit", [2**30, 2**31])
def test_the_sample_does_not_depend_on_the_chunks(limit: int) -> None:
    whole = values(RNG.normal(size=(COUNT, FILTERS)))
    expected = [image for image in range(COUNT) if int(DIGESTS[image][:8], 16) < limit]
    for groups in ([np.arange(COUNT)], [np.arange(15, COUNT), np.arange(15)]):
        own = of(whole, groups, limit)
        assert own.sampled_images.tolist() == expected
        np.testing.assert_allclose(own.sampled[0], whole.response[expected], rtol=1e-6)


def test_quantiles_are_of_the_images_in_which_it_fires() -> None:
    peak = np.concatenate([np.zeros(10), np.arange(1, 21)])[:, None].astype(float)
    own = of(values(peak), [np.arange(COUNT)])
    best = own.examples(0, 9)
    assert [example.peak for example in best] == list(range(20, 11, -1))
    # 90 % of twenty is the eighteenth, which is among the best already.
    assert [(share, example.peak) for share, example in own.weaker(0, best)] == [(0.5, 10.0), (0.1, 2.0)]
    assert [(share, example.peak) for share, example in own.weaker(0, ())] == [(0.9, 18.0), (0.5, 10.0), (0.1, 2.0)]


def test_the_selectivity_index_is_that_of_the_paper() -> None:
    response = np.zeros((COUNT, 2))
    response[LABELS == 0] = [1.0, 3.0]
    response[LABELS == 1] = [4.0, 0.0]
    own = of(values(response), [np.arange(COUNT)])
    assert own.selectivity(0) == (1, pytest.approx((4 - 1) / (4 + 1)))
    assert own.selectivity(1) == (0, pytest.approx(1.0))
    assert of(values(-response), [np.arange(COUNT)]).selectivity(0) is None


def test_classes_that_chance_may_have_put_below_the_first_lead_with_it() -> None:
    """Their means differ by less than two standard errors, that is 2 * deviation * sqrt(1/10 + 1/10) here."""
    noise = np.tile([-1.0, 1.0], 15)
    response = np.stack([10 + noise, 10 + noise, 10 + noise], axis=1)
    response[LABELS == 1] += [0.1, 3.0, -3.0]
    own = of(values(response), [np.arange(COUNT)])
    deviations = response.std(axis=0)
    means = [[response[label == LABELS, index].mean() for label in (0, 1)] for index in range(3)]
    apart = [abs(a - b) > 2 * deviation * np.sqrt(0.2) for (a, b), deviation in zip(means, deviations, strict=True)]
    assert apart == [False, True, True]
    assert [own.leading(index, (10, 10)) for index in range(3)] == [(1, 0), (1,), (0,)]
    assert own.leading(1, (10, 0)) == (0,)
    assert own.leading(1, (0, 0)) == ()
