"""Progress on standard error: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
import traceback
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from generator.cli.terminal import print_line
from generator.errors import printable
from generator.pipeline import (
    AgainFromExamples,
    CircuitWarning,
    DatasetOpened,
    DatasetWarning,
    Event,
    Failure,
    ImagesSeen,
    Interrupted,
    LockWarning,
    Measuring,
    ModelReady,
    PagesDone,
    PagesGrown,
    PhotoWarning,
    Planned,
    Progressed,
    TaskDone,
    TaskStarted,
    Waiting,
    WorkerLost,
    WorkersStarted,
)
from generator.plan import Task

SECONDS_BETWEEN_LINES = 10.0


class Reporter:
    """Prints the events of a build; use as a context manager, so that the bar is removed whatever happens."""

    def __init__(self, debug: bool = False) -> None:
        self._debug = debug
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._bar: Progress | None = None
        self._row: TaskID | None = None
        self._total = self._done = 0.0
        self._pictures, self._optimized = 0, 0.0
        self._is_told = False
        self._began = self._last_line = time.monotonic()

    def __enter__(self) -> Reporter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, event: Event) -> None:
        """Print an event."""
        match event:
            case Waiting(output=output, holder=holder):
                self._print(f"Waiting: {output} is in use by {holder}.")
            case LockWarning(output=output, message=message):
                self._print(f"Warning: {output}: {message}")
            case PhotoWarning(name=name, message=message):
                self._print(f"Warning: photo {name}: {message}")
            case ModelReady(name=name, warnings=warnings):
                for warning in warnings:
                    self._print(f"Warning: {name}: {warning}")
            case Measuring(name=name):
                self._print(f"{name}: measuring how this machine renders it best")
            case DatasetOpened(model=model, name=name, images=count, new=new):
                if new:
                    known = "" if new == count else f"; {count - new:,} were looked at before"
                    self._print(f"{model}: looking at {new:,} {'image' if new == 1 else 'images'} of {name}{known}.")
            case AgainFromExamples(model=model, filters=count, cost=cost):
                self._add_to_plan(cost, count)
                what = "filter that an image excites" if count == 1 else "filters that images excite"
                self._print(f"{model}: {count:,} {what} more than the picture: once more from there")
            case DatasetWarning(name=name, message=message):
                self._print(f"Warning: dataset {name}: {message}")
            case CircuitWarning(model=model, message=message):
                self._print(f"Warning: {model}: {message}")
            case ImagesSeen():
                self._show_images(event)
            case Planned():
                self._plan(event)
            case TaskStarted(task=task):
                self._show(task)
            case Progressed(task=task, cost=cost, filters=filters):
                self._done += cost
                self._optimized += filters
                self._show(task, line=task.settings is not None)
            case TaskDone(task=task):
                self._show(task)
            case Failure(error=error):  # printed at the end, with the others
                if self._debug:
                    for line in "".join(traceback.format_exception(error)).splitlines():
                        self._print(line)
            case WorkersStarted(count=count, why_fewer=why):
                reason = f": {why}, and each needs one, and memory for itself" if why else ""
                self._print(f"Pictures by {count} {'processes' if count > 1 else 'process'}{reason}.")
            case WorkerLost(task=task):
                self._print(f"A process died at {task.model}/{task.layer.name}; another does it again.")
            case PagesGrown(index=index):
                if not self._is_told:
                    self._print(f"First pages: {index} (they grow while the build runs)")
                self._is_told = True
            case Interrupted():
                self._print("Interrupted: writing the pages of what is finished. Ctrl-C again leaves at once.")
            case PagesDone():
                if self._bar:
                    self._bar.stop()

    def _add_to_plan(self, cost: float, pictures: int) -> None:
        if not self._total:
            self._began = time.monotonic()
        self._total += cost
        self._pictures += pictures
        if self._bar and self._row is not None:
            self._bar.update(self._row, total=max(self._total, 1.0))

    def _plan(self, event: Planned) -> None:
        self._total, self._pictures, self._began = event.cost, event.pictures, time.monotonic()
        if not event.pending:
            self._print("Everything is rendered already.")
            return
        kept = f"; {event.cached} tasks are done already" if event.cached else ""
        self._print(
            f"Rendering {event.pictures} filters{kept}." if event.pictures else f"Drawing maps and kernels{kept}."
        )
        if self.console.is_terminal:
            columns = (
                BarColumn(24),
                TextColumn("{task.percentage:>3.0f}%"),
                TextColumn("{task.description}", markup=False),
            )
            self._bar = Progress(*columns, console=self.console, transient=True)
            self._row = self._bar.add_task("starting TensorFlow", total=max(event.cost, 1.0))
            self._bar.start()

    def _show(self, task: Task, line: bool = False) -> None:
        text = self._describe(task)
        if self._bar and self._row is not None:
            self._bar.update(self._row, completed=self._done, description=printable(text))
        elif line and time.monotonic() - self._last_line > SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            self._print(f"{100 * self._done / max(self._total, 1.0):3.0f}%  {text}")

    def _show_images(self, event: ImagesSeen) -> None:
        text = f"{event.model}  {event.doing}  {event.done:,}/{event.count:,}"
        if self._bar and self._row is not None:
            self._bar.update(self._row, completed=self._done, description=printable(text))
        elif time.monotonic() - self._last_line > SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            self._print(text)

    def _describe(self, task: Task) -> str:
        elapsed = time.monotonic() - self._began
        parts = [f"{task.model}/{task.layer.name}", task.technique.replace("-", " ")]
        if self._optimized and task.settings:
            parts.append(f"{self._optimized:.0f}/{self._pictures} filters, {self._optimized / elapsed:.1f} a second")
        if self._done > 0.02 * self._total:
            left = elapsed * (self._total - self._done) / self._done
            parts.append(f"{max(0, int(left)) // 60}:{max(0, int(left)) % 60:02d} left")
        return "  ".join(parts)

    def _print(self, text: str) -> None:
        if self._bar:
            self._bar.console.print(Text(printable(text)))
        else:
            print_line(text, err=True)
