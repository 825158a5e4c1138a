"""The whole way from a configuration to a site."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from generator.build.cost import task_cost
from generator.build.events import (
    Event,
    Failure,
    Measuring,
    ModelReady,
    PagesDone,
    Planned,
    Progressed,
    Summary,
    TaskDone,
    Tell,
)
from generator.build.photos import LoadedPhoto, load_photo
from generator.config import Config, ModelEntry
from generator.errors import GalleryError, ModelError, PhotoError, UsageError, nearest
from generator.models.card import ModelCard
from generator.models.identity import digest_of
from generator.models.start import start_keras
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
    card: ModelCard
    photos: tuple[PhotoIdentity, ...]
    shown: tuple[Task, ...]
    now: tuple[Task, ...]


class _Models:
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
    tell: Tell = lambda event: None,
) -> Summary:
    """Build the site of a configuration; what the store holds is not rendered again (unless ``force``).

    ``models`` and ``choice`` narrow what is rendered now; pages of what the store holds already are kept.
    Raises UsageError or ConfigError if nothing can be done at all; what fails later is in the summary.
    """
    from generator.pages import check_output, write_site

    _check_apart(config)
    check_output(config.output)
    rendered_now = {entry.name for entry in select_models(config, models).models}
    store, loaded = Store(config.cache), _Models(trust)
    photos, failures = _load_photos(config, tell)
    prepared, failed = _prepare_all(config, choice, photos, store, loaded, rendered_now, tell, measure=True)
    failures += failed
    pending = {p.entry.name: [t for t in p.now if force or store.record(t.shelf, t.key) is None] for p in prepared}
    everything = [task for p in prepared for task in p.now]
    costs = {p.entry.name: sum(task_cost(t, p.card) for t in pending[p.entry.name]) for p in prepared}
    count = sum(map(len, pending.values()))
    pictures = sum(t.pictures for tasks in pending.values() for t in tasks)
    tell(Planned(count, len(everything) - count, pictures, sum(costs.values())))
    rendered = 0
    for one in prepared:
        if tasks := pending[one.entry.name]:
            done, found = _render(one, tasks, photos, store, loaded, tell)
            rendered += done
            failures += found
    narrowed = choice.narrows or len(rendered_now) < len(config.models)
    gathered = [(p.entry, p.card, p.photos, p.shown + p.now) for p in prepared]
    written = write_site(config, gathered, store, keep_all=narrowed)
    pages = PagesDone(written.written, written.unchanged, written.deleted)
    tell(pages)
    verdicts = tuple(sorted(written.verdicts.items()))
    index = str(config.output / "index.html")
    return Summary(rendered, len(everything) - count, tuple(failures), pages, verdicts, index)


def prepare(
    config: Config, choice: Choice = EVERYTHING, trust: bool = False, tell: Tell = lambda event: None
) -> tuple[list[Prepared], list[Failure]]:
    """Return what a build would do, model by model, and what it could not do."""
    store = Store(config.cache)
    photos, failures = _load_photos(config, tell)
    names = {entry.name for entry in config.models}
    prepared, failed = _prepare_all(config, choice, photos, store, _Models(trust), names, tell, measure=False)
    return prepared, failures + failed


def _check_apart(config: Config) -> None:
    output, cache = config.output.resolve(), config.cache.resolve()
    if output.is_relative_to(cache) or cache.is_relative_to(output):
        raise UsageError(
            f"output {config.output} and cache {config.cache}: one is inside the other", "Name another folder"
        )


def _load_photos(config: Config, tell: Tell) -> tuple[list[LoadedPhoto], list[Failure]]:
    photos, failures = [], []
    for photo in config.photos:
        try:
            photos.append(load_photo(photo))
        except PhotoError as error:
            failures.append(_failure(f"photo {photo.name}", error, tell))
    return photos, failures


def _prepare_all(
    config: Config,
    choice: Choice,
    photos: list[LoadedPhoto],
    store: Store,
    loaded: _Models,
    rendered_now: set[str],
    tell: Tell,
    measure: bool,
) -> tuple[list[Prepared], list[Failure]]:
    known: list[tuple[ModelEntry, ModelCard, bool]] = []
    failures = []
    for entry in config.models:
        wanted_now = entry.name in rendered_now
        try:
            card = _card(entry, store, loaded, may_load=wanted_now)
        except ModelError as error:
            failures.append(_failure(f"model {entry.name}", error, tell))
            card, wanted_now = None, False
        if card is None:  # its pages stay as they were
            card = _former_card(entry, store)
        if card is None:
            continue
        if wanted_now:
            tell(ModelReady(entry.name, card.warnings))
        chosen_layers(entry, card)  # what matches nothing is told before anything is measured
        if wanted_now:
            chosen_layers(entry, card, choice)
        known.append((entry, card, wanted_now))
    check_layers(choice, [(entry, card) for entry, card, wanted_now in known if wanted_now])
    prepared = []
    for entry, card, wanted_now in known:
        try:
            tuning = _tuning(entry, card, store, loaded, tell if measure and wanted_now else None)
        except ModelError as error:
            failures.append(_failure(f"model {entry.name}", error, tell))
            tuning, wanted_now = Tuning(), False
        seen = tuple(PhotoIdentity(photo.name, photo.digest, card.photo_size()) for photo in photos)
        try:
            active = _activity(entry, card, store, loaded, photos, seen, may_load=wanted_now)
        except ModelError as error:
            failures.append(_failure(f"model {entry.name}", error, tell))
            active, wanted_now = {}, False
        shown = tuple(plan_model(entry, card, seen, tuning=tuning, activity=active))
        now = shown
        if not wanted_now:
            now = ()
        elif choice.narrows:
            now = tuple(plan_model(entry, card, seen, choice, tuning, active))
        prepared.append(Prepared(entry, card, seen, shown, now))
    return prepared, failures


def _tuning(entry: ModelEntry, card: ModelCard, store: Store, loaded: _Models, tell: Tell | None) -> Tuning:
    """Return what was measured for a model; measure it now, and remember it, if ``tell`` is given to hear of it."""
    found = Tuning.from_json(store.tuning(card.digest))
    if found is not None or tell is None:
        return found or Tuning()
    tell(Measuring(entry.name))
    model = loaded.load(entry)
    from generator.build.trial import measure

    try:
        found = measure(model, [(chosen.layer, chosen.settings[0]) for chosen in chosen_layers(entry, card)])
    except Exception:  # what a layer cannot do is told when it is rendered
        found = Tuning()
    store.put_tuning(card.digest, found.to_json())
    return found


def _activity(
    entry: ModelEntry,
    card: ModelCard,
    store: Store,
    loaded: _Models,
    photos: list[LoadedPhoto],
    seen: tuple[PhotoIdentity, ...],
    may_load: bool,
) -> Activity:
    """Return what the filters answer to the photos, of the layers whose most active ones are wanted."""
    layers = layers_to_watch(entry, card)
    if not layers or not photos:
        return {}
    key = activity_key(card, layers, [(photo.digest, photo.size) for photo in seen])
    kept = store.activity(key)
    if kept is None and may_load:
        model = loaded.load(entry)
        from generator.build.activity import measure

        try:
            found = measure(model, layers, photos)
        except Exception as error:  # a model's own layers can raise anything; the other models are built
            raise ModelError(f"{entry.name}: cannot be shown the photos: {' '.join(str(error).split())[:200]}") from error
        kept = {str(layer): list(responses) for layer, responses in found.items()}
        store.put_activity(key, kept)
    return {int(layer): tuple(responses) for layer, responses in (kept or {}).items()}


def _card(entry: ModelEntry, store: Store, loaded: _Models, may_load: bool) -> ModelCard | None:
    digest = digest_of(entry)
    cached = store.card(digest)
    card = ModelCard.from_json(cached) if cached else None
    if card is None and may_load:
        card = loaded.load(entry).card
        store.put_card(digest, card.to_json())
    if card is not None and store.former_digest(entry.name) != digest:
        store.note_digest(entry.name, digest)
    return card


def _former_card(entry: ModelEntry, store: Store) -> ModelCard | None:
    """Return the card of what went by the entry's name when it was last built."""
    digest = store.former_digest(entry.name)
    cached = store.card(digest) if digest else None
    return ModelCard.from_json(cached) if cached else None


def _render(
    one: Prepared, tasks: list[Task], photos: list[LoadedPhoto], store: Store, loaded: _Models, tell: Tell
) -> tuple[int, list[Failure]]:
    """Return how many tasks were done, and what failed."""
    from generator.build.execute import execute

    try:
        model = loaded.load(one.entry)
    except ModelError as error:
        return 0, [_failure(f"model {one.entry.name}", error, tell)]
    began, cost, done = time.monotonic(), 0.0, 0
    failures: list[Failure] = []

    def listen(event: Event) -> None:
        nonlocal cost, done
        cost += event.cost if isinstance(event, Progressed) else 0.0
        done += isinstance(event, TaskDone)
        tell(event)

    for failure in execute(model, tasks, {photo.digest: photo for photo in photos}, store, listen):
        tell(failure)
        failures.append(failure)
    if cost:
        store.note_speed({"multiplications_per_second": cost / (time.monotonic() - began)})
    return done, failures


def _failure(what: str, error: GalleryError, tell: Tell) -> Failure:
    failure = Failure(what, str(error), error)
    tell(failure)
    return failure
