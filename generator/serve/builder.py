"""Builds in a process of their own.

A build can take gigabytes, run the code of a model's author, or crash with TensorFlow, and the server goes on all the
same. Python code that changed (custom layers, a function that makes the model) is imported again only by a new process.
As starting one takes a second, the next is always started ahead, and waits with all but TensorFlow imported.
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
from generator.errors import GalleryError, reason, system_error
from generator.pipeline.events import Event, Failure, OnEvent, Summary
from generator.serve.watch import problems_of

STOP_SECONDS = 8.0
"""Seconds that a build has to remove what it has begun, when it is stopped."""


@dataclass(frozen=True)
class BuildAborted:
    """A build that did not finish: why, a line for each problem, and the traceback, for ``--debug``."""

    problems: tuple[str, ...]
    trace: str = ""


class ElsewhereError(Exception):
    """Represents an error of the other process: its text is the traceback there."""


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

    def run(self, config: Config) -> Iterator[Event | Summary | BuildAborted | None]:
        """Build, and yield the build's events, at the end its summary or why there is none.

        Now and then, while there is no event, None is yielded.
        """
        worker, self._ready = self._ready or _Worker(), None
        self._busy = worker
        for event in worker.build(config, self._trust):
            if isinstance(event, Summary | BuildAborted):
                worker.stop()
                self._busy, self._ready = None, _Worker()
            yield event


class _Worker:
    """A process that waits for a configuration, builds it, and ends."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(theirs,), daemon=True, name="build")
        with _interrupt_blocked():
            self._process.start()
        theirs.close()

    def build(self, config: Config, trust: bool) -> Iterator[Event | Summary | BuildAborted | None]:
        """Hand over a configuration, and yield the events of the process until it has ended."""
        event: Any = None
        try:
            self._connection.send((config, trust))
            while not isinstance(event, Summary | BuildAborted):
                event = self._connection.recv() if self._connection.poll(0.5) else None
                yield event
        except (EOFError, OSError):
            self._process.join(STOP_SECONDS)
            code = self._process.exitcode
            signalled = f"by signal {-code}" if code is not None and code < 0 else f"with status {code}"
            hint = ", perhaps for want of memory" if code == -getattr(signal, "SIGKILL", 9) else ""
            yield BuildAborted((f"the build was ended {signalled}{hint}; what is finished is kept",))

    def stop(self) -> None:
        """End the process as Ctrl-C would, and wait for it."""
        self._connection.close()
        self._process.join(0.5)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(STOP_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


@contextlib.contextmanager
def _interrupt_blocked() -> Iterator[None]:
    """Block Ctrl-C while a process is started, which inherits that: it is for the server to stop it."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def work(connection: Connection) -> None:
    """Build the configuration that comes through a connection, and send each event through it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the server decides
    status = 1
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)

        config, trust = connection.recv()
        connection.send(_build(config, trust, lambda event: connection.send(_portable(event))))
        status = 0
    except (KeyboardInterrupt, EOFError, BrokenPipeError, ConnectionResetError):
        pass  # stopped, or the server is gone
    finally:
        os._exit(status)  # all is written; nobody waits for TensorFlow to shut down


def _build(config: Config, trust: bool, on_event: OnEvent) -> Summary | BuildAborted:
    from generator.pipeline.run import build

    try:
        summary = build(config, trust=trust, on_event=on_event)
        return replace(summary, failures=tuple(map(_portable, summary.failures)))
    except GalleryError as error:
        return BuildAborted(problems_of(error), _traceback(error))
    except (BrokenPipeError, ConnectionResetError):
        raise
    except OSError as error:
        return BuildAborted((str(system_error(error)),), _traceback(error))
    except Exception as error:  # whatever we did not foresee: the server goes on
        return BuildAborted((f"{reason(error)} ({type(error).__name__})",), _traceback(error))


E = TypeVar("E", bound=Event)


def _portable(event: E) -> E:
    """Return an event without an error that cannot be handed over: a model's own code raises what it likes."""
    return replace(event, error=ElsewhereError(_traceback(event.error))) if isinstance(event, Failure) else event


def _traceback(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
