"""Pictures by several processes: the same files, whatever dies on the way."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.config import load_config
from generator.errors import ModelError
from generator.files import open_regular
from generator.pipeline import Event, Failure, TaskStarted, WorkerLost, WorkersStarted, build, prepare, run
from generator.pipeline import workers as module
from generator.pipeline.context import Prepared
from generator.pipeline.job import Job, RemoteError
from generator.pipeline.rendered import Rendered
from generator.pipeline.workers import DEATHS, SECONDS_EACH, LocalProcess, Workers, count_workers
from generator.plan import PICTURE
from tests.pipeline.conftest import Place


@pytest.fixture
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this be a machine of four cores and much memory."""
    monkeypatch.setattr(module, "cores", lambda: 4)
    monkeypatch.setattr(module, "free_memory", lambda: 64 << 30)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".filter-gallery-lock"
    }


@pytest.mark.usefixtures("roomy")
def test_two_processes_write_the_site_that_one_writes(place: Place) -> None:
    place.build()
    alone = contents(place.folder / "site")
    events: list[Event] = []
    summary, done = place.build("workers: 2\n", force=True, on_event=events.append)
    assert not summary.failures
    assert sorted(done)[-2:] == [("picture", "first", 4), ("picture", "second", 3)]
    assert [event for event in events if isinstance(event, WorkersStarted)] == [WorkersStarted(2, "")]
    assert contents(place.folder / "site") == alone
    assert summary.pages.written == 0


def test_a_process_that_is_killed_costs_its_job_a_second_try(place: Place) -> None:
    (model,) = planned(place)
    with Workers([lambda: LocalProcess(1)]) as workers:
        events: list[Event] = []

        def listen(event: Event) -> None:
            events.append(event)
            if isinstance(event, TaskStarted) and not any(isinstance(other, WorkerLost) for other in events):
                own = workers._slots[0]._own = LocalProcess(1)
                for child in own._children:
                    assert child.pid is not None
                    os.kill(child.pid, signal.SIGKILL)

        done = list(workers.render(model.entry, False, model.summary, pictures(model), listen))
    assert [event.task.key for event in events if isinstance(event, WorkerLost)] == [pictures(model)[0].key]
    assert {rendered.task.key for rendered in done} == {task.key for task in pictures(model)}
    assert all(rendered.record and not rendered.failures for rendered in done)


def planned(place: Place) -> list[Prepared]:
    prepared, failures = prepare(load_config(place.configure()))
    assert not failures
    return prepared


def pictures(model: Prepared) -> list[Any]:
    return [task for task in model.shown if task.technique == PICTURE]


