"""What a build has to do: the models' cards, what is shown of them, and what is rendered now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from generator.config import Config, ModelEntry
from generator.errors import GalleryError, ModelError, PhotoError
from generator.models.identity import digest_of
from generator.models.start import start_keras
from generator.models.summary import ModelSummary
from generator.pipeline.events import Failure, Measuring, ModelReady, OnEvent
from generator.pipeline.photos import LoadedPhoto, load_photo
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
    layers_to_watch,
    plan_model,
)
from generator.store import Store

if TYPE_CHECKING:
    from generator.models.load import LoadedModel


@dataclass(frozen=True)
class Prepared:
    """One model of a build: its card, everything that its configuration shows, and what is rendered now."""

    entry: ModelEntry
    summary: ModelSummary
    photos: tuple[PhotoIdentity, ...]
    shown: tuple[Task, ...]
    now: tuple[Task, ...]


class Models:
    """Loads models, and keeps the last one: it is often wanted again at once."""

    def __init__(self, trust: bool) -> None:
        self._trust = trust
        self._last: tuple[ModelEntry, LoadedModel] | None = None

    def load(self, entry: ModelEntry) -> LoadedModel:
        if self._last is None or self._last[0] != entry:
            start_keras()
            from generator.models.load import load

            self._last = None  # let go of the old one before the new one takes its memory
            try:
                self._last = (entry, load(entry, self._trust))
            except GalleryError:
                raise
            except Exception as error:  # a model's own code can raise anything; the other models are built
                reason = " ".join(str(error).split())[:200] or type(error).__name__
                raise ModelError(f"{entry.name}: cannot be loaded: {reason}") from error
        return self._last[1]


@dataclass(frozen=True, eq=False)
class BuildContext:
    """What a build works with: the store, the models that it loads, the photos, and who hears of what happens."""

    store: Store
    models: Models
    photos: tuple[LoadedPhoto, ...]
    on_event: OnEvent

    def identities(self, summary: ModelSummary) -> tuple[PhotoIdentity, ...]:
        """Return the photos at the size at which a model is fed them."""
        return tuple(PhotoIdentity(photo.name, photo.digest, summary.photo_size()) for photo in self.photos)

    def fails(self, what: str, error: GalleryError) -> Failure:
        """Tell of a failure, and return it."""
        failure = Failure(what, str(error), error)
        self.on_event(failure)
        return failure


def open_context(config: Config, trust: bool, on_event: OnEvent) -> tuple[BuildContext, list[Failure]]:
    """Return the workshop of a configuration, and the photos that could not be read."""
    context = BuildContext(Store(config.cache), Models(trust), (), on_event)
    photos, failures = [], []
    for photo in config.photos:
        try:
            photos.append(load_photo(photo))
        except PhotoError as error:
            failures.append(context.fails(f"photo {photo.name}", error))
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

    Raises UsageError for a pattern or a filter that matches nothing.
    """
    known: list[tuple[ModelEntry, ModelSummary, bool]] = []
    failures = []
    for entry in config.models:
        wanted_now = entry.name in rendered_now
        try:
            summary = _summary(entry, context, may_load=wanted_now)
        except ModelError as error:
            failures.append(context.fails(f"model {entry.name}", error))
            summary, wanted_now = None, False
        if summary is None:  # its pages stay as they were
            summary = _former_summary(entry, context.store)
        if summary is None:
            continue
        if wanted_now:
            context.on_event(ModelReady(entry.name, summary.warnings))
        chosen_layers(entry, summary)  # what matches nothing is told before anything is measured
        if wanted_now:
            chosen_layers(entry, summary, choice)
        known.append((entry, summary, wanted_now))
    check_layers(choice, [(entry, summary) for entry, summary, wanted_now in known if wanted_now])
    prepared = []
    for entry, summary, wanted_now in known:
        tuning = Tuning()
        activity: Activity = {}
        try:
            tuning = _tuning(entry, summary, context, measure and wanted_now)
            activity = _activity(entry, summary, context, wanted_now)
        except ModelError as error:
            failures.append(context.fails(f"model {entry.name}", error))
            wanted_now = False
        photos = context.identities(summary)
        shown = tuple(plan_model(entry, summary, photos, tuning=tuning, activity=activity))
        now = shown
        if not wanted_now:
            now = ()
        elif choice.narrows:
            now = tuple(plan_model(entry, summary, photos, choice, tuning, activity))
        prepared.append(Prepared(entry, summary, photos, shown, now))
    return prepared, failures


def _tuning(entry: ModelEntry, summary: ModelSummary, context: BuildContext, measure: bool) -> Tuning:
    """Return what was measured for a model; measure it now, and remember it, if that is asked for."""
    found = Tuning.from_json(context.store.tuning(summary.digest))
    if found is not None or not measure:
        return found or Tuning()
    context.on_event(Measuring(entry.name))
    model = context.models.load(entry)
    from generator.pipeline.autotune import measure as measured

    try:
        found = measured(model, [(chosen.layer, chosen.settings[0]) for chosen in chosen_layers(entry, summary)])
    except Exception:  # what a layer cannot do is told when it is rendered
        found = Tuning()
    context.store.put_tuning(summary.digest, found.to_json())
    return found


def _activity(entry: ModelEntry, summary: ModelSummary, context: BuildContext, may_load: bool) -> Activity:
    """Return what the filters answer to the photos, of the layers whose most active ones are wanted."""
    layers = layers_to_watch(entry, summary)
    if not layers or not context.photos:
        return {}
    key = activity_key(summary, layers, [(photo.digest, photo.size) for photo in context.identities(summary)])
    kept = context.store.activity(key)
    if kept is None and may_load:
        model = context.models.load(entry)
        from generator.pipeline.activity import measure

        try:
            found = measure(model, layers, context.photos)
        except Exception as error:  # a model's own layers can raise anything; the other models are built
            reason = " ".join(str(error).split())[:200]
            raise ModelError(f"{entry.name}: cannot be shown the photos: {reason}") from error
        kept = {str(layer): list(responses) for layer, responses in found.items()}
        context.store.put_activity(key, kept)
    return {int(layer): tuple(responses) for layer, responses in (kept or {}).items()}


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
    """Return the card of what went by the entry's name when it was last built."""
    digest = store.former_digest(entry.name)
    cached = store.summary(digest) if digest else None
    return ModelSummary.from_json(cached) if cached else None
