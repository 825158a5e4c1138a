from __future__ import annotations

from dataclasses import replace

import pytest

from generator.errors import GalleryError
from generator.pipeline.failures import NOT_FINITE, OVERFLOW, attempt, leaving_out, of_filters, recorded, rounded
from generator.plan import PICTURE, plan_model
from tests.summaries import conv, entry, summary

TASKS = [
    task for task in plan_model(entry(), summary(conv(1, "stem"), conv(2, "top")), ()) if task.technique == PICTURE
]


def test_what_works_fails_not() -> None:
    done: list[int] = []
    assert list(attempt(TASKS, lambda: done.append(1))) == []
    assert done == [1]


@pytest.mark.parametrize(
    ("error", "message"),
    [(ValueError("no\n  memory"), "no memory"), (KeyError(), "KeyError"), (RuntimeError("x" * 100), "x" * 100)],
)
def test_what_fails_is_one_failure_that_names_each_layer_once(error: Exception, message: str) -> None:
    tasks = [*TASKS, replace(TASKS[0], filters=(1,))]

    def work() -> None:
        raise error

    (failure,) = attempt(tasks, work)
    assert (failure.what, failure.message, failure.error) == ("picture of net/stem, net/top", message, error)


def test_a_store_that_cannot_be_written_ends_it_all() -> None:
    def work() -> None:
        raise GalleryError("full", "Make room")

    with pytest.raises(GalleryError, match="full"):
        list(attempt(TASKS, work))


@pytest.mark.case("one-nan")
@pytest.mark.parametrize(
    ("filters", "reasons", "expected"),
    [
        (4, {}, []),
        (4, {2: OVERFLOW}, [("picture of net/stem, filter 2", OVERFLOW)]),
        (4, {2: OVERFLOW, 0: OVERFLOW}, [("picture of net/stem, filters 0, 2", OVERFLOW)]),
        (4, dict.fromkeys(range(4), OVERFLOW), [("picture of net/stem", OVERFLOW)]),
        (
            4,
            {3: NOT_FINITE, 1: OVERFLOW},
            [("picture of net/stem, filter 3", NOT_FINITE), ("picture of net/stem, filter 1", OVERFLOW)],
        ),
        (
            20,
            dict.fromkeys(range(11), OVERFLOW),
            [("picture of net/stem, filters 0, 1, 2, 3, 4, 5, 6, 7 and 3 more", OVERFLOW)],
        ),
    ],
)
def test_filters_that_fail_are_named_and_named_again_where_the_rest_is_cached(
    filters: int, reasons: dict[int, str], expected: list[tuple[str, str]]
) -> None:
    task = replace(TASKS[0], filters=tuple(range(filters)))
    assert [(failure.what, failure.message) for failure in of_filters(task, reasons)] == expected
    record = leaving_out({"technique": PICTURE}, reasons)
    assert ("failed" in record) is bool(reasons)
    again = [(failure.what, failure.message) for failure in recorded(task, record)]
    assert sorted(again) == sorted(expected)


@pytest.mark.parametrize(("value", "expected"), [(1 / 3, 0.333333), (1234567.0, 1234570.0), (-0.0, 0.0), (2, 2.0)])
def test_six_digits_are_kept(value: float, expected: float) -> None:
    assert rounded(value) == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_an_overflow(value: float) -> None:
    with pytest.raises(FloatingPointError, match=OVERFLOW):
        rounded(value)
