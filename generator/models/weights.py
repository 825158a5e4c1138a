"""Weights from a file of their own, and which layer they do not fit."""

from __future__ import annotations

import contextlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import keras
from keras.src.legacy.saving import legacy_h5_format

from generator.errors import ModelError, reason
from generator.files import scratch_folder
from generator.models.error_text import quiet
from generator.models.files import is_hdf5
from generator.models.hdf5 import is_array, open_hdf5
from generator.models.keras2.load import load_keras2_weights
from generator.models.keras2.network import Parts
from generator.models.saved import is_of_keras2, own_temporary_folder

Shapes = list[tuple[int, ...]]
MOST_SHAPES = 8
"""Shapes of a layer's weights that are named in an error: a nested network has hundreds."""


def load_weights(model: keras.Model, path: Path, of: str, parts: Parts | None = None) -> None:
    """Load weights from a .weights.h5, a .keras or an older .h5 file; ``of`` names the network in errors.

    ``parts`` are those of a network that was made from what Keras 2 wrote.

    Raises ModelError if the file cannot be read, or does not fit: with the first layer that differs and its shapes.
    """
    hdf5 = is_hdf5(path)
    older = hdf5 and _is_older(path)
    if hdf5 and not older and not path.name.endswith(".weights.h5"):
        raise ModelError(f"{path}: Keras reads such weights only by their name", "Let the name end in .weights.h5")
    if not hdf5 and path.suffix != ".keras":
        raise ModelError(f"{path}: a .keras file by its content", "Rename it so that it ends in .keras")
    try:
        with own_temporary_folder(), quiet():
            if parts or (is_of_keras2(path, None) and (older or not hdf5)):
                load_keras2_weights(model, path, parts or {}, {})
            elif older:
                with _older_group(path) as group:
                    legacy_h5_format.load_weights_from_hdf5_group(group, model)
            else:
                model.load_weights(path)
    except Exception as error:  # Keras raises whatever the file's bytes make it stumble over
        why, hint = _difference(model, path, older)
        raise ModelError(f"{path}: not weights of {of}: {why or reason(error)}", hint) from error


def _difference(model: keras.Model, path: Path, older: bool) -> tuple[str, str]:
    """Return the first layer that differs, in words, and a hint; nothing if none does or the file cannot be read."""
    try:
        if older:
            with _older_group(path) as group:
                return _in_order(_older_model(model), _older_shapes(group))
        with _newer_file(path) as opened, scratch_folder() as folder:
            own = folder / "own.weights.h5"
            model.save_weights(own)
            with open_hdf5(own) as expected:
                return _by_path(model, expected, opened), ""
    except (OSError, KeyError, ValueError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error):
        return "", ""


def _is_older(path: Path) -> bool:
    with open_hdf5(path) as opened:
        return "model_weights" in opened or bool({"layer_names", "layer_names0"} & opened.attrs.keys())


@contextlib.contextmanager
def _older_group(path: Path) -> Iterator[Any]:
    """Open the weights of a file as Keras 2 writes them: alone, or beside a whole model."""
    with open_hdf5(path) as opened:
        yield opened.get("model_weights", opened)


@contextlib.contextmanager
def _newer_file(path: Path) -> Iterator[Any]:
    if path.suffix != ".keras":
        with open_hdf5(path) as opened:
            yield opened
        return
    with zipfile.ZipFile(path) as archive:
        content = io.BytesIO(archive.read("model.weights.h5"))
    with open_hdf5(content) as opened:
        yield opened


def _older_model(model: keras.Model) -> list[tuple[str, Shapes]]:
    """Return the name and shapes of each layer that has weights, trainable ones first, as Keras 2 orders them."""
    layers = [(layer.name, [*layer.trainable_weights, *layer.non_trainable_weights]) for layer in model.layers]
    return [(name, [tuple(weight.shape) for weight in weights]) for name, weights in layers if weights]


def _older_shapes(group: Any) -> list[tuple[str, Shapes]]:
    layers = []
    for name in legacy_h5_format.load_attributes_from_hdf5_group(group, "layer_names"):
        weights = legacy_h5_format.load_attributes_from_hdf5_group(group[name], "weight_names")
        if weights:
            layers.append((name, [tuple(group[name][weight].shape) for weight in weights]))
    return layers


def _in_order(expected: list[tuple[str, Shapes]], stored: list[tuple[str, Shapes]]) -> tuple[str, str]:
    """Compare layers by their order, which is how Keras 2 loads them."""
    for (name, own), (other, other_shapes) in zip(expected, stored, strict=False):
        if own != other_shapes:
            named = f"layer `{name}`" if name == other else f"layer `{name}` (`{other}` in the file)"
            return _words(named, own, other_shapes), ""
    if len(expected) == len(stored):
        return "", ""
    count = f"the file has {len(stored)} layers with weights, the network {len(expected)}"
    hint = "With or without the classifier on top? See `include_top`"
    for layer, stored_layer in zip_longest(expected, stored):
        if layer is None:
            return f"{count}; `{stored_layer[0]}` {_shapes(stored_layer[1])} is too much", hint
        if stored_layer is None:
            return f"{count}; the file ends before {_words(f'layer `{layer[0]}`', layer[1], [])}", hint
    return "", ""


def _by_path(model: keras.Model, expected: Any, opened: Any) -> str:
    """Compare the groups of two files as Keras 3 writes them, in the order of the network's layers."""
    order = {layer.name: place for place, layer in enumerate(model._flatten_layers())}
    groups: list[tuple[str, str]] = []

    def add(path: str, item: Any) -> None:
        if not is_array(item) and any(is_array(child) for child in item.values()):
            groups.append((str(item.attrs.get("name", path.removesuffix("/vars"))), path))

    expected.visititems(add)
    for name, path in sorted(groups, key=lambda group: (order.get(group[0], len(order)), group[1])):
        own = _datasets(expected[path])
        stored = _datasets(opened[path]) if path in opened else []
        if own != stored:
            return _words(f"layer `{name}`", own, stored)
    return ""


def _datasets(group: Any) -> Shapes:
    """Return the shapes of a group's arrays, which are numbered in their order."""
    arrays = {name: item for name, item in group.items() if is_array(item)}
    return [tuple(arrays[name].shape) for name in sorted(arrays, key=lambda name: (len(name), name))]


def _words(layer: str, expected: Shapes, stored: Shapes) -> str:
    return f"{layer}: expected {_shapes(expected)}, found {_shapes(stored) or 'nothing'}"


def _shapes(shapes: Shapes) -> str:
    more = f" and {len(shapes) - MOST_SHAPES} more" if len(shapes) > MOST_SHAPES else ""
    return " and ".join(map(str, shapes[:MOST_SHAPES])) + more
