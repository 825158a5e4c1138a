"""From what a configuration says to the values of the program, with every default filled in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from generator import assets
from generator.assets.catalogue import APPLICATIONS
from generator.config.branding import branding_of
from generator.config.labels import read_labels
from generator.config.schema import ConfigFile, DatasetPart, ModelPart, PreprocessPart
from generator.config.sources import dataset_kind, looks_like_file, name_of, path_below, source_kind
from generator.config.values import Config, Dataset, ModelEntry, Photo, PreprocessChoice
from generator.errors import UsageError, nearest, quoted
from generator.names import slug, unique_slugs

RESERVED = ("assets", "data", "compare")
"""Folders of a site that are not a model's."""


def complete(file: ConfigFile, folder: Path) -> Config:
    """Return a configuration that has been checked; its relative paths start at a folder."""
    slugs = unique_slugs([name_of(model) for model in file.models], taken=RESERVED)
    return Config(
        title=file.title,
        output=folder / file.output,
        cache=folder / file.cache,
        photos=_with_distinct_names([photo_named(name, folder) for name in dict.fromkeys(file.photos)]),
        models=tuple(_entry(m, s, file, folder) for m, s in zip(file.models, slugs, strict=True)),
        branding=branding_of(file, folder),
        compare=None if file.compare is None else tuple(file.compare),
        workers=file.workers,
    )


def _with_distinct_names(photos: list[Photo]) -> tuple[Photo, ...]:
    """Number the photos whose files have the same name in different folders."""
    seen: Counter[str] = Counter()
    named = []
    for photo in photos:
        seen[photo.name] += 1
        named.append(replace(photo, name=f"{photo.name} {seen[photo.name]}") if seen[photo.name] > 1 else photo)
    return tuple(named)


def photo_named(name: str, folder: Path) -> Photo:
    """Return a bundled photo, or the file of that path."""
    if name in assets.PHOTOS:
        return Photo(name, assets.photo_path(name))
    path = path_below(folder, name)
    return Photo(re.sub(r"[\s_]+", " ", path.stem).strip() or path.name, path)


def _entry(model: ModelPart, page: str, file: ConfigFile, folder: Path) -> ModelEntry:
    kind = source_kind(model.source, folder)
    assert kind is not None
    weights = model.weights or ("imagenet" if kind == "application" else "")
    if weights and weights not in ("imagenet", "random"):
        weights = str(path_below(folder, weights))
    preprocess = model.preprocess
    return ModelEntry(
        name=name_of(model),
        slug=page,
        kind=kind,
        source=str(path_below(folder, model.source)) if kind in ("file", "architecture") else model.source,
        weights=weights,
        include_top=bool(model.include_top),
        input_shape=model.input_shape,
        preprocess=preprocess.choice() if isinstance(preprocess, PreprocessPart) else PreprocessChoice(preprocess),
        layers=model.rules(),
        filters=file.filters if model.filters is None else model.filters,
        render=tuple(sorted({**file.render.chosen(), **model.render.chosen()}.items())),
        custom_objects=model.custom_objects,
        bands=model.bands,
        folder=str(folder) if kind == "callable" or model.custom_objects else "",
        dataset=_dataset(file.dataset if model.dataset is None else model.dataset, folder),
        labels=read_labels(model.labels, folder) or (assets.DEMO_CLASSES if kind == "demo" else ()),
    )


def _dataset(part: DatasetPart | str | None, folder: Path) -> Dataset | None:
    return dataset_of(part, folder) if isinstance(part, DatasetPart) else None


def dataset_of(part: DatasetPart, folder: Path) -> Dataset:
    """Return a dataset that has been checked; a relative path starts at a folder."""
    kind = dataset_kind(part.source, folder)
    assert kind is not None
    if kind == "bundled":
        place = str(assets.images_path())
    else:
        place = part.source if kind == "callable" else str(path_below(folder, part.source))
    return Dataset(
        kind,
        place,
        str(folder) if kind == "callable" else "",
        part.limit,
        part.seed,
        part.size,
        part.publish,
        part.examples,
        part.labels,
    )


def dataset_named(source: str, folder: Path) -> Dataset:
    """Return the dataset that a user names on the command line.

    Raises UsageError if there is none.
    """
    if dataset_kind(source, folder) is None:
        raise UsageError(
            f"dataset {quoted(source)}: no folder, no .npz and no package.module:function", "Name the folder of images"
        )
    return dataset_of(DatasetPart(source=source), folder)


def entry_named(name: str, configured: Mapping[str, ModelEntry], otherwise: str = "") -> ModelEntry:
    """Return the model that a user names: one of those configured, ``demo``, an application, or a file.

    Raises UsageError if there is none, with the nearest name, or else with what ``otherwise`` advises.
    """
    entry = configured.get(name) or entry_for_source(name, Path())
    if entry is not None:
        return entry
    if looks_like_file(name):
        raise UsageError(f"no model file {quoted(name)} in {Path().resolve()}")
    raise UsageError(f"unknown model {quoted(name)}", nearest(name, [*configured, "demo", *APPLICATIONS]) or otherwise)


def entry_for_source(source: str, folder: Path) -> ModelEntry | None:
    """Return a model that is named on the command line instead of in a configuration, or None if there is none."""
    kind = source_kind(source, folder) if source.strip() else None
    if kind is None:
        return None
    part = ModelPart(source=source)
    return _entry(part, slug(name_of(part)), ConfigFile(models=[part]), folder)
