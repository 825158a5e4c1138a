"""A whole network of Keras 2 made in Keras 3: its layers, and the calls between them one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras.src.legacy.saving import saving_options
from keras.src.saving.serialization_lib import SafeModeScope

from generator.models.keras2.errors import Untranslatable, UntranslatableFunction
from generator.models.keras2.functions import apply_function
from generator.models.keras2.layers import layer_class, layer_from
from generator.models.keras2.sizes import sizes_in

Config = dict[str, Any]

Parts = dict[int, list[tuple[Any, str]]]
"""Of each network, by its id: its layers with the names of their classes in the file, in the file's order."""

_MODELS = ("Functional", "Model", "Sequential", "Network")
_FUNCTIONS = ("TFOpLambda", "SlicingOpLambda")
_CONSTANT = "_CONSTANT_VALUE"


def network_from(config: Config, trust: bool) -> tuple[keras.Model, Parts]:
    """Return the network of a configuration, without its weights, and the parts of each network in it.

    ``trust`` lets it bring code of its own. Raises Untranslatable, or whatever Keras raises for what it does not know.
    """
    builder = _Builder()
    with SafeModeScope(not trust), saving_options.keras_option_scope(use_legacy_config=True):
        return builder.layer(config), builder.parts


def is_network(spec: Config) -> bool:
    """Tell whether a configuration is that of a whole network: by its class, or by what it holds."""
    config = spec.get("config")
    if isinstance(config, list):
        return str(spec.get("class_name")) == "Sequential"
    if not isinstance(config, dict) or not isinstance(config.get("layers"), list):
        return False
    graph = {"input_layers", "output_layers"} <= config.keys()
    return graph or str(spec.get("class_name")) in _MODELS


class _Builder:
    """Makes layers and networks; a layer that stands in two networks is made once."""

    def __init__(self) -> None:
        self.parts: Parts = {}
        self._shared: dict[int, Any] = {}

    def layer(self, spec: Config) -> Any:
        shared = spec.get("shared_object_id")
        if shared in self._shared:
            return self._shared[shared]
        if not is_network(spec):
            made = layer_from(spec, self.layer)
        elif isinstance(spec["config"], list) or "input_layers" not in spec["config"]:
            made = self._sequential(spec["config"])
        else:
            made = self._functional(spec)
        if shared is not None:
            self._shared[shared] = made
        return made

    def _sequential(self, config: Any) -> keras.Model:
        config = {"layers": config} if isinstance(config, list) else config
        specs = list(config["layers"])
        model = keras.Sequential(name=config.get("name"))
        layers = [_input(spec) if _is_input(spec) else self.layer(spec) for spec in specs]
        self.parts[id(model)] = [
            (layer, _class(spec)) for layer, spec in zip(layers, specs, strict=True) if not _is_input(spec)
        ]
        if specs and not _is_input(specs[0]):
            start = _start(specs[0], layers[0], config.get("build_input_shape"))
            layers = [start, *layers] if start is not None else layers
        for layer in layers:
            model.add(layer)
        return model

    def _functional(self, spec: Config) -> keras.Model:
        config = spec["config"]
        calls = _Calls(config)
        for item in config["layers"]:
            if _is_input(item):
                calls.results[(_name(item), 0)] = [_input(item)]
            elif item["class_name"] not in _FUNCTIONS:
                calls.layers[_name(item)] = self.layer(item)
        named = [(_name(item), item) for item in config["layers"]]
        calls.run()
        ends = [calls.structure(config[key]) for key in ("input_layers", "output_layers")]
        inputs, outputs = (end[0] if isinstance(end, list) and len(end) == 1 else end for end in ends)
        cls = layer_class(spec["class_name"], spec.get("registered_name"))
        if not isinstance(cls, type) or not issubclass(cls, keras.Model) or cls.__module__.startswith("keras."):
            cls = keras.Model
        model = cls(inputs=inputs, outputs=outputs, name=config.get("name"))
        self.parts[id(model)] = [(calls.layers[name], _class(item)) for name, item in named if name in calls.layers]
        return model


