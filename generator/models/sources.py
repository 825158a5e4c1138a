"""Open the network that an entry names, whatever kind of source it is."""

from __future__ import annotations

import contextlib
import inspect
import json
from pathlib import Path
from typing import Any

import keras
from keras.src.legacy.saving import saving_options, saving_utils
from keras.src.models import Functional
from keras.src.saving.serialization_lib import SafeModeScope

from generator.assets import demo_path
from generator.config.values import ModelEntry
from generator.errors import ModelError, reason, way_out
from generator.models.applications import application
from generator.models.custom import custom_objects, missing_object
from generator.models.error_text import quiet, raised
from generator.models.files import OWN_CLASS, OWN_FUNCTION, REBUILT, SAVE_OR_COPY, refuse_what_is_no_model
from generator.models.identity import RANDOM_SEED
from generator.models.importing import folder_first, import_object
from generator.models.input_shapes import input_shapes_kept
from generator.models.keras2.errors import Misfit, Untranslatable, UntranslatableFunction
from generator.models.keras2.load import load_keras2
from generator.models.keras2.network import Parts, is_network, network_from
from generator.models.recording import Untraceable
from generator.models.saved import (
    amended,
    amended_copy,
    code_in,
    is_damaged,
    is_of_keras2,
    lambda_activations,
    own_temporary_folder,
    read_config,
    slashed_names,
)
from generator.models.trace import traced_model
from generator.models.weights import load_weights


def open_source(entry: ModelEntry, trust: bool = False) -> keras.Model:
    """Return the entry's network with its weights, at the entry's input shape.

    ``trust`` lets a file bring code of its own (Lambda layers).

    Raises ModelError if it cannot be opened.
    """
    if entry.kind in ("demo", "file"):
        refuse_what_is_no_model(_path(entry))
    config = _architecture(entry) if entry.kind == "architecture" else read_config(_path(entry))
    parts: Parts = {}
    with custom_objects(entry, config):
        if entry.kind == "application":
            model = application(entry)
        elif entry.kind == "callable":
            model = _called(entry)
        else:
            model, parts = _saved(entry, config, trust)
        if entry.weights not in ("", "imagenet", "random"):
            _build(model, entry)
            _refuse_unbuilt(model, entry)
            load_weights(model, Path(entry.weights), Path(entry.source).name, parts)
        if entry.kind != "application":
            model = _with_input_shape(model, entry, trust)
    return _named_as_saved(model, config)


def _path(entry: ModelEntry) -> Path:
    return demo_path() if entry.kind == "demo" else Path(entry.source)


def _saved(entry: ModelEntry, config: Any, trust: bool) -> tuple[keras.Model, Parts]:
    """Load a .keras or .h5 file, or build the network of an architecture; with its parts if Keras 2 wrote it."""
    path = _path(entry)
    try:
        older = isinstance(config, dict) and is_of_keras2(path, config) and is_network(config)
        if entry.kind == "architecture":
            keras.utils.set_random_seed(RANDOM_SEED)
            with quiet():
                made, parts = (
                    network_from(amended(config), trust) if older else (_from_config(amended(config), trust), {})
                )
            return _checked(made, str(path)), parts
        if older:
            with quiet():
                return load_keras2(path, amended(config), slashed_names(config), trust), {}
        with own_temporary_folder(), amended_copy(path, config) as readable, quiet():
            return _checked(keras.saving.load_model(readable, compile=False, safe_mode=not trust), str(path)), {}
    except ModelError:
        raise
    except Exception as error:  # Keras raises whatever the file's bytes make it stumble over
        raise _cannot_load(error, path, config, trust) from error


def _architecture(entry: ModelEntry) -> dict[str, Any]:
    path = Path(entry.source)
    if not entry.weights:
        hint = "In config.yaml, name them: `weights: FILE`, or `weights: random`"
        raise ModelError(f"{path}: an architecture has no weights of its own", hint)
    try:
        config = json.loads(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}", way_out(error)) from None
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: not JSON: {reason(error)}", "Write it with model.to_json()") from None
    if not isinstance(config, dict) or "class_name" not in config or "config" not in config:
        raise ModelError(f"{path}: JSON, but not a network's", "Write it with model.to_json()")
    return config


def _from_config(config: dict[str, Any], trust: bool) -> Any:
    if "module" in config:
        return keras.saving.deserialize_keras_object(config, safe_mode=not trust)
    with SafeModeScope(not trust), saving_options.keras_option_scope(use_legacy_config=True):
        return saving_utils.model_from_config(config)  # as Keras 2 wrote it


