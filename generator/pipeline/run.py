"""A whole build, from a configuration to a site."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from generator.config import Config
from generator.errors import PhotoError, UsageError, nearest
from generator.files import real_path
from generator.models.start import start_keras
from generator.pipeline.compare import compare_weights
from generator.pipeline.context import BuildContext, Prepared, open_context, prepare_all
from generator.pipeline.cost import USUAL_SPEED, task_cost
from generator.pipeline.events import (
    Failure,
    Interrupted,
    LockWarning,
    OnEvent,
    PagesDone,
    PagesGrown,
    PhotoWarning,
    Planned,
    Summary,
    Waiting,
    WorkersStarted,
)
from generator.pipeline.failures import recorded
from generator.pipeline.growing import GrowingSite
from generator.pipeline.work import Work
from generator.pipeline.workers import Workers, count_workers, local
from generator.plan import EVERYTHING, Choice, Task

if TYPE_CHECKING:  # importing it takes a while, which a wrong configuration goes without
    from generator.pages.fingerprint import PlannedModel
    from generator.site.folder import Changes

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
    from generator.pages.site import Kept, grow_site, write_site

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
    narrowed = choice.narrows or len(rendered_now) < len(config.models)
    index = str(config.output / "index.html")

    meanwhile: list[Changes] = []
    kept = Kept()

    def grow() -> None:
        written = grow_site(config, _gathered(prepared, work), context.store, narrowed, kept)
        if written and written.changes:
            meanwhile.append(written.changes)
            on_event(PagesGrown(index))

    site = GrowingSite(grow, pictures)
    work = Work(context, pending, site, force)
    try:
        with _workers(config, context, pictures, sum(costs.values())) as workers:
            work.do(prepared, workers)
        failures += work.failures + compare_weights(config, prepared, rendered_now, context)
    except KeyboardInterrupt:
        if site.is_behind:
            on_event(Interrupted())
            site.catch_up()
        raise
    kept.pages.clear()  # all are made again, and may be many
    written = write_site(config, _gathered(prepared, work), context.store, keep_all=narrowed).after(meanwhile)
    pages = PagesDone(written.written, written.unchanged, written.deleted)
    on_event(pages)
    verdicts = tuple(sorted(written.verdicts.items()))
    return Summary(work.rendered, len(everything) - count, tuple(failures), pages, verdicts, index)


@contextmanager
def _workers(config: Config, context: BuildContext, pictures: int, cost: float) -> Iterator[Workers | None]:
    """Give the processes that render pictures, None where this one does."""
    speed = context.store.speed().get("multiplications_per_second", USUAL_SPEED)
    count, why_fewer = count_workers(config.workers, cost / speed) if pictures else (1, "")
    if count > 1 and not config.workers and _has_accelerator():  # it is one, and each process would take its memory
        count = 1
    if count > 1 or why_fewer:
        context.on_event(WorkersStarted(count, why_fewer))
    if count == 1:
        yield None
        return
    with local(count) as workers:
        yield workers


def _has_accelerator() -> bool:
    start_keras()
    from generator.render.processor import has_accelerator

    return has_accelerator()


def _gathered(prepared: Sequence[Prepared], work: Work) -> list[PlannedModel]:
    """Return what a site shows of the models, as far as it is known by now."""
    return [
        (model.entry, model.summary, model.photos, model.shown + model.now + work.begun.get(model.entry.name, ()))
        for model in prepared
    ]


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
