"""A filter's pictures: gathered, put into order, and given titles that tell them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from generator.analysis.records import File, Level, PictureView
from generator.analysis.verdict import photo_level
from generator.config.values import ObjectiveSpec, RenderSettings
from generator.models.summary import ConvLayer
from generator.pages import filters as text
from generator.pages.results import Entry, Results
from generator.plan import PhotoIdentity
from generator.terms import METHODS, OBJECTIVES

MAIN = "Main"

Found = tuple[RenderSettings, Entry, int]
"""A picture's settings and what is known of it, and which of the diverse ones it is."""


def pictures_of(
    results: Results, photos: Mapping[PhotoIdentity, File], layer: ConvLayer, stem: str, index: int
) -> tuple[PictureView, ...]:
    """Return a filter's pictures in the order of the plan, the main one first."""
    found: list[Found] = [
        (settings, {**one, "size": entry["size"]}, place)
        for settings, entry in results.pictures(layer.index, index)
        for place, one in enumerate(entry["pictures"], 1)
    ]
    levels = {each: _levels(results, photos, layer, index, each) for each, _, _ in found}
    drafts = [_picture(one, found, levels[one[0]]) for one in found]
    return tuple(_named(draft, stem, number) for number, draft in enumerate(_main_first(drafts), 1))


def _picture(one: Found, found: Sequence[Found], levels: tuple[Level, ...]) -> PictureView:
    settings, entry, place = one
    every = [each for each, _, _ in found]
    same_objective = [
        other for each, other, _ in found if (each.objective, each.sign) == (settings.objective, settings.sign)
    ]
    width, height = entry["size"]
    channels = entry.get("channels")
    return PictureView(
        file=File("", entry["picture"], width, height),
        snapshots=tuple((step, File("", blob, width, height)) for step, blob in entry["growth"]),
        settings=settings,
        title=title(settings, place, every),
        kinds=kinds(settings, every),
        score=entry["score"],
        reached=entry["reached"],
        same_objective=max(max(other["score"], other["reached"]) for other in same_objective),
        trace=tuple(entry["trace"]),
        transparent=entry["transparent"],
        levels=levels,
        channels=File("", channels["sheet"], *channels["size"]) if channels else None,
    )


def _levels(
    results: Results, photos: Mapping[PhotoIdentity, File], layer: ConvLayer, index: int, settings: RenderSettings
) -> tuple[Level, ...]:
    found = []
    for photo in photos:
        answers = results.answers(photo, layer.index)
        if index in answers:
            wanted = {index, *(one for one, _ in settings.objective.weights)} & answers.keys()
            responses = {one: answers[one]["response"] for one in wanted}
            level = photo_level(settings, index, responses, answers[index]["peak"])
            found += [] if level is None else [Level(photo.name, level)]
    return tuple(found)


def _main_first(found: list[PictureView]) -> list[PictureView]:
    """Let a picture that shows what excites the filter go before a main one whose climb reached nothing."""
    if not found[0].empty:
        return found
    better = next((picture for picture in found if picture.positive and not picture.empty), found[0])
    return [better, *(picture for picture in found if picture is not better)]


def _named(draft: PictureView, stem: str, number: int) -> PictureView:
    """Return a picture with the places of its files; those of the main one bear no number."""
    own = f"-{number}" if number > 1 else ""
    snapshots = tuple(
        (step, replace(file, path=f"{stem}-growth{own}-{n}.webp")) for n, (step, file) in enumerate(draft.snapshots)
    )
    channels = draft.channels and replace(draft.channels, path=f"{stem}-channels{own}.webp")
    return replace(
        draft, file=replace(draft.file, path=f"{stem}-picture{own}.webp"), snapshots=snapshots, channels=channels
    )


def title(settings: RenderSettings, place: int, every: Sequence[RenderSettings]) -> str:
    """Return what tells a picture from a filter's others, such as ``Negative, seed 1``.

    ``place`` is which of the diverse pictures it is, ``every`` holds the settings of all the filter's pictures.
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
        words.append(f"diverse {place} of {settings.diversity}")
    if _repeated(settings, every):
        words.append(f"seed {settings.seed}")
    joined = ", ".join(words) or MAIN
    return joined[0].upper() + joined[1:]


def kinds(settings: RenderSettings, every: Sequence[RenderSettings]) -> tuple[str, ...]:
    """Return what a reader should know of a picture before reading it, in words that the templates explain."""
    held = {
        settings.objective.kind: settings.objective != ObjectiveSpec(),
        "negative": settings.sign == "negative",
        "diverse": settings.diversity > 1,
        "seed": _repeated(settings, every),
        settings.method: bool(METHODS[settings.method].note),
    }
    return tuple(kind for kind, holds in held.items() if holds)


def _repeated(settings: RenderSettings, every: Sequence[RenderSettings]) -> bool:
    """Tell whether another picture differs in its seed alone."""
    return any(other.seed != settings.seed and replace(other, seed=settings.seed) == settings for other in every)
