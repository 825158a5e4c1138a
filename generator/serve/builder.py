"""Builds in a process of their own.

A build can take gigabytes, run the code of a model's author, or crash with TensorFlow; the server has to outlive all
that. Python code that changed (custom layers, a function that makes the model) is imported anew only by a new process,
too. As starting one takes a second, the next is always started ahead, and waits with all but TensorFlow imported.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from generator.config import Config
from generator.errors import GalleryError
from generator.pipeline.events import Event, Failure, OnEvent, Summary
from generator.serve.watch import lines

PATIENCE = 8.0
"""Seconds that a build has to put away what it has begun, when it is stopped."""


@dataclass(frozen=True)
class Ended:
    """A build that came to no end: why, a line for each problem, and where in the code, for ``--debug``."""

    problems: tuple[str, ...]
    trace: str = ""


class ElsewhereError(Exception):
    """What stands for an error of the other process: its text is the traceback there."""


class Builder:
    """Runs one build after the other, each in a new process; use as a context manager."""

    def __init__(self, trust: bool = False) -> None:
        self._trust = trust
        self._ready: _Worker | None = None
        self._busy: _Worker | None = None

    def __enter__(self) -> Builder:
        self._ready = _Worker()
        return self

    def __exit__(self, *raised: object) -> None:
        for worker in filter(None, (self._busy, self._ready)):
            worker.stop()

    def run(self, config: Config) -> Iterator[Event | Summary | Ended | None]:
        """Build, and yield what the build tells, at the end its summary or why there is none.

        Now and then, while it tells nothing, None is yielded.
        """
        worker, self._ready = self._ready or _Worker(), None
        self._busy = worker
        for told in worker.build(config, self._trust):
            if isinstance(told, Summary | Ended):
                worker.stop()
                self._busy, self._ready = None, _Worker()
            yield told


class _Worker:
    """A process that waits for a configuration, builds it, and ends."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(theirs,), daemon=True, name="build")
        with _held_back():
            self._process.start()
        theirs.close()

    def build(self, config: Config, trust: bool) -> Iterator[Event | Summary | Ended | None]:
        """Hand over a configuration, and yield what the process tells until it has ended."""
        told: Any = None
        try:
            self._connection.send((config, trust))
            while not isinstance(told, Summary | Ended):
                told = self._connection.recv() if self._connection.poll(0.5) else None
                yield told
        except (EOFError, OSError):
            self._process.join(PATIENCE)
            code = self._process.exitcode
            signalled = f"by signal {-code}" if code is not None and code < 0 else f"with status {code}"
            hint = ", perhaps for want of memory" if code == -getattr(signal, "SIGKILL", 9) else ""
            yield Ended((f"the build was ended {signalled}{hint}; what is finished is kept",))

    def stop(self) -> None:
        """End the process as Ctrl-C would, and wait for it."""
        self._connection.close()
        self._process.join(0.5)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(PATIENCE)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


@contextlib.contextmanager
def _held_back() -> Iterator[None]:
    """Hold Ctrl-C back while a process is started, which begins with it held back: it is for the server to stop it."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def work(connection: Connection) -> None:
    """Build the configuration that comes through a connection, and tell through it what happens."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the server decides
    status = 1
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)

        config, trust = connection.recv()
        connection.send(_built(config, trust, lambda event: connection.send(_portable(event))))
        status = 0
    except (KeyboardInterrupt, EOFError, BrokenPipeError, ConnectionResetError):
        pass  # stopped, or the server is gone
    finally:
        os._exit(status)  # all is written; nobody waits for TensorFlow to put itself away


def _built(config: Config, trust: bool, on_event: OnEvent) -> Summary | Ended:
    from generator.pipeline.run import build

    try:
        summary = build(config, trust=trust, on_event=on_event)
        return replace(summary, failures=tuple(map(_portable, summary.failures)))
    except GalleryError as error:
        return Ended(lines(error), _trace(error))
    except Exception as error:  # whatever we did not foresee: the server goes on
        if isinstance(error, BrokenPipeError | ConnectionResetError):
            raise
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        return Ended((f"{reason} ({type(error).__name__})",), _trace(error))


E = TypeVar("E", bound=Event)


def _portable(event: E) -> E:
    """Return an event without an error that cannot be handed over: a model's own code raises what it likes."""
    return replace(event, error=ElsewhereError(_trace(event.error))) if isinstance(event, Failure) else event


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
