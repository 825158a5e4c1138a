"""What came of a task, on its way into the store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from generator.config import load_config
from generator.digests import content_digest
from generator.pipeline import Event, Failure, TaskDone, prepare
from generator.pipeline.rendered import Rendered, keep, kind_of
from generator.plan import PICTURE
from generator.store import Store
from tests.pipeline.conftest import Place


def test_files_and_record_are_stored_and_failures_handed_on(place: Place, tmp_path: Path) -> None:
    (model,), _ = prepare(load_config(place.configure()))
    task = next(task for task in model.shown if task.technique == PICTURE)
    place.build()
    record = Store(place.folder / ".filter-gallery").record(task.record_group, task.key)
    assert record is not None
    files = {name: Store(place.folder / ".filter-gallery").blob(name) for name in record["blobs"]}
    store, events = Store(tmp_path / "other"), list[Event]()
    failure = Failure("what", "why", ValueError())
    assert list(keep(Rendered(task, None, {}, (failure,)), store, events.append)) == [failure]
    assert not events
    assert list(keep(Rendered(task, record, files, ()), store, events.append)) == []
    assert events == [TaskDone(task)]
    assert store.record(task.record_group, task.key) == record
    assert all(content_digest(store.blob(name)) == name for name in files)
    assert kind_of(task) == kind_of(replace(task, filters=(1,), key="other"))