class Here(Executor):
    """Answers in this process, or dies of some of the jobs."""

    def __init__(
        self,
        deadly: Callable[[Job], bool] = lambda job: False,
        failures: tuple[Failure, ...] = (),
        refuses: ModelError | None = None,
    ) -> None:
        self.deadly, self.failures, self.refuses = deadly, failures, refuses
        self.jobs: list[Job] = []

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Answer at once."""
        future: Future[Any] = Future()
        self.jobs += args
        if self.deadly(args[0]):
            future.set_exception(BrokenExecutor("died"))
        elif self.refuses:
            future.set_exception(self.refuses)
        else:
            future.set_result(Rendered(args[0].task, {"technique": PICTURE}, {}, self.failures))
        return future


def test_a_job_that_kills_is_given_up_and_named_and_the_others_are_done(place: Place) -> None:
    (model,) = planned(place)
    first, second = pictures(model)
    started: list[Here] = []

    def start() -> Here:
        started.append(Here(lambda job: job.task.key == first.key))
        return started[-1]

    events: list[Event] = []
    done = {
        rendered.task.key: rendered
        for rendered in Workers([start]).render(model.entry, False, model.summary, [first, second], events.append)
    }
    (failure,) = done[first.key].failures
    assert failure.what == "picture of tiny/first"
    assert "given up: 3 processes died of it" in failure.message
    assert done[second.key].record
    assert sum(isinstance(event, WorkerLost) for event in events) == DEATHS - 1
    assert len(started) == DEATHS + 1


def test_a_model_that_a_process_cannot_load_is_one_failure(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing = Here(refuses=ModelError("tiny: cannot be loaded there", "Do so"))
    (model,) = planned(place)
    with pytest.raises(ModelError, match="cannot be loaded there") as raised:
        list(Workers([lambda: refusing]).render(model.entry, False, model.summary, pictures(model), print))
    assert raised.value.hint == "Do so"
    monkeypatch.setattr(run, "count_workers", lambda asked, seconds: (2, ""))
    monkeypatch.setattr(run, "local", lambda count: Workers([lambda: refusing]))
    summary, done = place.build()
    assert [failure.what for failure in summary.failures] == ["model tiny"]
    assert not any(technique == PICTURE for technique, _, _ in done)


def test_after_a_model_that_cannot_be_loaded_all_processes_serve_the_next(place: Place) -> None:
    (model,) = planned(place)

    class Stuck(Here):
        """Never answers the first of its jobs, until it ends."""

        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            """Answer if it is not the first."""
            if self.jobs or restarted:
                return super().submit(function, *args, **kwargs)
            self.jobs += args
            return Future()

        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            """Note that it ended."""
            restarted.append(self)

    restarted: list[Stuck] = []
    refusing = Here(refuses=ModelError("no"))
    workers = Workers([lambda: refusing, Stuck])
    with pytest.raises(ModelError):
        list(workers.render(model.entry, False, model.summary, pictures(model), lambda event: None))
    assert len(restarted) == 1
    refusing.refuses = None
    done = list(workers.render(model.entry, False, model.summary, pictures(model), lambda event: None))
    assert len(done) == 2


def test_what_cannot_travel_is_a_failure_of_its_task_alone(place: Place) -> None:
    (model,) = planned(place)
    first, second = pictures(model)

    class Raising(Here):
        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            """Raise for the first task."""
            future = super().submit(function, *args, **kwargs)
            if args[0].task.key == first.key:
                future = Future()
                future.set_exception(TypeError("cannot be pickled"))
            return future

    done = list(Workers([Raising]).render(model.entry, False, model.summary, [first, second], lambda event: None))
    assert [[failure.message for failure in own.failures] for own in done] == [["cannot be pickled"], []]


@pytest.mark.usefixtures("roomy")
def test_a_gpu_serves_one_process_unless_more_are_asked_for(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "USUAL_SPEED", 1.0)
    monkeypatch.setattr(run, "_has_accelerator", lambda: True)
    monkeypatch.setattr(run, "local", lambda count: pytest.fail("several processes"))
    assert not place.build()[0].failures


def test_what_fails_in_a_process_is_reported_with_its_traceback(place: Place) -> None:
    (model,) = planned(place)
    failing = Here(failures=(Failure("picture of tiny/first", "no", RemoteError("Traceback of there")),))
    done = list(Workers([lambda: failing]).render(model.entry, False, model.summary, pictures(model)[:1], print))
    (failure,) = done[0].failures
    assert (failure.what, failure.message, str(failure.error)) == ("picture of tiny/first", "no", "Traceback of there")


def test_every_layer_has_its_turn_first_and_stays_where_it_is_compiled(place: Place) -> None:
    (model,) = planned(place)
    first, second = pictures(model)
    tasks = [first, second, *(replace(task, key=f"{task.layer.name}{k}") for task in (first, second) for k in range(3))]
    slots = [Here(), Here()]
    starts = [lambda own=own: own for own in slots]
    done = list(Workers(starts).render(model.entry, False, model.summary, tasks, lambda event: None))
    assert len(done) == len(tasks)
    assert [[job.task.layer.name for job in own.jobs] for own in slots] == [["first"] * 4, ["second"] * 4]
    assert [[job.more for job in own.jobs] for own in slots] == [[True] * 3 + [False]] * 2


def test_a_process_without_work_takes_from_the_one_with_most(place: Place) -> None:
    (model,) = planned(place)
    (first, _) = pictures(model)
    tasks = [first, *(replace(first, key=str(k)) for k in range(3))]
    slots = [Here(), Here()]
    starts = [lambda own=own: own for own in slots]
    list(Workers(starts).render(model.entry, False, model.summary, tasks, lambda event: None))
    assert [len(own.jobs) for own in slots] == [2, 2]


@pytest.mark.usefixtures("roomy")
def test_as_many_processes_as_pay_and_as_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [count_workers(0, seconds * SECONDS_EACH)[0] for seconds in (0, 1.9, 2, 3.5, 100)] == [1, 1, 2, 3, 4]
    assert count_workers(1, 1e9) == (1, "")
    assert count_workers(3, 0) == (3, "")
    assert count_workers(64, 0) == (4, "this machine has 4 cores")
    monkeypatch.setattr(module, "free_memory", lambda: 5 << 30)
    assert count_workers(0, 1e9) == (2, "")
    assert count_workers(64, 0) == (2, "this machine has 5.0 GiB free")
    monkeypatch.setattr(module, "free_memory", lambda: 1 << 20)
    assert count_workers(64, 0)[0] == 1
    monkeypatch.setattr(module, "free_memory", lambda: None)
    assert count_workers(4, 0) == (4, "")


def alive(pid: int) -> bool:
    try:
        with open_regular(Path(f"/proc/{pid}/stat")) as opened:
            return opened.read().split()[2] != b"Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="reads /proc")
def test_a_process_ends_with_its_caller_and_does_not_run_the_callers_program(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import os, time\nfrom generator.pipeline.workers import LocalProcess\n"
        "own = LocalProcess(1)\nprint(own.submit(os.getpid).result(), flush=True)\ntime.sleep(600)\n"
    )
    running = subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    pid = int(running.stdout.readline())
    assert alive(pid)
    running.kill()
    running.wait()
    for _ in range(100):
        if not alive(pid):
            break
        time.sleep(0.1)
    assert not alive(pid)


@pytest.mark.usefixtures("roomy")
def test_an_interrupted_build_ends_its_processes(place: Place) -> None:
    path = place.configure("workers: 2\n")
    ended: list[bool] = []

    def interrupt(event: Event) -> None:
        if isinstance(event, TaskStarted) and event.task.technique == PICTURE:
            ended.append(True)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(load_config(path), on_event=interrupt)
    assert ended
    assert not multiprocessing.active_children()
    summary, done = place.build()
    assert not summary.failures
    assert len([technique for technique, _, _ in done if technique == PICTURE]) == 2
