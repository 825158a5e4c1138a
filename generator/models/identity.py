"""Digests that name a model by its content; they need not load it where that can be."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from generator.assets import demo_path
from generator.config.values import ModelEntry
from generator.digests import digest
from generator.errors import ModelError, way_out
from generator.files import open_regular
from generator.models.importing import module_file

RANDOM_SEED = 0
"""The seed of ``weights: random``: the same network every time."""


def digest_of(entry: ModelEntry) -> str | None:
    """Return a digest of everything that decides what the entry's network computes from a picture.

    None for a callable: what it returns is known when it has run, see ``built.digest_of_built``.

    Raises ModelError if a file cannot be read.
    """
    if entry.kind == "callable":
        return None
    parts: dict[str, object] = input_settings(entry)
    if entry.kind == "application":
        # Keras compares the weights that it downloads with a hash of its own, so its version identifies them.
        parts |= {"source": entry.source, "include_top": entry.include_top, "keras": version("keras")}
        parts |= _weights(entry)
    elif entry.kind == "architecture":
        parts |= {"architecture": file_digest(Path(entry.source)), **_weights(entry)}
    else:
        parts["file"] = file_digest(demo_path() if entry.kind == "demo" else Path(entry.source))
    return digest(parts)


def input_settings(entry: ModelEntry) -> dict[str, object]:
    """Return the entry's settings of how the network is fed and shown, and the code that it brings."""
    settings: dict[str, object] = {"input_shape": entry.input_shape, "preprocess": asdict(entry.preprocess)}
    if entry.bands:
        settings["bands"] = entry.bands
    if entry.custom_objects:
        settings["custom_objects"] = [
            (name, path, code_digest(path, entry.folder)) for name, path in entry.custom_objects
        ]
    return settings


def _weights(entry: ModelEntry) -> dict[str, object]:
    if entry.weights == "random":
        return {"weights": "random", "seed": RANDOM_SEED, "tensorflow": version("tensorflow")}
    return {"weights": file_digest(Path(entry.weights)) if entry.weights not in ("", "imagenet") else entry.weights}


def code_digest(path: str, folder: str) -> str | None:
    """Return the digest of the file of an import path's module, or None if it has no file on Python's path."""
    file = module_file(path, folder)
    return file_digest(file) if file else None


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file; of a folder, of its name (the loader has the error for it).

    Raises ModelError if it cannot be read.
    """
    if path.is_dir():
        return digest(str(path))
    try:
        with open_regular(path) as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}", way_out(error)) from None
