"""What a build has to do: the models' summaries, what is shown of them, and what is rendered now."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from generator.config import Config, ModelEntry
from generator.errors import GalleryError, ModelError, PhotoError, UsageError, reason
from generator.models.identity import digest_of
from generator.models.start import start_keras
from generator.models.summary import ModelSummary
from generator.pipeline.events import Failure, Measuring, ModelReady, OnEvent
from generator.pipeline.photos import PhotoFile, open_photo
from generator.plan import (
    EVERYTHING,
    Activity,
    Choice,
    PhotoIdentity,
    Task,
    Tuning,
    activity_key,
    check_layers,
    chosen_layers,
    layers_by_activity,
    matches,
    plan_model,
)
from generator.store import Store

if TYPE_CHECKING:
    from generator.models.load import LoadedModel


@dataclass(frozen=True)
class Prepared:
    """One model of a build: its summary, everything that its configuration shows, and what is rendered now."""

    entry: ModelEntry
    summary: ModelSummary
    photos: tuple[PhotoIdentity, ...]
    shown: tuple[Task, ...]
    now: tuple[Task, ...]


class Models:
    """Loads models, and keeps the last one, which is often needed again at once.

    With ``trust`` their files may bring code of their own.
    """

    def __init__(self, trust: bool) -> None:
        self.trust = trust
        self._last: tuple[ModelEntry, LoadedModel] | None = None

    def load(self, entry: ModelEntry) -> LoadedModel:
        if self._last is None or self._last[0] != entry:
            start_keras()
            from generator.models.load import load

            self._last = None  # let go of the old one before the new one takes its memory
            try:
                self._last = (entry, load(entry, self.trust))
            except GalleryError:
                raise
            except Exception as error:  # a model's own code can raise anything; the other models are built
                raise ModelError(f"{entry.name}: cannot be loaded: {reason(error)}") from error
        return self._last[1]


@dataclass(frozen=True, eq=False)
class BuildContext:
    """What a build works with: the store, the models that it loads, the photos, and what receives its events."""

    store: Store
    models: Models
    photos: tuple[PhotoFile, ...]
    on_event: OnEvent

    def identities(self, summary: ModelSummary) -> tuple[PhotoIdentity, ...]:
        """Return the photos at the size at which a model is fed them."""
        return tuple(PhotoIdentity(photo.name, photo.digest, summary.photo_size()) for photo in self.photos)

    def fail(self, what: str, error: GalleryError) -> Failure:
        """Report a failure as an event, and return it."""
        return self.failed(Failure(what, str(error), error))

    def failed(self, failure: Failure) -> Failure:
        """Report a failure as an event, and return it."""
        self.on_event(failure)
        return failure


def open_context(config: Config, trust: bool, on_event: OnEvent) -> tuple[BuildContext, list[Failure]]:
    """Return the context of a configuration's build, and a failure for each photo that could not be read."""
    context = BuildContext(Store(config.cache), Models(trust), (), on_event)
    photos, failures = [], []
    for photo in config.photos:
        try:
            photos.append(open_photo(photo))
        except PhotoError as error:
            failures.append(context.fail(f"photo {photo.name}", error))
    return replace(context, photos=tuple(photos)), failures


def prepare(
    config: Config, choice: Choice = EVERYTHING, trust: bool = False, on_event: OnEvent = lambda event: None
) -> tuple[list[Prepared], list[Failure]]:
    """Return what a build would do, model by model, and what it could not do."""
    context, failures = open_context(config, trust, on_event)
    names = {entry.name for entry in config.models}
    prepared, failed = prepare_all(config, choice, context, names, measure=False)
    return prepared, failures + failed


