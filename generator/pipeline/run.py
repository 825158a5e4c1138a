"""A whole build, from a configuration to a site."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from generator.config import Config
from generator.errors import GalleryError, ModelError, PhotoError, UsageError, nearest
from generator.files import real_path
from generator.pipeline.circuits import trace_circuits
from generator.pipeline.compare import compare_weights
from generator.pipeline.context import BuildContext, Prepared, open_context, prepare_all
from generator.pipeline.cost import fixed_seconds, task_cost
from generator.pipeline.dataset import Datasets, feed_of, look
from generator.pipeline.events import (
    AgainFromExamples,
    Event,
    Failure,
    LockWarning,
    OnEvent,
    PagesDone,
    PhotoWarning,
    Planned,
    Progressed,
    Summary,
    TaskDone,
    Waiting,
)
from generator.pipeline.failures import recorded
from generator.pipeline.from_examples import example_tasks, start_pictures
from generator.plan import EVERYTHING, Choice, Task

ALL_DARK = "it is all dark, so filters see next to nothing in it. Save it with brighter values"


def select_models(config: Config, names: Iterable[str]) -> Config:
    """Return the configuration with those models alone.

    Raises UsageError, with the nearest name, for a model that it does not have.
    """
    names = list(names)
    known = [entry.name for entry in config.models]
    for name in names:
        if name not in known:
            raise UsageError(
                f"no model {name!r} in the configuration", nearest(name, known) or f"It has: {', '.join(known)}"
            )
    return replace(config, models=tuple(e for e in config.models if e.name in names)) if names else config


def build(
    config: Config,
    choice: Choice = EVERYTHING,
    models: Iterable[str] = (),
    force: bool = False,
    trust: bool = False,
    on_event: OnEvent = lambda event: None,
) -> Summary:
    """Build the site of a configuration; what the store holds is not rendered again (unless ``force``).

    ``models`` and ``choice`` narrow what is rendered now; pages of what the store holds already stay. Another build of
    the same output is waited for. Raises UsageError or ConfigError if nothing can be done at all; what fails later is
    in the summary.
    """
    with building(config, choice, models, force, trust, on_event) as summary:
        return summary


@contextmanager
def building(
    config: Config,
    choice: Choice = EVERYTHING,
    models: Iterable[str] = (),
    force: bool = False,
    trust: bool = False,
    on_event: OnEvent = lambda event: None,
    wait: bool = True,
) -> Iterator[Summary]:
    """Build as ``build`` does, and keep other builds from the output until the block ends.

    Raises UsageError, too, if the output is in use by another process, unless ``wait``.
    """
    from generator.pages.site import check_templates
    from generator.site.lock import output_lock

    _check_apart(config)
    rendered_now = {entry.name for entry in select_models(config, models).models}
    check_templates(config)
    output = str(config.output)
    with output_lock(config.output, wait, lambda holder: on_event(Waiting(output, holder))) as doubt:
        if doubt:
            on_event(LockWarning(output, doubt))
        yield _build(config, choice, rendered_now, force, trust, on_event)


def _build(
    config: Config, choice: Choice, rendered_now: set[str], force: bool, trust: bool, on_event: OnEvent
) -> Summary:
    from generator.pages.site import write_site

    context, failures = open_context(config, trust, on_event)
    context.store.remove_left()
    prepared, failed = prepare_all(config, choice, context, rendered_now, measure=True)
    failures += failed
    pending: dict[str, list[Task]] = {p.entry.name: [] for p in prepared}
    for model in prepared:
        for task in model.now:
            record = None if force else context.store.record(task.record_group, task.key)
            if record is None:
                pending[model.entry.name].append(task)
            else:
                failures += map(context.failed, recorded(task, record))
    failures[:0] = _without_damaged_photos(pending, context)  # with the other photos' failures
    everything = [task for p in prepared for task in p.now]
    costs = {p.entry.name: sum(task_cost(t, p.summary) for t in pending[p.entry.name]) for p in prepared}
    count = sum(map(len, pending.values()))
    pictures = sum(t.pictures for tasks in pending.values() for t in tasks)
    on_event(Planned(count, len(everything) - count, pictures, sum(costs.values())))
    if count:
        context.store.check_writable()
    rendered = 0
    datasets = Datasets()
    for model in prepared:
        if model.now:
            failures += look(model.entry, model.summary, model.shown + model.now, context, datasets, force)
            trace_circuits(model.entry, model.summary, model.shown + model.now, context, datasets, force)
        if tasks := pending[model.entry.name]:
            done, failed = _render(model, tasks, context)
            rendered += done
            failures += failed
    begun: dict[str, tuple[Task, ...]] = {}
    for model in prepared:
        own, failed = _from_examples(model, context, datasets, force)
        begun[model.entry.name] = own
        failures += failed
    failures += compare_weights(config, prepared, rendered_now, context)
    narrowed = choice.narrows or len(rendered_now) < len(config.models)
    gathered = [(p.entry, p.summary, p.photos, p.shown + p.now + begun[p.entry.name]) for p in prepared]
    written = write_site(config, gathered, context.store, keep_all=narrowed)
    pages = PagesDone(written.written, written.unchanged, written.deleted)
    on_event(pages)
    verdicts = tuple(sorted(written.verdicts.items()))
    index = str(config.output / "index.html")
    return Summary(rendered, len(everything) - count, tuple(failures), pages, verdicts, index)


def _from_examples(
    prepared: Prepared, context: BuildContext, datasets: Datasets, force: bool
) -> tuple[tuple[Task, ...], list[Failure]]:
    """Optimise again the filters that an image excites more than their picture; return their tasks, and what failed."""
    entry, shown = prepared.entry, prepared.shown + prepared.now
    found = example_tasks(entry, prepared.summary, shown, context.store)
    pending = [
        (task, starts)
        for task, starts in (found if prepared.now else [])
        if force or context.store.record(task.record_group, task.key) is None
    ]
    failures: list[Failure] = []
    if pending and entry.dataset:
        try:
            images, model = datasets.images(entry.dataset), context.models.load(entry)
            feed = feed_of(images, entry.dataset, prepared.summary)
            made = {task.key: start_pictures(model, task, images, feed, starts) for task, starts in pending}
        except GalleryError as error:
            return tuple(task for task, _ in found), [context.fail(f"model {entry.name}", error)]
        from generator.pipeline.optimize import optimize_all  # it imports TensorFlow

        pictures = {key: start for key, start in made.items() if start is not None}
        done = [task for task, _ in pending if task.key in pictures]
        cost = sum(task_cost(task, prepared.summary) for task in done)
        context.on_event(AgainFromExamples(entry.name, sum(len(task.filters) for task in done), cost))
        for failure in optimize_all(model, done, context.store, context.on_event, pictures):
            failures.append(context.failed(failure))
    return tuple(task for task, _ in found), failures


def _without_damaged_photos(pending: dict[str, list[Task]], context: BuildContext) -> list[Failure]:
    """Decode the photos that are needed, one at a time, and take those that cannot be from the tasks.

    Return a failure for each; warn of those that are all dark.
    """
    failures = []
    needed = {task.photo.digest for tasks in pending.values() for task in tasks if task.photo}
    for photo in context.photos:
        if photo.digest not in needed:
            continue
        try:
            if photo.is_dark():
                context.on_event(PhotoWarning(photo.name, ALL_DARK))
        except PhotoError as error:
            failures.append(context.fail(f"photo {photo.name}", error))
            for name, tasks in pending.items():
                pending[name] = [task for task in tasks if not task.photo or task.photo.digest != photo.digest]
    return failures


def _check_apart(config: Config) -> None:
    output, cache = real_path(config.output), real_path(config.cache)
    if output.is_relative_to(cache) or cache.is_relative_to(output):
        raise UsageError(
            f"output {config.output} and cache {config.cache}: one is inside the other", "Name another folder"
        )


def _render(prepared: Prepared, tasks: list[Task], context: BuildContext) -> tuple[int, list[Failure]]:
    """Return how many tasks were done, and what failed."""
    from generator.pipeline.execute import execute

    try:
        model = context.models.load(prepared.entry)
    except ModelError as error:
        return 0, [context.fail(f"model {prepared.entry.name}", error)]
    began, cost, done = time.monotonic(), 0.0, 0
    failures: list[Failure] = []

    def listen(event: Event) -> None:
        nonlocal cost, done
        cost += event.cost if isinstance(event, Progressed) else 0.0
        done += isinstance(event, TaskDone)
        context.on_event(event)

    for failure in execute(model, tasks, {photo.digest: photo for photo in context.photos}, context.store, listen):
        context.on_event(failure)
        failures.append(failure)
    if cost:
        # Small builds are mostly compiling, and tell little of how fast large ones are.
        seconds = max(1.0, time.monotonic() - began - fixed_seconds(tasks))
        before = context.store.speed().get("multiplications_per_second", 0.0)
        context.store.note_speed({"multiplications_per_second": max(before, cost / seconds)})
    return done, failures
