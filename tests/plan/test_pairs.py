from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from generator.config import Config
from generator.models.summary import ModelSummary
from generator.plan.pairs import alike, comparison_key, model_pairs
from tests.summaries import conv, entry, summary

SMALL, LARGE = [conv(1, "a")], [conv(1, "a"), conv(2, "b")]


def summaries(*layers: object) -> dict[str, ModelSummary]:
    return {f"m{i}": summary(*of, digest=f"{i:064d}") for i, of in enumerate(layers)}  # type: ignore[misc]


def config(*names: str, compare: tuple[tuple[str, str], ...] | None = None) -> Config:
    return Config("", Path("site"), Path("store"), (), tuple(entry(name) for name in names), compare=compare)


@pytest.mark.parametrize(
    ("architectures", "compare", "expected"),
    [
        ([SMALL], None, []),
        ([SMALL, SMALL], None, [("m0", "m1")]),
        ([SMALL, SMALL, SMALL], None, [("m0", "m1"), ("m1", "m2")]),
        # neighbours alone, and of one architecture
        ([SMALL, LARGE, SMALL], None, []),
        ([SMALL, LARGE, LARGE], None, [("m1", "m2")]),
        # what is said goes before what is guessed
        ([SMALL, SMALL], (), []),
        ([SMALL, LARGE, SMALL], (("m2", "m0"), ("m0", "m1")), [("m2", "m0"), ("m0", "m1")]),
    ],
)
def test_neighbours_of_one_architecture_are_compared_unless_pairs_are_named(
    architectures: list[object], compare: tuple[tuple[str, str], ...] | None, expected: list[tuple[str, str]]
) -> None:
    known = summaries(*architectures)
    assert list(model_pairs(config(*known, compare=compare), known)) == expected


def test_a_model_that_is_not_known_is_compared_with_nothing_and_hides_no_gap() -> None:
    known = summaries(SMALL, SMALL, SMALL)
    names = tuple(known)
    del known["m1"]
    assert model_pairs(config(*names), known) == ()
    assert model_pairs(config(*names, compare=(("m0", "m1"), ("m0", "m2"))), known) == (("m0", "m2"),)


def test_one_file_under_two_names_is_not_compared_with_itself_unless_asked() -> None:
    known = {"x": summary(*SMALL), "y": summary(*SMALL)}
    assert model_pairs(config("x", "y"), known) == ()
    assert model_pairs(config("x", "y", compare=(("x", "y"),)), known) == (("x", "y"),)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"name": "other", "activation": "linear", "output_shape": (5, 5, 4)}, True),
        ({"type": "DepthwiseConv2D"}, False),
        ({"kernel_shapes": ((3, 3, 3, 5),)}, False),
        ({"call": 2}, False),
    ],
)
def test_architectures_agree_in_kinds_and_kernels_whatever_the_names(change: dict[str, object], same: bool) -> None:
    assert alike(summary(conv(1, "a")), summary(replace(conv(1, "a"), **change))) is same  # type: ignore[arg-type]


def test_a_comparison_is_kept_under_both_models_in_their_order() -> None:
    a, b, c = summaries(SMALL, SMALL, SMALL).values()
    assert len({comparison_key(a, b), comparison_key(b, a), comparison_key(a, c)}) == 3
    assert comparison_key(a, b) == comparison_key(summary(conv(1, "x"), digest=a.digest), b)
