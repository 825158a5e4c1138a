"""Read config.yaml: every error at once, each with its line."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from generator import assets
from generator.config.checks import as_pair, is_import_path
from generator.config.lines import describe, line_of
from generator.config.look import KEYS, check_look, look_of
from generator.config.pairs import check_pairs
from generator.config.schema import ConfigFile, ModelPart, PreprocessPart
from generator.config.values import Config, ModelEntry, Photo, PreprocessChoice
from generator.errors import ConfigError, UsageError, nearest
from generator.models.catalogue import APPLICATIONS
from generator.names import slug, unique_slugs

MODEL_SUFFIXES = (".keras", ".h5", ".hdf5", ".json")
RESERVED = ("assets", "data", "compare")
"""Folders of a site that are not a model's."""

Problem = tuple[tuple[str | int, ...], str]


def default_config(folder: Path) -> Config:
    """Return the configuration that the package ships, with its paths below ``folder``."""
    return parse_config(assets.default_config_text(), "the default config.yaml", folder)


def load_config(path: Path) -> Config:
    """Read a configuration file; its relative paths start at its own folder.

    Raises ConfigError with a line for everything that is wrong in it, UsageError if there is no such file.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file", "Write one with: filter-gallery init") from None
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: not a text file in UTF-8 (byte {error.start})"]) from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    return parse_config(text, str(path), path.parent)


def parse_config(text: str, where: str, folder: Path) -> Config:
    """Parse the text of a configuration; ``where`` names it in errors."""
    document = _parse_yaml(text, where)
    try:
        file = ConfigFile.model_validate(_plain(document))
    except ValidationError as error:
        found = [(line_of(document, e["loc"]), describe(e)) for e in error.errors()]
        # What a first look finds is not all: names and paths that do fit the schema are checked as well.
        found += [(line_of(document, place), problem) for place, problem in _rest(document, folder)]
        raise ConfigError(f"{where}:{line}: {problem}" for line, problem in sorted(set(found))) from None
    problems = list(_check(file, folder))
    if problems:
        found = [(line_of(document, place), problem) for place, problem in problems]
        raise ConfigError(f"{where}:{line}: {problem}" for line, problem in sorted(set(found)))
    return _complete(file, folder)


def _parse_yaml(text: str, where: str) -> CommentedMap:
    try:
        document = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        reason = (error.problem or error.context or "not YAML").splitlines()[0]
        raise ConfigError([f"{where}:{line}: not valid YAML: {reason}"]) from None
    except YAMLError as error:
        raise ConfigError([f"{where}:1: not valid YAML: {str(error).splitlines()[0]}"]) from None
    except (ValueError, RecursionError) as error:
        raise ConfigError([f"{where}:1: not valid YAML: {type(error).__name__}"]) from None
    if document is None:
        raise ConfigError([f"{where}:1: the file is empty; it needs at least: models: [demo]"])
    if not isinstance(document, CommentedMap):
        raise ConfigError([f"{where}:1: expected settings such as `models: [demo]`, got {str(document)[:40]!r}"])
    return document


def _plain(node: object) -> object:
    """Return YAML's value as Python's own types, which is what the schema's strict types expect."""
    if isinstance(node, dict):
        return {(str(key) if not isinstance(key, str) else key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _rest(document: CommentedMap, folder: Path) -> Iterator[Problem]:
    """Check the photos, models and files that fit the schema by themselves, in a file that does not as a whole."""
    photos, models = _plain(document.get("photos", [])), _plain(document.get("models", []))
    named = [(i, p.strip()) for i, p in enumerate(photos if isinstance(photos, list) else []) if isinstance(p, str)]
    yield from _check_photos([(index, photo) for index, photo in named if photo], folder)
    valid = []
    for index, raw in enumerate(models if isinstance(models, list) else []):
        with contextlib.suppress(ValidationError):
            valid.append((index, ModelPart.model_validate(raw)))
    yield from _check_models(valid, folder)
    for key in filter(document.__contains__, KEYS):
        with contextlib.suppress(ValidationError):
            alone = {"models": ["demo"], key: _plain(document[key])}
            yield from check_look(ConfigFile.model_validate(alone), folder)
    if isinstance(models, list) and len(valid) == len(models):  # else not every name is known
        yield from check_pairs(_pairs(document.get("compare")), [_name(model) for _, model in valid])


def _pairs(raw: object) -> Iterator[tuple[int, tuple[str, str]]]:
    """Yield the pairs that fit the schema by themselves, each with its place."""
    for index, value in enumerate(raw if isinstance(raw, list) else []):
        with contextlib.suppress(ValueError):
            yield index, as_pair(_plain(value))


def _check(file: ConfigFile, folder: Path) -> Iterator[Problem]:
    yield from _check_photos(enumerate(file.photos), folder)
    yield from _check_models(enumerate(file.models), folder)
    yield from check_look(file, folder)
    yield from check_pairs(enumerate(file.compare or []), [_name(model) for model in file.models])


def _check_models(models: Iterable[tuple[int, ModelPart]], folder: Path) -> Iterator[Problem]:
    names: set[str] = set()
    for index, model in models:
        yield from _check_model(model, index, folder)
        name = _name(model)
        if name.lower() in names:
            yield ("models", index), f"models[{index}]: the name {name!r} is taken. Give it another one with `name:`"
        names.add(name.lower())


def _check_photos(photos: Iterable[tuple[int, str]], folder: Path) -> Iterator[Problem]:
    for index, photo in photos:
        if photo not in assets.PHOTOS and not _is_file(_path(photo, folder)):
            hint = nearest(photo, assets.PHOTOS) or f"Bundled: {', '.join(assets.PHOTOS)}"
            yield ("photos", index), f"photos[{index}]: no file {photo!r}, and no bundled photo of that name. {hint}"


def _check_model(model: ModelPart, index: int, folder: Path) -> Iterator[Problem]:
    place, kind = f"models[{index}]", source_kind(model.source, folder)
    if kind is None:
        if looks_like_file(model.source):
            problem = f"no file {model.source!r} in {folder.resolve()}"
        else:
            hint = nearest(model.source, ["demo", *APPLICATIONS])
            problem = f"unknown model {model.source!r}. {hint or 'See: filter-gallery models'}"
        yield ("models", index, "source"), f"{place}.source: {problem}"
    if kind in ("demo", "file"):
        for key in ("weights", "include_top"):
            if getattr(model, key) is not None:
                yield ("models", index, key), f"{place}.{key}: {_WITHOUT[key]}"
    if kind in ("architecture", "callable") and model.include_top is not None:
        yield ("models", index, "include_top"), f"{place}.include_top: {_WITHOUT['include_top']}"
    if kind == "demo" and model.input_shape is not None:
        yield ("models", index, "input_shape"), f"{place}.input_shape: demo takes pictures of any size; see render.size"
    yield from _check_weights(model, kind, index, folder)


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
        yield ("models", index), f"models[{index}].weights: {problem}"
    elif weights and weights not in known and not _is_file(_path(weights, folder)):
        expected = " or ".join(filter(None, [", ".join(known), "a file"]))
        problem = f"expected {expected}; no file {weights!r}. {nearest(weights, known)}".strip()
        yield where, f"models[{index}].weights: {problem}"


def looks_like_file(source: str) -> bool:
    """Tell whether a source that names nothing known was meant as a path."""
    return source.lower().endswith(MODEL_SUFFIXES) or "/" in source or "\\" in source


def source_kind(source: str, folder: Path) -> str | None:
    """Return the kind of a ``ModelEntry``, or None if a source names nothing that exists; a callable is only named."""
    if source == "demo":
        return "demo"
    if source in APPLICATIONS:
        return "application"
    try:
        if _path(source, folder).exists():
            return "architecture" if source.lower().endswith(".json") else "file"
    except OSError:
        pass
    return "callable" if is_import_path(source) else None


def _path(text: str, folder: Path) -> Path:
    try:
        return folder / Path(text).expanduser()
    except RuntimeError:  # ~someone, and there is no such user: a name like any other
        return folder / text


def _is_file(path: Path) -> bool:
    """Tell whether there is such a file; a name that is too long, or a folder that is closed to us, has none."""
    try:
        return path.is_file()
    except OSError:
        return False


def _name(model: ModelPart) -> str:
    if model.name:
        return model.name
    if model.source in APPLICATIONS:
        return model.source.lower()
    if is_import_path(model.source):
        return model.source.rpartition(":")[2].rpartition(".")[2]
    return Path(model.source).stem if looks_like_file(model.source) else model.source


def _complete(file: ConfigFile, folder: Path) -> Config:
    slugs = unique_slugs([_name(model) for model in file.models], taken=RESERVED)
    return Config(
        title=file.title,
        output=folder / file.output,
        cache=folder / file.cache,
        photos=_told_apart([photo_named(name, folder) for name in dict.fromkeys(file.photos)]),
        models=tuple(_entry(m, s, file, folder) for m, s in zip(file.models, slugs, strict=True)),
        look=look_of(file, folder),
        compare=None if file.compare is None else tuple(file.compare),
    )


def _told_apart(photos: list[Photo]) -> tuple[Photo, ...]:
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
    path = _path(name, folder)
    return Photo(re.sub(r"[\s_]+", " ", path.stem).strip() or path.name, path)


def _entry(model: ModelPart, page: str, file: ConfigFile, folder: Path) -> ModelEntry:
    kind = source_kind(model.source, folder)
    assert kind is not None
    weights = model.weights or ("imagenet" if kind == "application" else "")
    if weights and weights not in ("imagenet", "random"):
        weights = str(_path(weights, folder))
    preprocess = model.preprocess
    return ModelEntry(
        name=_name(model),
        slug=page,
        kind=kind,
        source=str(_path(model.source, folder)) if kind in ("file", "architecture") else model.source,
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
    )


def entry_named(name: str, configured: Mapping[str, ModelEntry], otherwise: str = "") -> ModelEntry:
    """Return the model that a user names: one of those configured, ``demo``, an application, or a file.

    Raises UsageError if there is none, with the nearest name, or else with what ``otherwise`` advises.
    """
    entry = configured.get(name) or entry_for_source(name, Path())
    if entry is not None:
        return entry
    if looks_like_file(name):
        raise UsageError(f"no model file {name!r} in {Path().resolve()}")
    raise UsageError(f"unknown model {name!r}", nearest(name, [*configured, "demo", *APPLICATIONS]) or otherwise)


def entry_for_source(source: str, folder: Path) -> ModelEntry | None:
    """Return a model that is named on the command line instead of in a configuration, or None if there is none."""
    kind = source_kind(source, folder)
    if kind is None:
        return None
    part = ModelPart(source=source)
    return _entry(part, slug(_name(part)), ConfigFile(models=[part]), folder)
