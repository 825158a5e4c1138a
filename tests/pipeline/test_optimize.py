"""Batch after batch: what fails costs its own batch alone, and the next one is optimised while files are encoded."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from generator.errors import UsageError
from generator.pipeline import Event, Failure, Planned, Progressed, TaskDone, TaskStarted, optimize
from generator.plan import Task
from generator.render.optimize import scores as real_scores
from generator.store import Store
from tests.pipeline.conftest import Measured, Place, pairs

BATCHES = [("first", (0, 1)), ("second", (0,)), ("first", (2, 3)), ("second", (1, 2))]
"""In the order in which they are optimised: the first of each layer, then the others."""

SECONDS = 60.0


@pytest.fixture(autouse=True)
def _pairs(measured: Measured) -> None:
    measured.says = pairs(2)


def nth(call: int, function: Callable[..., Any], error: BaseException) -> Callable[..., Any]:
    """Return the function as it is but for one of its calls, which fails."""
    calls = iter(range(1000))

    def wrapped(*words: Any, **more: Any) -> Any:
        if next(calls) == call:
            raise error
        return function(*words, **more)

    return wrapped


def of(task: Task) -> tuple[str, tuple[int, ...]]:
    return task.layer.name, task.filters


def story(heard: list[Event]) -> list[tuple[str, str, tuple[int, ...] | str]]:
    """Return what became of the pictures, in the order in which it was told."""
    told: list[tuple[str, str, tuple[int, ...] | str]] = []
    for event in heard:
        if isinstance(event, TaskStarted | TaskDone) and event.task.settings:
            told.append(("starts" if isinstance(event, TaskStarted) else "done", *of(event.task)))
        elif isinstance(event, Failure):
            told.append(("fails", event.what, event.message))
    return told


def test_a_batch_is_stored_when_the_next_has_climbed(place: Place) -> None:
    heard: list[Event] = []
    place.build(on_event=heard.append)
    expected = [("starts", *BATCHES[0])]
    for before, after in pairwise(BATCHES):
        expected += [("starts", *after), ("done", *before)]
    assert story(heard) == [*expected, ("done", *BATCHES[-1])]


def test_progress_adds_up_to_what_was_planned(place: Place) -> None:
    heard: list[Event] = []
    place.build(on_event=heard.append)
    (planned,) = (event for event in heard if isinstance(event, Planned))
    progressed = [event for event in heard if isinstance(event, Progressed)]
    kernels = 2 * 1e6  # they are told as done alone
    assert sum(event.cost for event in progressed) + kernels == pytest.approx(planned.cost)
    assert sum(event.filters for event in progressed) == pytest.approx(planned.pictures) == pytest.approx(7)


def test_files_are_encoded_on_another_thread_while_the_next_batch_climbs(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every batch but the last has its files encoded only once the next one has begun: otherwise nobody would wait."""
    began = [threading.Event() for _ in BATCHES]
    threads: list[int] = []
    encode, run = optimize._encode, optimize.Searches.run
    optimizing, encoding = iter(range(4)), iter(range(4))

    def watched_run(*words: Any) -> Any:
        began[next(optimizing)].set()
        return run(*words)

    def watched_encode(*words: Any) -> Any:
        threads.append(threading.get_ident())
        after = next(encoding) + 1
        assert after == len(began) or began[after].wait(SECONDS)
        return encode(*words)

    monkeypatch.setattr(optimize.Searches, "run", watched_run)
    monkeypatch.setattr(optimize, "_encode", watched_encode)
    summary, _ = place.build()
    assert summary.failures == ()
    assert len(threads) == 4
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("call", range(4))
@pytest.mark.parametrize(
    ("part", "name"),
    [(optimize, "_encode"), (optimize, "scores"), (optimize.Searches, "run")],
    ids=["encode", "score", "optimize"],
)
def test_what_fails_costs_its_own_batch_alone(
    part: Any, name: str, call: int, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Event] = []
    with monkeypatch.context() as patch:
        patch.setattr(part, name, nth(call, getattr(part, name), RuntimeError("out of\nmemory")))
        summary, _ = place.build(on_event=heard.append)
    what = f"picture of tiny/{BATCHES[call][0]}"
    assert [(failure.what, failure.message) for failure in summary.failures] == [(what, "out of memory")]
    told = story(heard)
    assert [each[1:] for each in told if each[0] == "starts"] == BATCHES
    assert [each[1:] for each in told if each[0] == "done"] == [*BATCHES[:call], *BATCHES[call + 1 :]]
    assert ("fails", what, "out of memory") in told
    again, done = place.build()
    assert (again.failures, done) == ((), [("picture", BATCHES[call][0], len(BATCHES[call][1]))])


def test_a_batch_is_kept_although_the_next_one_fails(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Event] = []
    monkeypatch.setattr(optimize.Searches, "run", nth(1, optimize.Searches.run, RuntimeError("no")))
    place.build(on_event=heard.append)
    assert story(heard)[:4] == [
        ("starts", *BATCHES[0]),
        ("starts", *BATCHES[1]),
        ("fails", "picture of tiny/second", "no"),
        ("done", *BATCHES[0]),
    ]


def test_when_every_batch_fails_all_are_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*words: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(optimize, "_encode", fail)
    summary, done = place.build()
    assert len(summary.failures) == 4
    assert {technique for technique, _, _ in done} == {"kernel", "feature-map"}


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_batch_whose_score_is_no_number_is_not_kept(
    value: float, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(1000))

    def overflow(*words: Any) -> Any:
        found = real_scores(*words)
        return np.full_like(found, value) if next(calls) == 1 else found

    monkeypatch.setattr(optimize, "scores", overflow)
    summary, done = place.build()
    (failure,) = summary.failures
    assert failure.message == "the network's activation is not a finite number"
    assert [(layer, count) for technique, layer, count in done if technique == "picture"] == [
        ("first", 2),
        ("first", 2),
        ("second", 2),
    ]


def test_a_store_that_takes_no_more_ends_the_build_at_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Event] = []
    put = Store.put_record
    full = UsageError("cannot write: No space left on device")
    monkeypatch.setattr(Store, "put_record", nth(5, put, full))  # two kernels, two maps, one batch
    with pytest.raises(UsageError, match="No space left"):
        place.build(on_event=heard.append)
    assert [each[:1] + each[1:] for each in story(heard) if each[0] == "done"] == [("done", *BATCHES[0])]


@pytest.mark.parametrize("call", range(4))
@pytest.mark.parametrize(
    ("part", "name"), [(optimize, "scores"), (optimize.Searches, "run")], ids=["score", "optimize"]
)
def test_an_interrupted_build_keeps_what_is_whole_and_goes_on_to_the_same_bytes(
    part: Any, name: str, call: int, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(part, name, nth(call, getattr(part, name), KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            place.build()
    kept = place.kept("records", "tunings")
    _, done = place.build()
    assert 1 <= len([technique for technique, _, _ in done if technique == "picture"]) <= 4
    whole = place.kept()
    assert kept.items() <= whole.items()
    place.build(force=True)
    assert place.kept() == whole
