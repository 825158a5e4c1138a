"""A file that Keras 2 wrote as a network of Keras 3 with its weights."""

from __future__ import annotations

import copy
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from generator.models.hdf5 import open_hdf5
from generator.models.keras2.network import Parts, network_from
from generator.models.keras2.weights import load_newer_weights, load_older_weights


def load_keras2(path: Path, config: Any, names: Mapping[str, str], trust: bool) -> keras.Model:
    """Return the network of a .keras or .h5 file; ``names`` are those in the file of layers that have others here.

    Raises Untranslatable, Misfit, or whatever Keras raises for what it does not know.
    """
    model, parts = network_from(copy.deepcopy(config), trust)
    load_keras2_weights(model, path, parts, names)
    return model


def load_keras2_weights(model: keras.Model, path: Path, parts: Parts, names: Mapping[str, str]) -> None:
    """Load the weights of a .keras, .h5 or .weights.h5 file, of a whole model or of weights alone, that Keras 2 wrote.

    Raises Misfit, with the layer, if they do not fit.
    """
    if path.suffix.lower() == ".keras":
        with zipfile.ZipFile(path) as archive:
            content = io.BytesIO(archive.read("model.weights.h5"))
        with open_hdf5(content) as opened:
            load_newer_weights(opened, model, parts)
        return
    with open_hdf5(path) as opened:
        group = opened.get("model_weights", opened)
        if {"layer_names", "layer_names0"} & group.attrs.keys():
            load_older_weights(group, model, parts, names)
        else:
            load_newer_weights(group, model, parts)
