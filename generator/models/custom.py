"""Custom layers and functions: given to Keras under the names that a file uses, and named where they are missing."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import keras

from generator.config.values import ModelEntry
from generator.errors import ModelError
from generator.models.importing import folder_first, import_object
from generator.models.saved import ConfigObject, config_objects

_NOT_FOUND = (
    re.compile(r"Could not locate (class|function) '([^']+)'"),
    re.compile(r"Could not deserialize (class|function) '([^']+)' because its parent module"),
    re.compile(r"Unknown (\w+): '([^']+)'"),
    re.compile(r"Cannot deserialize object of type `([^`]+)`()"),
    re.compile(r"Could not interpret ([a-z ]+) identifier: ([\w>.]+)"),
)
"""Keras's messages on a name that it does not know, for this format of files and the older one."""

_INSTALLABLE = {"keras_hub": "keras-hub", "keras_cv": "keras-cv", "keras_nlp": "keras-nlp"}
"""Packages of layers that register their classes under their own names, and what to install."""


@contextlib.contextmanager
def custom_objects(entry: ModelEntry, config: Any) -> Iterator[None]:
    """Let Keras know the entry's custom objects while the block loads the model whose configuration this is.

    Each is known by the name that the entry gives it, by the one that it or another object of its module was
    registered under, and by one of the configuration's that ends in its name (``package>Name``).

    Raises ModelError if one cannot be imported.
    """
    own = {name: import_object(path, entry.folder) for name, path in entry.custom_objects}
    registry = keras.saving.get_custom_objects()
    before = dict(registry)
    # Another model of the same configuration may have registered other objects under these names.
    registry.update(_registered({getattr(value, "__module__", "") for value in own.values()}))
    for name in {part.registered_name for part in config_objects(config)} - registry.keys():
        if name.rpartition(">")[2] in own:
            registry[name] = own[name.rpartition(">")[2]]
    registry.update(own)
    try:
        with folder_first(entry.folder) if entry.folder else contextlib.nullcontext():
            yield
    finally:
        registry.clear()
        registry.update(before)


def missing_object(error: BaseException, config: Any, source: str) -> ModelError | None:
    """Return the error for the user if Keras failed because it did not know an object, else None."""
    name = _unknown_name(error)
    if name is None:
        return None
    if package := _missing_package(name, config):
        text = f"{source}: holds {name.rpartition('>')[2]} of {package}, which is not installed"
        return ModelError(text, f"Install it: pip install {_INSTALLABLE[package]}")
    kind = "class" if name.rpartition(">")[2][:1].isupper() else "function"
    users = [part for part in config_objects(config) if _uses(part, name)]
    where = f" (of {users[0].place})" if users and users[0].layer else ""
    return ModelError(
        f"{source}: holds the custom {kind} {name}{where}, which Keras does not know",
        f"Say where it is: `custom_objects: [package.module:{name.rpartition('>')[2]}]` in config.yaml",
    )


def _missing_package(name: str, config: Any) -> str:
    """Return the known package that registers an object under this name and is not there, or nothing."""
    plain = name.rpartition(">")[2]
    registered = [name, *(part.registered_name for part in config_objects(config))]
    packages = [whole.rpartition(">")[0] for whole in registered if whole.rpartition(">")[2] == plain]
    return next((package for package in packages if package in _INSTALLABLE and find_spec(package) is None), "")


def _registered(modules: set[str]) -> dict[str, object]:
    """Return the objects of these modules that were registered with Keras, by the names they were registered under."""
    values = [value for name in modules for value in vars(sys.modules.get(name, object())).values()] if modules else []
    named = {keras.saving.get_registered_name(value): value for value in values if hasattr(value, "__name__")}
    return {name: value for name, value in named.items() if ">" in name}


def _unknown_name(error: BaseException) -> str | None:
    chain: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in chain:
        chain.append(at)
        at = at.__cause__ or at.__context__
    for link in reversed(chain):  # Keras repeats the first message inside those that follow from it
        for pattern in _NOT_FOUND:
            match = pattern.match(" ".join(str(link).split()))
            if match:
                return match.group(2) or match.group(1)
    return None


def _uses(part: ConfigObject, name: str) -> bool:
    values = part.config.values() if isinstance(part.config, dict) else [part.config]
    return name in (part.class_name, part.registered_name, part.registered_name.rpartition(">")[2]) or name in [
        value for value in values if isinstance(value, str)
    ]