class _Calls:
    """The calls of a functional network: each is made when what it is given is there.

    ``results`` are the tensors that the calls gave, by the layer's name and the call's number.
    """

    def __init__(self, config: Config) -> None:
        self._specs = {_name(item): item for item in config["layers"]}
        self.layers: dict[str, Any] = {}
        self.results: dict[tuple[str, int], list[Any]] = {}
        nodes = [item.get("inbound_nodes") for item in config["layers"]]
        used = set(_references([nodes, config["input_layers"], config["output_layers"]], self._specs))
        # A network's own inputs and outputs count as its first call.
        self._first = {name: int(is_network(item) and (name, 0) not in used) for name, item in self._specs.items()}

    def run(self) -> None:
        """Make all calls.

        Raises ValueError if some are never given what they need.
        """
        waiting = [
            (name, self._first[name] + index, node)
            for name, item in self._specs.items()
            for index, node in enumerate(item.get("inbound_nodes") or [])
            if not _is_input(item)
        ]
        while waiting:
            later = [call for call in waiting if not self._made(*call)]
            if len(later) == len(waiting):
                raise ValueError(f"the calls of {', '.join(dict.fromkeys(name for name, _, _ in later))} form a circle")
            waiting = later

    def _made(self, name: str, index: int, node: Any) -> bool:
        if any(needed not in self.results for needed in _references(node, self._specs)):
            return False
        first, kwargs = self._arguments(node)
        self.results[(name, index)] = self._called(name, first, kwargs)
        return True

    def structure(self, value: Any) -> Any:
        """Return a structure of references as tensors; what else it holds as it was written."""
        if _is_reference(value, self._specs):
            return self.results[(value[0], value[1])][value[2]]
        if isinstance(value, dict):
            if set(value) == {"start", "stop", "step"}:
                return slice(*(self.structure(value[key]) for key in ("start", "stop", "step")))
            if value.get("class_name") == "__ellipsis__":
                return ...
            return {key: self.structure(item) for key, item in value.items()}
        return [self.structure(item) for item in value] if isinstance(value, (list, tuple)) else value

    def _arguments(self, node: Any) -> tuple[Any, dict[str, Any]]:
        """Return the first argument of a call, in its structure, and the others by their names."""
        kwargs: dict[str, Any] = {}

        def first(value: Any) -> Any:
            if isinstance(value, (list, tuple)) and value and isinstance(value[0], str):
                if len(value) > 3:
                    kwargs.update(value[3])
                return value[2] if value[0] == _CONSTANT else self.structure(list(value[:3]))
            if isinstance(value, dict):
                return {key: first(item) for key, item in value.items()}
            return [first(item) for item in value] if isinstance(value, (list, tuple)) else value

        given = first(node)
        return given, {key: self.structure(value) for key, value in kwargs.items()}

    def _called(self, name: str, first: Any, kwargs: dict[str, Any]) -> list[Any]:
        spec = self._specs[name]
        if spec["class_name"] in _FUNCTIONS:
            try:
                result = apply_function(spec["config"]["function"], [first], kwargs)
            except UntranslatableFunction as error:
                raise UntranslatableFunction(f"{error} (layer `{name}`)") from error
            results = list(result) if isinstance(result, (list, tuple)) else [result]
            _rename(results, {id(tensor) for tensors in self.results.values() for tensor in tensors}, name)
            return results
        if sizes_in((first, kwargs)):
            raise Untranslatable(f"a shape that is given to the {spec['class_name']} layer `{name}`")
        return keras.tree.flatten(_layer_called(self.layers[name], first, kwargs))  # type: ignore[no-any-return]


def _layer_called(layer: Any, first: Any, kwargs: dict[str, Any]) -> Any:
    kwargs = {key: value for key, value in kwargs.items() if key not in ("training", "mask") or value is None}
    kwargs = {key: value for key, value in kwargs.items() if key not in ("training", "mask")}
    first = first[0] if isinstance(first, list) and len(first) == 1 else first
    if isinstance(layer, (keras.layers.RNN, keras.layers.Bidirectional)) and isinstance(first, list):
        first, kwargs["initial_state"] = first[0], first[1:]
    return layer(first, **kwargs)


def _rename(results: Sequence[Any], given: set[int], name: str) -> None:
    """Give the operations that a function is made of its layer's name, all but the last one with a number."""
    between: list[Any] = []
    waiting = [value for value in results if isinstance(value, keras.KerasTensor)]
    while waiting:
        symbol = waiting.pop(0)
        operation = symbol._keras_history.operation
        if id(symbol) in given or operation in between or isinstance(operation, keras.Layer):
            continue
        between.append(operation)
        waiting.extend(operation._inbound_nodes[symbol._keras_history.node_index].input_tensors)
    for number, operation in enumerate(between):
        operation.name = f"{name}.{number}" if number else name


def _references(value: Any, names: Mapping[str, Any]) -> list[tuple[str, int]]:
    if _is_reference(value, names):
        inner = [found for item in value[3:] for found in _references(item, names)]
        return [(value[0], value[1]), *inner]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return [found for item in items for found in _references(item, names)]


def _is_reference(value: Any, names: Mapping[str, Any]) -> bool:
    return (
        isinstance(value, (list, tuple))
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and value[0] in names
        and all(isinstance(item, int) for item in value[1:3])
    )


def _class(spec: Config) -> str:
    return str(spec["class_name"]).rpartition(">")[2]


def _name(spec: Config) -> str:
    return str(spec.get("name") or spec["config"]["name"])


def _is_input(spec: Config) -> bool:
    return bool(spec["class_name"] == "InputLayer")


def _input(spec: Config) -> Any:
    config = spec["config"]
    if config.get("ragged"):
        raise Untranslatable(f"the argument ragged=True of the InputLayer layer `{_name(spec)}`")
    shape = config.get("batch_input_shape", config.get("batch_shape"))
    return keras.Input(
        batch_shape=tuple(shape), dtype=config.get("dtype"), sparse=bool(config.get("sparse")), name=config.get("name")
    )


def _start(spec: Config, layer: Any, built: Any) -> Any:
    """Return the input of a Sequential network that has no layer for it, None if its shape was not saved."""
    config = spec["config"] if isinstance(spec["config"], dict) else {}
    if isinstance(layer, keras.Model) and getattr(layer, "inputs", None):
        return keras.Input(batch_shape=layer.inputs[0].shape, dtype=layer.inputs[0].dtype)
    shape = config.get("batch_input_shape") or built
    if isinstance(shape, list) and all(size is None or isinstance(size, int) for size in shape):
        return keras.Input(batch_shape=tuple(shape), dtype=None)
    return None
