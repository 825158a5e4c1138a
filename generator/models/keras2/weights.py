"""The weights in a file of Keras 2, given to the network that was made from its configuration.

An .h5 file has the weights of each outermost layer under their names; those of layers inside it stand in an order that
depends on what was being trained, so names count where they are clear, and the order where they are not. A .keras file
has them in folders named after the layers' classes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras.src.legacy.saving import legacy_h5_format

from generator.models.hdf5 import inside, is_array
from generator.models.keras2.errors import Misfit
from generator.models.keras2.network import Parts

_ALIASES = {"depthwise_kernel": "kernel"}
"""Names of variables that Keras 3 changed."""

_STATE = re.compile(r"(^|/)(StateVar|Variable|rng_state|seed_generator_state)(_\d+)?(:0)?$")
"""The state of random numbers, which is in some files."""

Key = tuple[str, str]


def load_older_weights(group: Any, model: keras.Model, parts: Parts, names: Mapping[str, str]) -> None:
    """Load the weights of an .h5 file; ``names`` are those in the file of the layers that have others here.

    Raises Misfit, with the layer, if they do not fit.
    """
    layers = [layer for layer, _ in _parts(model, parts) if layer.weights]
    own = {names.get(layer.name, layer.name): layer for layer in layers}
    stored = {name: weights for name, weights in _stored(group) if weights}
    if len(own) != len(stored):
        other = next((name for name in (*own, *stored) if name not in own or name not in stored), "")
        raise Misfit(f"weights of {len(stored)} layers for {len(own)} layers that have some (see `{other}`)")
    order = list(own) if own.keys() == stored.keys() else list(stored)
    for name, layer in zip(order, own.values(), strict=True):
        _assign(layer, stored[name], name)
    for layer in model._flatten_layers():
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()


def _parts(model: keras.Model, parts: Parts) -> list[tuple[Any, str]]:
    return parts.get(id(model)) or [(layer, type(layer).__name__) for layer in model.layers]


def _stored(group: Any) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    for name in legacy_h5_format.load_attributes_from_hdf5_group(group, "layer_names"):
        layer = inside(group, name)
        weights = legacy_h5_format.load_attributes_from_hdf5_group(layer, "weight_names")
        yield name, [(weight, inside(layer, weight)) for weight in weights if not _STATE.search(weight)]


def _ordered(layer: Any) -> list[tuple[Key, Any]]:
    """Return a layer's variables, what is inside it included, trainable ones first as Keras 2 wrote them."""
    owners = {id(variable): part for part in layer._flatten_layers() for variable in _own(part)}
    variables = [*layer.trainable_weights, *layer.non_trainable_weights]
    return [((owners.get(id(item), layer).name, item.name), item) for item in variables]


def _own(layer: Any) -> list[Any]:
    return [*layer._trainable_variables, *layer._non_trainable_variables]


def _assign(layer: Any, stored: Sequence[tuple[str, Any]], name: str) -> None:
    own = _ordered(layer)
    if len(own) != len(stored):
        raise Misfit(f"{len(stored)} arrays of weights for {len(own)} of layer `{name}`")
    by_key = {_key(path): array for path, array in stored}
    keys = [(owner, _ALIASES.get(variable, variable)) for (owner, variable), _ in own]
    clear = len(by_key) == len(own) == len(set(keys)) and set(keys) == by_key.keys()
    for place, (key, (_, variable)) in enumerate(zip(keys, own, strict=True)):
        _set(variable, by_key[key] if clear else stored[place][1], name)


def _key(path: str) -> Key:
    """Return the names of the layer and of the variable in a path such as ``block/conv/kernel:0``."""
    parts = path.removesuffix(":0").split("/")
    return (parts[-2] if len(parts) > 1 else "", _ALIASES.get(parts[-1], parts[-1]))


def _set(variable: Any, array: Any, name: str) -> None:
    values = np.asarray(array)
    if values.size == np.prod(variable.shape) and [n for n in values.shape if n > 1] == [
        n for n in variable.shape if n > 1
    ]:
        values = values.reshape(variable.shape)  # TensorFlow 2.2 kept statistics of channels as pictures of one pixel
    if tuple(variable.shape) != values.shape:
        shapes = f"an array {values.shape} for the {variable.name} {tuple(variable.shape)}"
        raise Misfit(f"the weights of layer `{name}`: {shapes}")
    variable.assign(values)


def load_newer_weights(group: Any, model: keras.Model, parts: Parts) -> None:
    """Load the weights of a .keras file.

    Raises Misfit, with the layer, if they do not fit.
    """
    folders = ("layers", "_layer_checkpoint_dependencies")
    folder = next((inside(group, name) for name in folders if name in group), None)
    used: dict[str, int] = {}
    for layer, class_name in _parts(model, parts):
        name = _snake_case(class_name)
        used[name] = used.get(name, -1) + 1
        place = f"{name}_{used[name]}" if used[name] else name
        inner = inside(folder, place) if folder is not None and place in folder else None
        if not layer.weights:
            continue
        if inner is None:
            raise Misfit(f"no weights of layer `{layer.name}` in the file")
        if isinstance(layer, keras.Model):
            load_newer_weights(inner, layer, parts)
        else:
            _load_parts(inner, layer, layer.name)


def _load_parts(group: Any, layer: Any, name: str) -> None:
    """Load a layer's own weights, and those of the layers that it has as attributes of the same names."""
    own = _own(layer)
    variables = inside(group, "vars") if "vars" in group else {}
    arrays = {key: inside(variables, key) for key in variables}
    if own:
        if len(own) != len(arrays):
            raise Misfit(f"{len(arrays)} arrays of weights for {len(own)} of layer `{name}`")
        for index, variable in enumerate(own):
            _set(variable, arrays.get(str(index), ()), name)
    for key in group:
        part = getattr(layer, key, None)
        if isinstance(part, keras.Layer):
            _load_parts(inside(group, key), part, name)
        elif isinstance(part, (list, tuple)) and not is_array(group[key]):
            _load_list(inside(group, key), part, name)
    if hasattr(layer, "finalize_state"):
        layer.finalize_state()


def _load_list(group: Any, parts: Sequence[Any], name: str) -> None:
    used: dict[str, int] = {}
    for part in parts:
        if not isinstance(part, keras.Layer):
            continue
        kind = _snake_case(type(part).__name__)
        used[kind] = used.get(kind, -1) + 1
        place = f"{kind}_{used[kind]}" if used[kind] else kind
        if place in group:
            _load_parts(inside(group, place), part, name)


def _snake_case(name: str) -> str:
    """Return a class's name as the folders of Keras 2 have it."""
    name = re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()
    return f"private{name}" if name.startswith("_") else name
