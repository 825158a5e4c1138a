"""The identity of a network that a callable built: nothing is known of it before."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import keras
import numpy as np

from generator.config.values import ModelEntry
from generator.digests import digest
from generator.models.identity import code_digest, input_settings
from generator.models.saved import amended, config_objects


def digest_of_built(entry: ModelEntry, model: keras.Model) -> str:
    """Return the digest of a callable's network: of its configuration, every weight, and the code of custom layers."""
    config = _config(model)
    layers = [type(layer).__module__ for layer in model._flatten_layers()]
    modules = {name for name in layers if name.partition(".")[0] != "keras"}
    if any(part.class_name in ("function", "__lambda__") for part in config_objects(config)):
        modules.add(entry.source.partition(":")[0])  # a function is in the configuration by its name alone
    code = {name: code_digest(name, entry.folder) for name in sorted(modules)}
    return digest({**input_settings(entry), "model": config, "weights": _weights_digest(model), "code": code})


def _config(model: keras.Model) -> Any:
    try:
        return amended(json.loads(model.to_json()))
    except Exception:  # a model need not be able to write itself down; its layers and weights are still its own
        return [(type(layer).__qualname__, layer.name) for layer in model._flatten_layers()]


def _weights_digest(model: keras.Model) -> str:
    hasher = hashlib.sha256()
    for weight in model.weights:
        array = np.asarray(weight)
        hasher.update(f"{array.dtype} {array.shape} ".encode())
        hasher.update(array.tobytes())
    return hasher.hexdigest()
