"""A filter's pictures, in order, with titles that distinguish them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from generator.analysis.filter_views import ImageFile, PhotoValue, PictureView
from generator.analysis.verdict import is_signed, photo_value, responds_to_photo, same
from generator.config.values import ObjectiveSpec, RenderSettings
from generator.models.summary import ConvLayer
from generator.pages import template_filters as text
from generator.pages.evidence import EvidenceView
from generator.pages.stored_records import Entry, StoredRecords
from generator.plan import PhotoIdentity
from generator.terms import METHODS, OBJECTIVES

MAIN = "Main"

PictureEntry = tuple[RenderSettings, Entry, int]
"""A picture's settings, what the record holds of it, and which of the diverse pictures it is, from 1."""

OnPhotos = tuple[tuple[PhotoValue, ...], bool]
"""The values of a picture's objective on photos, and whether what it is of responds to any of them."""


def pictures_of(
    records: StoredRecords,
    photos: Mapping[PhotoIdentity, ImageFile],
    layer: ConvLayer,
    stem: str,
    index: int,
    evidence: EvidenceView | None = None,
) -> tuple[PictureView, ...]:
    """Return a filter's pictures in the order of the plan, the main one first.

    ``evidence`` is what is known of the filter on a dataset.
    """
    entries: list[PictureEntry] = [
        (settings, {**picture, "size": entry["size"]}, number)
        for settings, entry in records.pictures(layer.index, index)
        for number, picture in enumerate(entry["pictures"], 1)
    ]
    on_photos = {each: _on_photos(records, photos, layer, index, each) for each, _, _ in entries}
    pictures = [_picture(entry, entries, layer, on_photos[entry[0]], evidence) for entry in entries]
    return tuple(_with_paths(picture, stem, number) for number, picture in enumerate(_main_first(pictures), 1))


def _picture(
    own: PictureEntry,
    entries: Sequence[PictureEntry],
    layer: ConvLayer,
    on_photos: OnPhotos,
    evidence: EvidenceView | None,
) -> PictureView:
    settings, entry, number = own
    photo_values, responds = on_photos
    signed = is_signed(settings, layer.below_zero)
    every = [each for each, _, _ in entries]
    same_objective = [
        other for each, other, _ in entries if (each.objective, each.sign) == (settings.objective, settings.sign)
    ]
    width, height = entry["size"]
    channels = entry.get("channels")
    positive = settings.sign == "positive" and not settings.objective.weights
    if evidence and positive:
        responds = responds or (evidence.varies if signed else evidence.fires > 0)
    return PictureView(
        file=ImageFile("", entry["picture"], width, height),
        snapshots=tuple((step, ImageFile("", blob, width, height)) for step, blob in entry["growth"]),
        settings=settings,
        title=title(settings, number, every),
        kinds=kinds(settings, every),
        score=entry["score"],
        reached=entry["reached"],
        same_objective=max(max(other["score"], other["reached"]) for other in same_objective),
        trace=tuple(entry["trace"]),
        transparent=entry["transparent"],
        photo_values=photo_values,
        signed=signed,
        responds=responds or (signed and _varies(entry, same_objective, photo_values, layer.negligible)),
        negligible=layer.negligible,
        channels=ImageFile("", channels["sheet"], *channels["size"]) if channels else None,
        second=entry.get("second"),
        best_image=_on_dataset(settings, evidence),
        images=evidence.count if evidence and positive else 0,
    )


def _on_dataset(settings: RenderSettings, evidence: EvidenceView | None) -> float | None:
    """Return the largest value of a picture's objective on any image of the dataset, None if it was not measured."""
    if evidence is None:
        return None
    return photo_value(settings, 0, {0: evidence.most}, evidence.highest) if not settings.objective.weights else None


def _varies(
    entry: Entry, same_objective: Sequence[Entry], photo_values: tuple[PhotoValue, ...], negligible: float
) -> bool:
    """Tell whether an objective differed on any two of the pictures that were optimised for it and the photos."""
    values = [other["score"] for other in same_objective] + [photo.value for photo in photo_values]
    if len(values) > 1:
        return not same(values, negligible)
    changed = len(entry["trace"]) == 1 or not same(entry["trace"])
    return changed and not -negligible <= entry["score"] <= 0


