"""The work of a build on its models, in the order in which there is something to see soonest."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from generator.errors import GalleryError, ModelError
from generator.pipeline.circuits import trace_circuits
from generator.pipeline.context import BuildContext, Prepared
from generator.pipeline.cost import fixed_seconds, task_cost
from generator.pipeline.dataset import Datasets, feed_of, look
from generator.pipeline.events import AgainFromExamples, Event, Failure, OnEvent, Progressed, TaskDone
from generator.pipeline.from_examples import Start, example_tasks, start_pictures
from generator.pipeline.growing import GrowingSite
from generator.pipeline.rendered import keep
from generator.pipeline.turns import first_turn, quick_tasks, second_turn
from generator.pipeline.workers import Workers
from generator.plan import Task


class Work:
    """Does what is ``pending`` of each model, by its name, and tells the ``site`` when there is more to show.

    ``rendered`` is how many tasks were done, ``failures`` what failed, and ``begun`` are the tasks of pictures that
    begin at examples, by their model's name.
    """

    def __init__(
        self, context: BuildContext, pending: Mapping[str, Sequence[Task]], site: GrowingSite, force: bool
    ) -> None:
        self.rendered = 0
        self.failures: list[Failure] = []
        self.begun: dict[str, tuple[Task, ...]] = {}
        self._context, self._pending, self._site, self._force = context, pending, site, force
        self._datasets = Datasets()
        self._unloadable: set[str] = set()

    def do(self, prepared: Sequence[Prepared], workers: Workers | None = None) -> None:
        """Do all of it: what is quick, what filters do on datasets, a few pictures of every layer, then all others.

        To and fro, as the model that comes next is often in memory still. With ``workers`` they render the pictures.
        """
        for model in prepared:
            self._render(model, quick_tasks(self._pending[model.entry.name]))
            self._look(model)
        turns = [(model, first_turn(self._pending[model.entry.name])) for model in reversed(prepared)]
        turns += [(model, second_turn(self._pending[model.entry.name])) for model in prepared]
        # Of two turns of one model in a row, what was compiled for the first serves in the second.
        for model, own in groupby([turn for turn in turns if turn[1]], key=itemgetter(0)):
            self._render(model, [task for _, tasks in own for task in tasks], workers)
        for model in reversed(prepared):
            self._begin_at_examples(model)

    def _look(self, model: Prepared) -> None:
        """Measure what a model's filters do on its dataset, and what they are made of."""
        if model.now:
            every = model.shown + model.now
            self.failures += look(model.entry, model.summary, every, self._context, self._datasets, self._force)
            trace_circuits(model.entry, model.summary, every, self._context, self._datasets, self._force)
            self._site.more()

    def _render(self, prepared: Prepared, tasks: Sequence[Task], workers: Workers | None = None) -> None:
        """Do some tasks of a model."""
        context, name = self._context, prepared.entry.name
        if not tasks or name in self._unloadable:
            return
        began, cost = time.monotonic() - self._site.seconds, 0.0

        def listen(event: Event) -> None:
            nonlocal cost
            cost += event.cost if isinstance(event, Progressed) else 0.0
            context.on_event(event)
            if isinstance(event, TaskDone):
                self.rendered += 1
                self._site.more(event.task.pictures)

        try:
            for failure in self._done(prepared, tasks, workers, listen):
                self.failures.append(context.failed(failure))
        except ModelError as error:
            self._unloadable.add(name)
            self.failures.append(context.fail(f"model {name}", error))
            return
        if cost:
            # Small builds are mostly compiling, and tell little of how fast large ones are.
            seconds = max(1.0, time.monotonic() - self._site.seconds - began - fixed_seconds(tasks))
            before = context.store.speed().get("multiplications_per_second", 0.0)
            context.store.note_speed({"multiplications_per_second": max(before, cost / seconds)})

    def _done(
        self, prepared: Prepared, tasks: Sequence[Task], workers: Workers | None, on_event: OnEvent
    ) -> Iterator[Failure]:
        """Do tasks here, or let ``workers`` do them; yield what failed. Raises ModelError if the model cannot load."""
        context = self._context
        if workers is None:
            from generator.pipeline.execute import execute

            photos = {photo.digest: photo for photo in context.photos}
            yield from execute(context.models.load(prepared.entry), tasks, photos, context.store, on_event)
            return
        for done in workers.render(prepared.entry, context.models.trust, prepared.summary, tasks, on_event):
            yield from keep(done, context.store, on_event)

    def _begin_at_examples(self, prepared: Prepared) -> None:
        """Optimise again the filters that an image excites more than their picture."""
        entry, context = prepared.entry, self._context
        found = example_tasks(entry, prepared.summary, prepared.shown + prepared.now, context.store)
        self.begun[entry.name] = tuple(task for task, _ in found)
        pending = [
            (task, starts)
            for task, starts in (found if prepared.now else [])
            if self._force or context.store.record(task.record_group, task.key) is None
        ]
        if pending and entry.dataset:
            try:
                self._optimize_from_examples(prepared, pending)
            except GalleryError as error:
                self.failures.append(context.fail(f"model {entry.name}", error))

    def _optimize_from_examples(self, prepared: Prepared, pending: Sequence[tuple[Task, Sequence[Start]]]) -> None:
        entry, summary, context = prepared.entry, prepared.summary, self._context
        assert entry.dataset is not None
        images, model = self._datasets.images(entry.dataset), context.models.load(entry)
        feed = feed_of(images, entry.dataset, summary)
        made = {task.key: start_pictures(model, task, images, feed, starts) for task, starts in pending}
        from generator.pipeline.optimize import optimize_all  # it imports TensorFlow

        pictures = {key: start for key, start in made.items() if start is not None}
        done = [task for task, _ in pending if task.key in pictures]
        cost = sum(task_cost(task, summary) for task in done)
        context.on_event(AgainFromExamples(entry.name, sum(len(task.filters) for task in done), cost))
        for failure in optimize_all(model, done, context.store, context.on_event, pictures):
            self.failures.append(context.failed(failure))
