"""A job does in any process what a build does in its own."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from generator.config import load_config
from generator.digests import content_digest
from generator.errors import ModelError
from generator.pipeline import job, prepare
from generator.pipeline.job import Job, RemoteError, do
from generator.pipeline.optimize import Searches
from generator.plan import PICTURE
from generator.store import Store
from tests.pipeline.conftest import Place


def jobs(place: Place, more: bool = True) -> list[Job]:
    (model,), _ = prepare(load_config(place.configure()))
    tasks = [task for task in model.shown if task.technique == PICTURE]
    return [Job(model.entry, False, model.summary.digest, task, more) for task in tasks]


def test_a_job_travels_and_gives_the_record_and_files_of_a_build(place: Place) -> None:
    store = Store(place.folder / ".filter-gallery")
    for own in jobs(place):
        answer = pickle.loads(pickle.dumps(do(pickle.loads(pickle.dumps(own)))))
        assert not answer.failures
        place.build()
        assert answer.record == store.record(own.task.record_group, own.task.key)
        assert set(answer.record["blobs"]) == set(answer.files)
        for name, content in answer.files.items():
            assert content_digest(content) == name
            assert store.blob(name) == content


def test_what_was_loaded_and_compiled_serves_the_next_job(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = jobs(place)
    job._last.clear()
    do(first)
    held = job._last[0]
    (search,) = held._searches[False]._kept.values()
    do(replace(first, more=False))
    assert job._last[0] is held
    assert not held._searches[False]._kept
    assert search is not None


def test_another_network_than_the_callers_is_refused(place: Place) -> None:
    own, _ = jobs(place)
    with pytest.raises(ModelError, match="loads another network") as raised:
        do(replace(own, digest="0" * 64))
    travelled = pickle.loads(pickle.dumps(raised.value))
    assert (str(travelled), travelled.hint) == (str(raised.value), "Did its file change meanwhile?")
    (place.folder / "tiny.keras").unlink()
    job._last.clear()
    with pytest.raises(ModelError, match=r"tiny\.keras"):
        do(own)


def test_what_a_layer_raises_is_a_failure_with_its_traceback(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(Searches, "run", run)
    own, _ = jobs(place)
    (failure,) = pickle.loads(pickle.dumps(do(own))).failures
    assert (failure.what, failure.message) == ("picture of tiny/first", "no")
    assert isinstance(failure.error, RemoteError)
    assert "RuntimeError: no" in str(failure.error)
