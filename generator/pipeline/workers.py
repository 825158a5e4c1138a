"""Processes that render pictures side by side. Each has some of the cores; only the caller writes to the store.

TensorFlow keeps two cores busy better by two processes of one thread each than by one of two, and many cores hardly at
all by one. Batches are independent, and come out the same wherever they are done, with however many threads.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import types
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing.connection import wait as wait_for
from multiprocessing.process import BaseProcess
from typing import Self

from generator.config.values import ModelEntry
from generator.errors import GalleryError, reason
from generator.models.summary import ModelSummary
from generator.pipeline.cost import task_cost
from generator.pipeline.events import Failure, OnEvent, Progressed, TaskStarted, WorkerLost
from generator.pipeline.job import Job, do
from generator.pipeline.machine import cores, free_memory
from generator.pipeline.rendered import Kind, Rendered, kind_of
from generator.plan import Task
from generator.plan.tuning import memory_for_batches

SECONDS_EACH = 60.0
"""Work that each must have ahead to be worth its start, five seconds of a core: two gain little over one."""

BASE_MEMORY = 1 << 30
"""Bytes that a process takes beside a batch: TensorFlow, a model, and what is compiled for it."""

DEATHS = 3
"""Processes that a job may cost before it is given up."""


def count_workers(asked: int, seconds: float) -> tuple[int, str]:
    """Return how many processes to use for so many seconds of work in one, and why fewer than were asked for.

    If 0 are ``asked`` for, as many as pay; 1 stands for this process.
    """
    most, why = cores(), "cores"
    free = free_memory()
    if free is not None and (fit := max(1, free // (BASE_MEMORY + memory_for_batches()))) < most:
        most, why = fit, "memory"
    if not asked:
        return max(1, min(most, int(seconds / SECONDS_EACH))), ""
    if asked <= most:
        return asked, ""
    has = f"{cores()} core{'' if cores() == 1 else 's'}" if why == "cores" else f"{(free or 0) / 2**30:.1f} GiB free"
    return most, f"this machine has {has}"


class Workers:
    """Processes that do jobs, as many as there are ``starts``, each of which gives an executor of one process.

    They start with the first job, and end with the block.
    """

    def __init__(self, starts: Sequence[Callable[[], Executor]]) -> None:
        self._slots = [_Slot(start) for start in starts]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for slot in self._slots:
            slot.end()

    def render(
        self, entry: ModelEntry, trust: bool, summary: ModelSummary, tasks: Sequence[Task], on_event: OnEvent
    ) -> Iterator[Rendered]:
        """Do picture tasks of a model, and yield what came of each, in any order.

        Raises ModelError if a process cannot load the model.
        """
        queue, deaths = _Queue(tasks), Counter[str]()
        running: dict[Future[Rendered], tuple[_Slot, Task]] = {}
        for slot in self._slots:
            slot.warm.clear()
        try:
            while True:
                for slot in self._slots:
                    if slot.is_idle and (task := queue.next_for(slot, self._slots)) is not None:
                        on_event(TaskStarted(task))
                        job = Job(entry, trust, summary.digest, task, queue.has_more(task))
                        running[slot.submit(job)] = (slot, task)
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    slot, task = running.pop(future)
                    slot.is_idle = True
                    try:
                        done = future.result()
                    except BrokenExecutor as error:
                        slot.end()
                        deaths[task.key] += 1
                        if deaths[task.key] < DEATHS:
                            on_event(WorkerLost(task))
                            queue.put_back(task)
                        else:
                            message = f"given up: {DEATHS} processes died of it. Is there too little memory?"
                            yield _failed(task, message, error)
                        continue
                    except GalleryError:
                        raise
                    except Exception as error:  # a model's own code can raise anything, and what cannot travel
                        yield _failed(task, reason(error), error)
                        continue
                    on_event(Progressed(task, task_cost(task, summary), task.pictures))
                    yield done
        finally:
            for slot, _ in running.values():  # nobody wants to know what they are doing any more
                slot.end()


def _failed(task: Task, message: str, error: BaseException) -> Rendered:
    return Rendered(task, None, {}, (Failure(f"{task.technique} of {task.model}/{task.layer.name}", message, error),))


class _Slot:
    """A place for one process; ``warm`` are the kinds of tasks for which it has compiled graphs."""

    def __init__(self, start: Callable[[], Executor]) -> None:
        self.is_idle = True
        self.warm: set[Kind] = set()
        self._start = start
        self._own: Executor | None = None

    def submit(self, job: Job) -> Future[Rendered]:
        if self._own is None:
            self._own = self._start()
        self.is_idle = False
        self.warm.add(kind_of(job.task))
        return self._own.submit(do, job)

    def end(self) -> None:
        """Let go of the process, whatever it is doing."""
        if self._own is not None:
            self._own.shutdown(wait=False, cancel_futures=True)
        self._own, self.is_idle = None, True
        self.warm.clear()


class _Queue:
    """Tasks that wait. The first of each kind come first, in their order, so that every layer has something soon."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        seen: set[Kind] = set()
        self._first: list[Task] = []
        self._rest: list[Task] = []
        for task in tasks:
            (self._rest if kind_of(task) in seen else self._first).append(task)
            seen.add(kind_of(task))

    def next_for(self, slot: _Slot, slots: Sequence[_Slot]) -> Task | None:
        """Take the task for a process: of a kind that it has compiled, of one that none has, or of the most work."""
        waiting = self._first or self._rest
        if not waiting:
            return None
        elsewhere = set[Kind]().union(*(other.warm for other in slots if other is not slot))
        own = next((task for task in waiting if kind_of(task) in slot.warm), None)
        new = next((task for task in waiting if kind_of(task) not in elsewhere), None)
        left = Counter(map(kind_of, waiting))
        taken = own or new or max(waiting, key=lambda task: left[kind_of(task)])
        waiting.remove(taken)
        return taken

    def has_more(self, task: Task) -> bool:
        """Tell whether others wait that the same graph serves."""
        return any(kind_of(other) == kind_of(task) for other in self._rest)

    def put_back(self, task: Task) -> None:
        """Let a task be the next."""
        self._first.insert(0, task)


class LocalProcess(ProcessPoolExecutor):
    """One process of so many threads on this machine. It ends with this process, however that ends."""

    def __init__(self, threads: int) -> None:
        super().__init__(1, multiprocessing.get_context("spawn"), _begin, (threads,))
        before = set(multiprocessing.active_children())
        with _without_main():
            self._ready = self.submit(os.getpid)
        self._children: set[BaseProcess] = set(multiprocessing.active_children()) - before

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the process; without ``wait`` at once, whatever it is doing."""
        if not wait:
            for child in self._children:
                child.kill()
        super().shutdown(wait=wait, cancel_futures=cancel_futures)


def local(count: int) -> Workers:
    """Return so many processes on this machine, which share its cores."""
    threads = max(1, cores() // count)
    return Workers([lambda: LocalProcess(threads)] * count)


@contextmanager
def _without_main() -> Iterator[None]:
    """Let a process start without the program that runs here: it would be run again, and may build galleries itself."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _begin(threads: int) -> None:
    """Prepare a process: its share of the cores, and its end."""
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = str(threads)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a Ctrl-C the caller hears
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait_for([sentinel])
    os._exit(1)
