"""What a build has to do: the models' cards, what is shown of them, and what is rendered now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from generator.build.events import Failure, Measuring, ModelReady, Tell
from generator.build.photos import LoadedPhoto, load_photo
from generator.config import Config, ModelEntry
from generator.errors import GalleryError, ModelError, PhotoError
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
class Workshop:
    """What a build works with: the store, the models that it loads, the photos, and who hears of what happens."""

    store: Store
    models: Models
    photos: tuple[LoadedPhoto, ...]
    tell: Tell

    def identities(self, card: ModelCard) -> tuple[PhotoIdentity, ...]:
        """Return the photos at the size at which a model is fed them."""
        return tuple(PhotoIdentity(photo.name, photo.digest, card.photo_size()) for photo in self.photos)

    def fails(self, what: str, error: GalleryError) -> Failure:
        """Tell of a failure, and return it."""
        failure = Failure(what, str(error), error)
        self.tell(failure)
        return failure


def open_workshop(config: Config, trust: bool, tell: Tell) -> tuple[Workshop, list[Failure]]:
    """Return the workshop of a configuration, and the photos that could not be read."""
    shop = Workshop(Store(config.cache), Models(trust), (), tell)
    photos, failures = [], []
    for photo in config.photos:
        try:
            photos.append(load_photo(photo))
        except PhotoError as error:
            failures.append(shop.fails(f"photo {photo.name}", error))
    return replace(shop, photos=tuple(photos)), failures


def prepare(
    config: Config, choice: Choice = EVERYTHING, trust: bool = False, tell: Tell = lambda event: None
) -> tuple[list[Prepared], list[Failure]]:
    """Return what a build would do, model by model, and what it could not do."""
    shop, failures = open_workshop(config, trust, tell)
    names = {entry.name for entry in config.models}
    prepared, failed = prepare_all(config, choice, shop, names, measure=False)
    return prepared, failures + failed


def prepare_all(
    config: Config, choice: Choice, shop: Workshop, rendered_now: set[str], measure: bool
) -> tuple[list[Prepared], list[Failure]]:
    """Return what there is to do, model by model; ``measure`` what was not measured on this machine before.

    Raises UsageError for a pattern or a filter that matches nothing.
    """
    known: list[tuple[ModelEntry, ModelCard, bool]] = []
    failures = []
    for entry in config.models:
        wanted_now = entry.name in rendered_now
        try:
            card = _card(entry, shop, may_load=wanted_now)
        except ModelError as error:
            failures.append(shop.fails(f"model {entry.name}", error))
            card, wanted_now = None, False
        if card is None:  # its pages stay as they were
            card = _former_card(entry, shop.store)
        if card is None:
            continue
        if wanted_now:
            shop.tell(ModelReady(entry.name, card.warnings))
        chosen_layers(entry, card)  # what matches nothing is told before anything is measured
        if wanted_now:
            chosen_layers(entry, card, choice)
        known.append((entry, card, wanted_now))
    check_layers(choice, [(entry, card) for entry, card, wanted_now in known if wanted_now])
    prepared = []
    for entry, card, wanted_now in known:
        tuning = Tuning()
        activity: Activity = {}
        try:
            tuning = _tuning(entry, card, shop, measure and wanted_now)
            activity = _activity(entry, card, shop, wanted_now)
        except ModelError as error:
            failures.append(shop.fails(f"model {entry.name}", error))
            wanted_now = False
        photos = shop.identities(card)
        shown = tuple(plan_model(entry, card, photos, tuning=tuning, activity=activity))
        now = shown
        if not wanted_now:
            now = ()
        elif choice.narrows:
            now = tuple(plan_model(entry, card, photos, choice, tuning, activity))
        prepared.append(Prepared(entry, card, photos, shown, now))
    return prepared, failures


def _tuning(entry: ModelEntry, card: ModelCard, shop: Workshop, measure: bool) -> Tuning:
    """Return what was measured for a model; measure it now, and remember it, if that is asked for."""
    found = Tuning.from_json(shop.store.tuning(card.digest))
    if found is not None or not measure:
        return found or Tuning()
    shop.tell(Measuring(entry.name))
    model = shop.models.load(entry)
    from generator.build.trial import measure as measured

    try:
        found = measured(model, [(chosen.layer, chosen.settings[0]) for chosen in chosen_layers(entry, card)])
    except Exception:  # what a layer cannot do is told when it is rendered
        found = Tuning()
    shop.store.put_tuning(card.digest, found.to_json())
    return found


def _activity(entry: ModelEntry, card: ModelCard, shop: Workshop, may_load: bool) -> Activity:
    """Return what the filters answer to the photos, of the layers whose most active ones are wanted."""
    layers = layers_to_watch(entry, card)
    if not layers or not shop.photos:
        return {}
    key = activity_key(card, layers, [(photo.digest, photo.size) for photo in shop.identities(card)])
    kept = shop.store.activity(key)
    if kept is None and may_load:
        model = shop.models.load(entry)
        from generator.build.activity import measure

        try:
            found = measure(model, layers, shop.photos)
        except Exception as error:  # a model's own layers can raise anything; the other models are built
            reason = " ".join(str(error).split())[:200]
            raise ModelError(f"{entry.name}: cannot be shown the photos: {reason}") from error
        kept = {str(layer): list(responses) for layer, responses in found.items()}
        shop.store.put_activity(key, kept)
    return {int(layer): tuple(responses) for layer, responses in (kept or {}).items()}


def _card(entry: ModelEntry, shop: Workshop, may_load: bool) -> ModelCard | None:
    store = shop.store
    digest = digest_of(entry)  # None for a callable: what it returns is known when it ran
    cached = store.card(digest) if digest else None
    card = ModelCard.from_json(cached) if cached else None
    if card is None and may_load:
        card = shop.models.load(entry).card
        store.put_card(card.digest, card.to_json())
    if card is not None and store.former_digest(entry.name) != card.digest:
        store.note_digest(entry.name, card.digest)
    return card


def _former_card(entry: ModelEntry, store: Store) -> ModelCard | None:
    """Return the card of what went by the entry's name when it was last built."""
    digest = store.former_digest(entry.name)
    cached = store.card(digest) if digest else None
    return ModelCard.from_json(cached) if cached else None
