"""What a configuration says, held against the files and names that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from generator import assets
from generator.assets.catalogue import APPLICATIONS
from generator.config.branding import check_branding
from generator.config.labels import check_labels
from generator.config.lines import Problem
from generator.config.pairs import check_pairs
from generator.config.schema import ConfigFile, DatasetPart, ModelPart
from generator.config.sources import dataset_kind, is_file, looks_like_file, name_of, path_below, source_kind
from generator.config.types.texts import Pair
from generator.errors import nearest, quoted


def check(file: ConfigFile, folder: Path) -> Iterator[Problem]:
    """Yield what is wrong in a configuration that fits the schema."""
    yield from _check_photos(enumerate(file.photos), folder)
    yield from _check_dataset(file.dataset, (), folder)
    yield from _check_models(enumerate(file.models), folder)
    yield from check_branding(file, folder)
    yield from check_pairs(enumerate(file.compare or []), [name_of(model) for model in file.models])


def check_parts(document: Mapping[str, object], folder: Path) -> Iterator[Problem]:
    """Yield the same for the photos, models and keys that fit by themselves, in a configuration that does not."""
    photos, models = document.get("photos", []), document.get("models", [])
    named = [(i, p.strip()) for i, p in enumerate(photos if isinstance(photos, list) else []) if isinstance(p, str)]
    yield from _check_photos([(index, photo) for index, photo in named if photo], folder)
    if "dataset" in document and (of_file := _alone("dataset", document["dataset"])):
        yield from _check_dataset(of_file.dataset, (), folder)
    files = [_alone("models", [raw]) for raw in (models if isinstance(models, list) else [])]
    valid = [(index, file.models[0]) for index, file in enumerate(files) if file]
    yield from _check_models(valid, folder)
    for key in filter(ConfigFile.model_fields.__contains__, document):
        if (file := _alone(key, document[key])) is not None:
            yield from check_branding(file, folder)
    if isinstance(models, list) and len(valid) == len(models):  # else not every name is known
        yield from check_pairs(_pairs(document.get("compare")), [name_of(model) for _, model in valid])


def _pairs(raw: object) -> Iterator[tuple[int, Pair]]:
    """Yield the pairs that fit by themselves, each with its place in the list."""
    for index, pair in enumerate(raw if isinstance(raw, list) else []):
        if (file := _alone("compare", [pair])) and file.compare:
            yield index, file.compare[0]


def _alone(key: str, value: object) -> ConfigFile | None:
    """Return a configuration that sets one key, or None if its value does not fit."""
    try:
        return ConfigFile.model_validate({"models": ["demo"], key: value})
    except ValidationError:
        return None


def _check_models(models: Iterable[tuple[int, ModelPart]], folder: Path) -> Iterator[Problem]:
    names: set[str] = set()
    for index, model in models:
        yield from _check_model(model, index, folder)
        name = name_of(model)
        if name.lower() in names:
            problem = f"the name {quoted(name)} is taken. Give it another one with `name:`"
            yield Problem(("models", index), f"models[{index}]: {problem}")
        names.add(name.lower())


def _check_photos(photos: Iterable[tuple[int, str]], folder: Path) -> Iterator[Problem]:
    for index, photo in photos:
        if photo not in assets.PHOTOS and not is_file(path_below(folder, photo)):
            problem = f"no file {quoted(photo)}, and no bundled photo of that name."
            yield Problem(("photos", index), f"photos[{index}]: {problem}", partial(_bundled, photo))


def _check_dataset(part: DatasetPart | str | None, within: tuple[str | int, ...], folder: Path) -> Iterator[Problem]:
    if not isinstance(part, DatasetPart) or dataset_kind(part.source, folder):
        return
    name = f"models[{within[1]}].dataset" if within else "dataset"
    path = path_below(folder, part.source)
    if is_file(path):
        problem = f"{quoted(part.source)} is no folder and no .npz. Name the folder that holds the images"
    else:
        problem = f"no folder and no .npz {quoted(part.source)} in {folder.resolve()}"
    yield Problem((*within, "dataset"), f"{name}: {problem}")


def _bundled(photo: str) -> str:
    return f" {nearest(photo, assets.PHOTOS) or 'Bundled: ' + ', '.join(assets.PHOTOS)}"


def _check_model(model: ModelPart, index: int, folder: Path) -> Iterator[Problem]:
    place, kind = f"models[{index}]", source_kind(model.source, folder)
    if kind is None:
        if looks_like_file(model.source):
            problem = f"no file {quoted(model.source)} in {folder.resolve()}"
            yield Problem(("models", index, "source"), f"{place}.source: {problem}")
        else:
            problem = f"{place}.source: unknown model {quoted(model.source)}."
            yield Problem(("models", index, "source"), problem, partial(_known_models, model.source))
    if kind in ("demo", "file"):
        for key in ("weights", "include_top"):
            if getattr(model, key) is not None:
                yield Problem(("models", index, key), f"{place}.{key}: {_WITHOUT[key]}")
    if kind in ("architecture", "callable") and model.include_top is not None:
        yield Problem(("models", index, "include_top"), f"{place}.include_top: {_WITHOUT['include_top']}")
    if kind == "demo" and model.input_shape is not None:
        problem = "demo takes pictures of any size; see render.size"
        yield Problem(("models", index, "input_shape"), f"{place}.input_shape: {problem}")
    yield from _check_weights(model, kind, index, folder)
    yield from check_labels(model, index, folder)
    yield from _check_dataset(model.dataset, ("models", index), folder)


def _known_models(source: str) -> str:
    return f" {nearest(source, ['demo', *APPLICATIONS]) or 'See: filter-gallery models'}"


_WITHOUT = {
    "include_top": "only for networks of keras.applications",
    "weights": "only for networks of keras.applications, architectures (.json) and callables",
}


def _check_weights(model: ModelPart, kind: str | None, index: int, folder: Path) -> Iterator[Problem]:
    known = {"application": ("imagenet", "random"), "architecture": ("random",), "callable": ()}.get(kind or "")
    if known is None:
        return
    weights, where = model.weights or (known[0] if kind == "application" else ""), ("models", index, "weights")
    if not weights and kind == "architecture":
        problem = "an architecture has no weights of its own; name a file, or random"
        yield Problem(("models", index), f"models[{index}].weights: {problem}")
    elif weights and weights not in known and not is_file(path_below(folder, weights)):
        expected = " or ".join(filter(None, [", ".join(known), "a file"]))
        problem = f"expected {expected}; no file {quoted(weights)}."
        yield Problem(where, f"models[{index}].weights: {problem}", lambda: f" {nearest(weights, known)}".rstrip())