def _on_photos(
    records: StoredRecords,
    photos: Mapping[PhotoIdentity, ImageFile],
    layer: ConvLayer,
    index: int,
    settings: RenderSettings,
) -> OnPhotos:
    """Return the value of a picture's objective on each photo on which it was measured, and whether it responds there.

    A direction responds where one of its filters does, of those that it asks for unless it is signed.
    """
    values, responds = [], False
    signed, weights = is_signed(settings, layer.below_zero), dict(settings.objective.weights) or {index: 1.0}
    for photo in photos:
        of_filters = records.activations(photo, layer.index)
        if index in of_filters:
            # The score is without the ceiling of the layer's activation, where it has one.
            measured = {
                channel: of_filters[channel].get("uncapped") or of_filters[channel]
                for channel in {index, *weights} & of_filters.keys()
            }
            responses = {channel: entry["response"] for channel, entry in measured.items()}
            value = photo_value(settings, index, responses, measured[index]["peak"])
            values += [] if value is None else [PhotoValue(photo.name, value)]
            counted = [c for c, weight in weights.items() if c in responses and (signed or weight > 0)]
            responds |= settings.sign == "positive" and any(
                responds_to_photo(responses[channel], measured[channel]["peak"], signed, layer.negligible)
                for channel in counted
            )
    return tuple(values), responds


def _main_first(pictures: list[PictureView]) -> list[PictureView]:
    """Put another picture that excites the filter first if the optimisation of the first one found nothing.

    So too one that began at an example, which is made where an image excites the filter more, and succeeded.
    """
    begun = max((p for p in pictures if p.settings.start == "example"), key=lambda p: p.score, default=None)
    if begun is not None and begun.score > pictures[0].score:
        main = begun
    elif not pictures[0].empty:
        return pictures
    else:
        main = next((picture for picture in pictures if picture.positive and not picture.empty), pictures[0])
    return [main, *(picture for picture in pictures if picture is not main)]


def _with_paths(picture: PictureView, stem: str, number: int) -> PictureView:
    """Return a picture with the paths of its files; those of the main picture, the first, have no number."""
    suffix = f"-{number}" if number > 1 else ""
    snapshots = tuple(
        (step, replace(file, path=f"{stem}-growth{suffix}-{n}.webp"))
        for n, (step, file) in enumerate(picture.snapshots)
    )
    channels = picture.channels and replace(picture.channels, path=f"{stem}-channels{suffix}.webp")
    return replace(
        picture, file=replace(picture.file, path=f"{stem}-picture{suffix}.webp"), snapshots=snapshots, channels=channels
    )


def title(settings: RenderSettings, number: int, every: Sequence[RenderSettings]) -> str:
    """Return what distinguishes a picture from a filter's others, such as ``Negative, seed 1``.

    ``number`` is which of the diverse pictures it is, ``every`` holds the settings of all the filter's pictures.
    """
    words = []
    if any(other.method != settings.method for other in every) and settings.method != every[0].method:
        words.append(METHODS[settings.method].label)
    if settings.objective.weights:
        words.append(f"direction {text.direction(settings.objective.weights)}")
    elif settings.objective != ObjectiveSpec():
        words.append(OBJECTIVES[settings.objective.kind].label)
    if settings.sign == "negative":
        words.append("negative")
    if settings.diversity > 1:
        words.append(f"diverse {number} of {settings.diversity}")
    if settings.start == "example":
        words.append("from its best example")
    if _repeated(settings, every):
        words.append(f"seed {settings.seed}")
    joined = ", ".join(words) or MAIN
    return joined[0].upper() + joined[1:]


def kinds(settings: RenderSettings, every: Sequence[RenderSettings]) -> tuple[str, ...]:
    """Return the kinds of a picture that a reader should know of; the templates explain each."""
    applies = {
        settings.objective.kind: settings.objective != ObjectiveSpec(),
        "negative": settings.sign == "negative",
        "diverse": settings.diversity > 1,
        "seed": _repeated(settings, every),
        "example": settings.start == "example",
        settings.method: bool(METHODS[settings.method].note),
    }
    return tuple(kind for kind, holds in applies.items() if holds)


def _repeated(settings: RenderSettings, every: Sequence[RenderSettings]) -> bool:
    """Tell whether another picture differs in its seed alone."""
    return any(other.seed != settings.seed and replace(other, seed=settings.seed) == settings for other in every)
