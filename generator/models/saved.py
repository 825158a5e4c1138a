"""The configuration inside a saved model: read without loading anything, searched, and amended for Keras 3."""

from __future__ import annotations

import contextlib
import json
import lzma
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.files import scratch_folder
from generator.models.hdf5 import open_hdf5

_SLASH = "__slash__"
_MOST_BYTES = 1 << 28
"""A configuration is small; what unpacks to more than this, and a hundred times its size, is meant to fill a disk."""

_UNREADABLE = (OSError, KeyError, ValueError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, RuntimeError)
"""What reading the bytes of a damaged archive or HDF5 file raises; RuntimeError also for a compression or an encryption
that Python lacks, and for JSON that is too deep."""

_CODE = {"TFSMLayer": "a TFSMLayer", "TorchModuleWrapper": "a TorchModuleWrapper"}
"""Layers that bring code of their own in another way than Python's lambdas."""


@dataclass(frozen=True)
class ConfigObject:
    """An object of a configuration: its class as written there, and the layer that it is or belongs to."""

    class_name: str
    registered_name: str
    layer: str
    layer_class: str
    config: Any

    @property
    def place(self) -> str:
        """Return the layer in words."""
        return f"{self.layer_class} layer `{self.layer}`" if self.layer else "the model"


def read_config(path: Path) -> Any:
    """Return the configuration that a .keras, .h5 or .json file holds, or None if it has none that can be read."""
    try:
        if path.suffix.lower() == ".json":
            return json.loads(path.read_bytes())
        if path.suffix.lower() == ".keras":
            with zipfile.ZipFile(path) as archive:
                return None if _is_zip_bomb(archive) else json.loads(archive.read("config.json"))
        with open_hdf5(path) as opened:
            config = opened.attrs.get("model_config")
            return None if config is None else json.loads(config)
    except _UNREADABLE:
        return None


def is_of_keras2(path: Path, config: Any) -> bool:
    """Tell whether Keras 2 wrote a .keras, .h5 or .json file, whose configuration is given; without loading it."""
    version: Any = config.get("keras_version") if isinstance(config, dict) else None
    try:
        if path.suffix.lower() == ".keras":
            with zipfile.ZipFile(path) as archive:
                version = json.loads(archive.read("metadata.json")).get("keras_version")
        elif path.suffix.lower() != ".json":
            with open_hdf5(path) as opened:
                version = opened.attrs.get("keras_version")
    except (AttributeError, *_UNREADABLE):
        version = None
    if isinstance(version, bytes):
        version = version.decode(errors="replace")
    if isinstance(version, str):
        return version.startswith(("1.", "2."))
    return any(isinstance(part.config, dict) and "batch_input_shape" in part.config for part in config_objects(config))


def config_objects(config: Any, layer: str = "", layer_class: str = "") -> Iterator[ConfigObject]:
    """Yield every object of a configuration, outer ones first; those of ``compile()`` are left out."""
    if isinstance(config, list):
        for item in config:
            yield from config_objects(item, layer, layer_class)
    if not isinstance(config, dict):
        return
    inner = config.get("config")
    if isinstance(config.get("class_name"), str) and "config" in config:
        class_name = config["class_name"]
        registered = config.get("registered_name") or class_name
        if isinstance(inner, dict) and isinstance(inner.get("name"), str) and not class_name.endswith("DTypePolicy"):
            layer, layer_class = inner["name"], class_name
        yield ConfigObject(class_name, str(registered), layer, layer_class, inner)
    for key, value in config.items():
        if key != "compile_config":
            yield from config_objects(value, layer, layer_class)


def code_in(config: Any) -> list[str]:
    """Return, in words, each place of a configuration that holds code, which safe mode does not load."""
    places = []
    for part in config_objects(config):
        function = part.config.get("function") if isinstance(part.config, dict) else None
        if part.class_name == "Lambda" and (isinstance(function, list) or _is_lambda(function)):
            places.append(f"a Lambda layer `{part.layer}`")
        elif part.class_name == "__lambda__" and part.layer_class != "Lambda":
            places.append(f"a Python lambda in {part.place}")
        elif part.class_name in _CODE:
            places.append(f"{_CODE[part.class_name]} `{part.layer}`")
    return list(dict.fromkeys(places))


def lambda_activations(config: Any) -> list[str]:
    """Return the layers whose activation is a Python lambda, which Keras saves in a form that it cannot load."""
    return [
        part.place
        for part in config_objects(config)
        if isinstance(part.config, dict)
        and isinstance(activation := part.config.get("activation"), dict)
        and set(activation) == {"value"}
    ]


def _is_lambda(function: object) -> bool:
    return isinstance(function, dict) and function.get("class_name") == "__lambda__"


def amended(config: Any) -> Any:
    """Return the configuration without what is of no use here and keeps Keras 3 from loading it.

    Models lose their losses and metrics, which may be custom; the slashes in layers' names, which Keras 2 allowed,
    are written in another way, see ``slashed_names``.
    """
    written = {own: other for other, own in slashed_names(config).items()}

    def replaced(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: None if key == "compile_config" and item else replaced(item) for key, item in value.items()}
        if isinstance(value, list):
            return [replaced(item) for item in value]
        return written.get(value, value) if isinstance(value, str) else value

    return replaced(config)


def slashed_names(config: Any) -> dict[str, str]:
    """Return the layers' names that hold a slash, by what ``amended`` writes instead."""
    return {part.layer.replace("/", _SLASH): part.layer for part in config_objects(config) if "/" in part.layer}


@contextlib.contextmanager
def amended_copy(path: Path, config: Any) -> Iterator[Path]:
    """Yield a copy of a .keras or .h5 file with its configuration ``amended``, or the file if that changes nothing."""
    changed = amended(config)
    if not isinstance(config, dict) or changed in (config, {**config, "compile_config": None}):
        yield path  # the outermost losses are left out by Keras itself, if asked
        return
    text = json.dumps(changed).encode()
    with scratch_folder() as folder:
        copy = folder / f"model{path.suffix.lower()}"
        if copy.suffix == ".keras":
            with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
                for info in old.infolist():
                    with old.open(info) as source, new.open(info.filename, "w", force_zip64=True) as target:
                        if info.filename == "config.json":
                            target.write(text)
                        else:
                            shutil.copyfileobj(source, target)
        else:
            shutil.copyfile(path, copy)
            with open_hdf5(copy, "r+") as opened:
                opened.attrs["model_config"] = text
        yield copy


def is_damaged(path: Path) -> bool:
    """Tell whether a file is an archive of which a part cannot be read, or is not as it was written."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is not None
    except _UNREADABLE:
        return zipfile.is_zipfile(path)


@contextlib.contextmanager
def own_temporary_folder() -> Iterator[None]:
    """Have temporary files made in a folder that goes with the block: Keras leaves some of archives that it refuses."""
    before = tempfile.tempdir
    with scratch_folder() as folder:
        tempfile.tempdir = str(folder)
        try:
            yield
        finally:
            tempfile.tempdir = before


def _is_zip_bomb(archive: zipfile.ZipFile) -> bool:
    return any(i.file_size > _MOST_BYTES and i.file_size > 100 * i.compress_size for i in archive.infolist())
