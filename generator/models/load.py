"""Load the model that an entry names. The one place, with the rest of ``models`` and ``render``, that needs Keras."""

from __future__ import annotations

import contextlib
import importlib
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras.src.utils import file_utils

from generator.assets import demo_path
from generator.config.values import ModelEntry
from generator.errors import ModelError, WeightsUnavailableError
from generator.models import preprocess as styles
from generator.models.card import ModelCard
from generator.models.catalogue import APPLICATIONS, weights_folder
from generator.models.graph import Graph, flatten
from generator.models.hdf5 import check_hdf5
from generator.models.identity import RANDOM_SEED, digest_of
from generator.models.preprocess import Preprocess
from generator.models.walk import describe
from generator.names import slug


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A network that can be run, and what is known of it."""

    keras_model: keras.Model
    graph: Graph
    card: ModelCard


def load(entry: ModelEntry, trust: bool = False) -> LoadedModel:
    """Load the model of an entry; ``trust`` lets a file bring code of its own (Lambda layers).

    Raises ModelError if it cannot be read, or has nothing to show.
    """
    keras.backend.clear_session()  # names given to unnamed layers start anew, whatever was loaded before
    digest = digest_of(entry)
    model = _application(entry) if entry.kind == "application" else _from_file(_path(entry), trust)
    model = _with_input_shape(model, entry)
    graph = flatten(model)
    _make_names_scopes(graph)
    channels = int(model.inputs[0].shape[-1] or 0)
    preprocess, warnings = _preprocess(entry, graph, channels)
    return LoadedModel(model, graph, describe(model, graph, preprocess, digest, warnings))


def _path(entry: ModelEntry) -> Path:
    return demo_path() if entry.kind == "demo" else Path(entry.source)


def _from_file(path: Path, trust: bool) -> keras.Model:
    _refuse_what_is_no_model(path)
    try:
        with _quiet():
            loaded = keras.saving.load_model(path, compile=False, safe_mode=not trust)
    except Exception as error:  # Keras raises whatever the file's bytes make it stumble over
        reason = _reason(error)
        if not trust and "safe_mode" in str(error):
            raise ModelError(
                f"{path}: holds code (a Lambda layer), which safe mode does not load",
                "If you trust the file, add --trust",
            ) from error
        raise ModelError(f"{path}: Keras cannot load it: {reason}", "Save it with model.save('name.keras')") from error
    if not isinstance(loaded, keras.Model):
        raise ModelError(f"{path}: holds a {type(loaded).__name__}, not a model")
    return loaded


def _refuse_what_is_no_model(path: Path) -> None:
    if path.is_dir():
        kind = "a TensorFlow SavedModel" if (path / "saved_model.pb").is_file() else "a folder"
        raise ModelError(f"{path}: {kind}; Keras 3 opens .keras and .h5 files", "Save it with model.save('name.keras')")
    try:
        with path.open("rb") as opened:
            head = opened.read(8)
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from None
    expected = {".keras": b"PK", ".h5": b"\x89HDF", ".hdf5": b"\x89HDF"}.get(path.suffix.lower())
    if expected is None:
        raise ModelError(f"{path}: expected a file that ends in .keras or .h5")
    if not head.startswith(expected):
        found = "is empty" if not head else "does not start as such a file does"
        raise ModelError(f"{path}: not a {path.suffix} model: it {found}", "Save it with model.save('name.keras')")
    if expected != b"PK":
        check_hdf5(path)


def _application(entry: ModelEntry) -> keras.Model:
    build = getattr(keras.applications, entry.source)
    arguments: dict[str, Any] = {"include_top": entry.include_top, "input_shape": entry.input_shape}
    if entry.weights == "imagenet":
        return _pretrained(lambda: build(weights="imagenet", **arguments), entry.source)
    keras.utils.set_random_seed(RANDOM_SEED)
    try:
        model = build(weights=None, **arguments)
    except ValueError as error:
        raise ModelError(f"{entry.source}: {_reason(error)}") from error
    if entry.weights != "random":
        if entry.weights.lower().endswith((".h5", ".hdf5")):
            check_hdf5(Path(entry.weights))
        try:
            model.load_weights(entry.weights)
        except Exception as error:  # as with models: whatever the bytes cause
            raise ModelError(f"{entry.weights}: not weights of {entry.source}: {_reason(error)}") from error
    return model


def _pretrained(build: Any, name: str) -> keras.Model:
    missing: list[str] = []
    get_file = file_utils.get_file

    def watched(fname: str | None = None, origin: str | None = None, *args: Any, **kwargs: Any) -> Any:
        missing.append(fname or str(origin).rsplit("/", 1)[-1])  # it depends on the input's size for some networks
        path = get_file(fname, origin, *args, **kwargs)
        missing.pop()
        return path

    file_utils.get_file = watched
    try:
        with _quiet():
            return build()
    except Exception as error:  # urllib, ssl and Keras each raise their own
        if missing:
            looked_for = weights_folder() / missing[0]
            raise WeightsUnavailableError(
                f"{name}: the ImageNet weights could not be downloaded; Keras looked for {looked_for}",
                "Put that file there, or set `weights: random`; the model `demo` works offline",
            ) from error
        raise ModelError(f"{name}: {_reason(error)}") from error
    finally:
        file_utils.get_file = get_file


def _with_input_shape(model: keras.Model, entry: ModelEntry) -> keras.Model:
    """Give a model from a file the input that its entry says."""
    if entry.kind == "application" or entry.input_shape is None:
        return model
    try:
        if isinstance(model, keras.Sequential) and not model.built:
            model.build((None, *entry.input_shape))
            return model
        resized = keras.models.clone_model(model, input_tensors=keras.Input(entry.input_shape))
        resized.set_weights(model.get_weights())
        return resized
    except Exception as error:
        raise ModelError(f"{entry.source}: does not take {list(entry.input_shape)}: {_reason(error)}") from error


def _make_names_scopes(graph: Graph) -> None:
    """Rename layers whose names TensorFlow cannot compile under, such as ``my conv``; the graph keeps the own names."""
    for op in {id(call.op): call.op for call in graph.calls}.values():
        if not re.fullmatch(r"[A-Za-z0-9.][\w.\\/>-]*", op.name, re.ASCII):
            op.name = slug(op.name)


def _preprocess(entry: ModelEntry, graph: Graph, channels: int) -> tuple[Preprocess, list[str]]:
    choice = entry.preprocess
    if channels not in (1, 3):
        return Preprocess("none", (), ()), []  # the walk refuses such a network, with the reason
    if choice.style == "custom":
        return styles.custom(choice, channels), []
    if choice.style != "auto":
        return styles.named(choice.style, channels), []
    if entry.kind == "application" and channels == 3:
        return _measure(entry.source), []
    own = next((c for c in graph.calls if isinstance(c.op, (keras.layers.Rescaling, keras.layers.Normalization))), None)
    if own is not None:
        return styles.named("none", channels, f"the model's own {type(own.op).__name__} layer"), []
    warning = (
        "the model has no Rescaling or Normalization layer, so pictures reach it as 0 to 255. "
        "If it was trained on other values, say so with `preprocess:`"
    )
    return styles.named("none", channels), [warning]


def _measure(source: str) -> Preprocess:
    """Ask the application's own preprocessing what it does to black and to the three unit colours."""
    module = importlib.import_module(f"keras.applications.{APPLICATIONS[source].module}")
    pixels = np.concatenate([np.zeros((1, 3), np.float32), np.eye(3, dtype=np.float32)])
    mapped = np.asarray(module.preprocess_input(pixels.reshape(4, 1, 1, 3).copy()), np.float64).reshape(4, 3)
    return styles.measured(f"that of {source}", mapped[0], mapped[1:])


def _reason(error: BaseException) -> str:
    """Return the first sentence of what Keras says."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else text[:197].rsplit(" ", 1)[0] + " ..."


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the loaders' own warnings off the terminal; what goes wrong is raised, not logged."""
    loggers = [logging.getLogger(name) for name in ("absl", "tensorflow")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