def _cannot_load(error: Exception, path: Path, config: Any, trust: bool) -> ModelError:
    missing = missing_object(error, config, str(path))
    if missing:
        return missing
    lambdas = lambda_activations(config)
    if lambdas:
        text = f"{path}: the activation of {lambdas[0]} is a Python lambda, which Keras saves but cannot load"
        return ModelError(text, "Save the model with a named function in its place, and name it in `custom_objects:`")
    if not trust and "safe_mode" in str(error):
        held = ", ".join(code_in(config)) or "a Lambda layer"
        text = f"{path}: holds code ({held}), which safe mode does not load: it could do anything on this machine"
        return ModelError(text, "If you trust the file, add --trust")
    if isinstance(error, Untranslatable):
        hint = OWN_FUNCTION if isinstance(error, UntranslatableFunction) else f"{OWN_FUNCTION}. {OWN_CLASS}"
        return ModelError(f"{path}: saved by Keras 2, and Keras 3 has no equal of {error}", hint)
    if isinstance(error, Misfit):
        return ModelError(f"{path}: its weights do not fit its layers: {error}", OWN_FUNCTION)
    if note := next(iter(getattr(error, "__notes__", ())), ""):
        return ModelError(f"{path}: Keras 3 cannot make {note}: {reason(error)}", f"{OWN_FUNCTION}. {OWN_CLASS}")
    text = f"{path}: Keras cannot load it: {reason(error)}"
    if path.suffix.lower() == ".json":
        return ModelError(text, REBUILT)
    return ModelError(text, SAVE_OR_COPY if is_damaged(path) else OWN_FUNCTION)


def _named_as_saved(model: keras.Model, config: Any) -> keras.Model:
    """Give the layers whose names hold a slash, which Keras 3 does not load, those names again."""
    names = slashed_names(config)
    for layer in model._flatten_layers() if names else ():
        if layer.name in names:
            layer.name = names[layer.name]
    return model


def _called(entry: ModelEntry) -> keras.Model:
    """Call the function of an import path under a fixed seed: random weights are then the same every time."""
    build = import_object(entry.source, entry.folder)
    if isinstance(build, keras.Model):
        text = f"{entry.source}: a model that was built when its module was imported"
        raise ModelError(text, "Name a function that returns it, so that it is the same every time")
    if not callable(build):
        raise ModelError(f"{entry.source}: a {type(build).__name__}, not a function that returns a model")
    with contextlib.suppress(ValueError):  # not every callable has a signature
        signature = inspect.signature(build)
        try:
            signature.bind()
        except TypeError as error:
            text = f"{entry.source}: it is called without arguments, but takes {signature}: {reason(error)}"
            raise ModelError(text, "Name a function without arguments that calls it") from None
    keras.backend.clear_session()  # layers that the module made when it was imported have taken names
    keras.utils.set_random_seed(RANDOM_SEED)
    try:
        with folder_first(entry.folder), quiet(), input_shapes_kept():
            model = build()
    except (Exception, SystemExit) as error:  # it is the user's code: it may raise whatever it likes
        raise ModelError(f"{entry.source}: raised {raised(error, entry.folder)}") from error
    return _checked(model, entry.source)


def _checked(model: object, source: str) -> keras.Model:
    if not isinstance(model, keras.Model):
        verb = "returned" if ":" in source and not Path(source).exists() else "holds"
        raise ModelError(f"{source}: {verb} a {type(model).__name__}, not a keras.Model")
    return model


def _build(model: keras.Model, entry: ModelEntry) -> None:
    """Make the variables of a model that has no input shape of its own, by the entry's."""
    if not model.built and entry.input_shape is not None:
        try:
            model.build((None, *entry.input_shape))
        except Exception as error:  # whatever the layers raise for a shape that they cannot take
            raise _does_not_take(entry, error) from error


def _refuse_unbuilt(model: keras.Model, entry: ModelEntry) -> None:
    """Make sure that every layer has its variables: Keras would skip the others' weights silently."""
    if not _unbuilt(model):
        return
    with contextlib.suppress(Untraceable, ModelError):
        traced_model(model, entry.input_shape)
    if unbuilt := _unbuilt(model):
        text = f"{entry.source}: layer {unbuilt[0]} has no weights yet that could be loaded into"
        raise ModelError(text, "Call the model once before it is returned, or say `input_shape:`")


def _unbuilt(model: keras.Model) -> list[str]:
    return [layer.name for layer in model._flatten_layers(include_self=False) if not layer.built]


def _with_input_shape(model: keras.Model, entry: ModelEntry, trust: bool) -> keras.Model:
    """Give a model its entry's input shape; a subclassed one is traced at that shape later."""
    if entry.input_shape is None or not isinstance(model, (keras.Sequential, Functional)):
        return model
    if not model.built:
        _build(model, entry)
        return model
    try:
        with SafeModeScope(not trust and entry.kind != "callable"):  # a callable's code has run already
            resized = keras.models.clone_model(model, input_tensors=keras.Input(entry.input_shape))
        resized.set_weights(model.get_weights())
        return resized
    except Exception as error:
        raise _does_not_take(entry, error) from error


def _does_not_take(entry: ModelEntry, error: Exception) -> ModelError:
    return ModelError(f"{entry.source}: does not take {list(entry.input_shape or ())}: {reason(error)}")