def prepare_all(
    config: Config, choice: Choice, context: BuildContext, rendered_now: set[str], measure: bool
) -> tuple[list[Prepared], list[Failure]]:
    """Return what there is to do, model by model; ``measure`` what was not measured on this machine before.

    A model whose configuration names a layer or a filter that it does not have is a failure, and its pages stay as they
    were. Raises UsageError if that leaves nothing to do, or if the choice names such a layer or filter.
    """
    known: list[tuple[ModelEntry, ModelSummary, bool]] = []
    failures: list[Failure] = []
    misfits: list[UsageError] = []
    for entry in config.models:
        is_selected = entry.name in rendered_now
        try:
            summary = _summary(entry, context, may_load=is_selected)
        except ModelError as error:
            failures.append(context.fail(f"model {entry.name}", error))
            summary, is_selected = None, False
        if summary is None:  # its pages stay as they were
            summary = _former_summary(entry, context.store)
        if summary is None:
            continue
        if is_selected:
            context.on_event(ModelReady(entry.name, summary.warnings))
        try:
            chosen_layers(entry, summary)  # what matches nothing is an error before anything is measured
        except UsageError as error:
            misfits.append(error)
            failures.append(context.fail(f"model {entry.name}", error))
            known += [(former, summary, False) for former in _as_it_fits(entry, summary)]
            continue
        if is_selected:
            chosen_layers(entry, summary, choice)
        known.append((entry, summary, is_selected))
    if misfits and not any(is_selected for _, _, is_selected in known):
        raise misfits[0]
    check_layers(choice, [(entry, summary) for entry, summary, is_selected in known if is_selected])
    prepared = []
    for entry, summary, is_selected in known:
        tuning = Tuning()
        activity: Activity = {}
        try:
            tuning = _tuning(entry, summary, context, measure and is_selected)
            activity = _activity(entry, summary, context, is_selected)
        except ModelError as error:
            failures.append(context.fail(f"model {entry.name}", error))
            is_selected = False
        photos = context.identities(summary)
        shown = tuple(plan_model(entry, summary, photos, tuning=tuning, activity=activity))
        now = shown
        if not is_selected:
            now = ()
        elif choice.narrows:
            now = tuple(plan_model(entry, summary, photos, choice, tuning, activity))
        prepared.append(Prepared(entry, summary, photos, shown, now))
    return prepared, failures


def _as_it_fits(entry: ModelEntry, summary: ModelSummary) -> Iterator[ModelEntry]:
    """Yield the entry with what fits the model of its layers, and all filters, if any layer is left."""
    rules = [rule for rule in entry.layers if any(matches(layer, rule.glob) for layer in summary.layers)]
    former = replace(entry, layers=tuple(replace(rule, filters=None) for rule in rules), filters="all", labels=())
    with contextlib.suppress(UsageError):
        if chosen_layers(former, summary):
            yield former


def _tuning(entry: ModelEntry, summary: ModelSummary, context: BuildContext, measure: bool) -> Tuning:
    """Return what was measured for a model; with ``measure``, measure it if it was not."""
    tuning = Tuning.from_json(context.store.tuning(summary.digest))
    if tuning is not None or not measure:
        return tuning or Tuning()
    context.store.check_writable()
    context.on_event(Measuring(entry.name))
    model = context.models.load(entry)
    from generator.pipeline.autotune import measure as autotune

    try:
        tuning = autotune(model, [(chosen.layer, chosen.settings[0]) for chosen in chosen_layers(entry, summary)])
    except Exception:  # what a layer cannot do is reported when it is rendered
        tuning = Tuning()
    context.store.put_tuning(summary.digest, tuning.to_json())
    return tuning


def _activity(entry: ModelEntry, summary: ModelSummary, context: BuildContext, may_load: bool) -> Activity:
    """Return the responses to the photos of the layers of which the most active filters are selected."""
    layers = layers_by_activity(entry, summary)
    if not layers or not context.photos:
        return {}
    key = activity_key(summary, layers, [(photo.digest, photo.size) for photo in context.identities(summary)])
    record = context.store.activity(key)
    if record is None and may_load:
        model = context.models.load(entry)
        from generator.pipeline.activity import measure

        try:
            activity = measure(model, layers, context.photos)
        except Exception as error:  # a model's own layers can raise anything; the other models are built
            raise ModelError(f"{entry.name}: cannot be shown the photos: {reason(error)}") from error
        record = {str(layer): list(responses) for layer, responses in activity.items()}
        context.store.put_activity(key, record)
    return {int(layer): tuple(responses) for layer, responses in (record or {}).items()}


def _summary(entry: ModelEntry, context: BuildContext, may_load: bool) -> ModelSummary | None:
    store = context.store
    digest = digest_of(entry)  # None for a callable: what it returns is known when it ran
    cached = store.summary(digest) if digest else None
    summary = ModelSummary.from_json(cached) if cached else None
    if summary is None and may_load:
        summary = context.models.load(entry).summary
        store.put_summary(summary.digest, summary.to_json())
    if summary is not None and store.former_digest(entry.name) != summary.digest:
        store.note_digest(entry.name, summary.digest)
    return summary


def _former_summary(entry: ModelEntry, store: Store) -> ModelSummary | None:
    """Return the summary of the model that had the entry's name when it was last built."""
    digest = store.former_digest(entry.name)
    cached = store.summary(digest) if digest else None
    return ModelSummary.from_json(cached) if cached else None
