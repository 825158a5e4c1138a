"""Digests that name a model by its content, found without loading it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from generator.assets import demo_path
from generator.config.values import ModelEntry
from generator.errors import ModelError

RANDOM_SEED = 0
"""The seed of ``weights: random``: the same network every time."""


def digest_of(entry: ModelEntry) -> str:
    """Return a digest of everything that decides what the entry's network computes from a picture.

    Raises ModelError if its file cannot be read.
    """
    parts: dict[str, object] = {"input_shape": entry.input_shape, "preprocess": asdict(entry.preprocess)}
    if entry.kind == "application":
        # Keras compares the weights that it downloads with a hash of its own, so its version says which they are.
        parts |= {"source": entry.source, "include_top": entry.include_top, "keras": version("keras")}
        if entry.weights == "imagenet":
            parts["weights"] = "imagenet"
        elif entry.weights == "random":
            parts |= {"weights": "random", "seed": RANDOM_SEED, "tensorflow": version("tensorflow")}
        else:
            parts["weights"] = file_digest(Path(entry.weights))
    else:
        parts["file"] = file_digest(demo_path() if entry.kind == "demo" else Path(entry.source))
    return digest(parts)


def digest(value: object) -> str:
    """Return the SHA-256 of a value's JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file; of a folder, of its name (the loader says why it takes none).

    Raises ModelError if it cannot be read.
    """
    if path.is_dir():
        return digest(str(path))
    try:
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from None
