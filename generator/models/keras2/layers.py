"""One layer of Keras 2 as a layer of Keras 3: its class, and its configuration translated argument by argument."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras.src.legacy.saving import saving_utils

from generator.models.keras2.errors import Untranslatable
from generator.models.keras2.local import LocallyConnected2D, ThresholdedReLU

Config = dict[str, Any]

RENAMED = {
    **dict.fromkeys(("BatchNormalizationV1", "BatchNormalizationV2"), "BatchNormalization"),
    **dict.fromkeys(("SyncBatchNormalization", "FusedBatchNormalization"), "BatchNormalization"),
    **{f"{name}V{version}": name for name in ("LSTM", "GRU", "Normalization") for version in (1, 2)},
    **dict.fromkeys(("AddLoss", "AddMetric", "RandomHeight", "RandomWidth", "RandomTransform"), "Identity"),
    "FixedDropout": "Dropout",  # of the package efficientnet
    "Convolution2D": "Conv2D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Deconvolution2D": "Conv2DTranspose",
    "SeparableConvolution2D": "SeparableConv2D",
}
"""Classes that Keras 3 has under another name; those that only change what is trained do nothing here."""

OWN = {"ThresholdedReLU": ThresholdedReLU, "LocallyConnected2D": LocallyConnected2D}

_GONE = {
    *("LocallyConnected1D", "CuDNNLSTM", "CuDNNGRU", "DenseFeatures", "RandomFourierFeatures", "KernelizedDense"),
    *("TensorFlowOpLayer", "ClassMethod", "InstanceMethod", "InstanceProperty", "MaxoutDense", "Highway", "Merge"),
}
"""Classes of Keras 2 itself that have no equal here."""

CODE = {"TFSMLayer", "TorchModuleWrapper"}
"""Layers of Keras 3, unknown to Keras 2, that run code of their own."""

_IDLE = ("Random", "Dropout", "SpatialDropout", "Gaussian", "AlphaDropout", "ActivityRegularization")
"""Beginnings of the names of layers that give what they are given, but in training."""

_OF_TRAINING = ("_initializer", "_regularizer", "_constraint", "regularizer")
"""Endings of arguments that have no effect on weights that are loaded."""

_WITHOUT_EFFECT = {
    *("batch_input_shape", "input_dtype", "implementation", "rng_type", "fused", "virtual_batch_size", "adjustment"),
    *("time_major", "ragged", "input_length", "query_shape", "key_shape", "value_shape", "renorm_clipping"),
    *("renorm_momentum", "synchronized", "seed", "experimental_autocast", "force_generator", "optional"),
    *("softmax_robust_masking", "value_range", "unroll", "autocast"),
}
"""Arguments that change nothing of what a layer computes at inference, whatever their value."""

_NEUTRAL: dict[str, tuple[Any, ...]] = {"groups": (1,), "output_padding": (None,), "subsample": ([1, 1], 1)}
"""Values that stand for what a layer does without the argument; None, False and empty ones do so for all."""

_ARGUMENTS = {
    "LeakyReLU": {"alpha": "negative_slope"},
    "Dropout": {"p": "rate"},
    "Dense": {"output_dim": "units"},
}


def layer_class(class_name: str, registered_name: str | None = None) -> type | Callable[..., Any] | None:
    """Return the class for a name in a configuration, custom objects first; None if there is none."""
    for name in (registered_name, class_name):
        custom = name and keras.saving.get_registered_object(name)
        if custom:
            return custom  # type: ignore[no-any-return]
    plain = class_name.rpartition(">")[2]
    if plain in CODE:
        return None  # made from an argument, they would be no matter of safe mode
    if class_name != plain and not class_name.startswith(("Keras>", "keras>", "Experimental>")):
        return None
    plain = RENAMED.get(plain, plain)
    found = OWN.get(plain) or getattr(keras.layers, plain, None)
    return found if isinstance(found, type) and issubclass(found, keras.Layer) else None


def layer_from(spec: Config, inner: Callable[[Config], Any]) -> Any:
    """Return the layer of a configuration; ``inner`` makes the layers that wrappers hold.

    Raises Untranslatable, with the layer and the argument, and whatever Keras raises for what it does not know.
    """
    name = str(spec["config"].get("name", ""))
    cls = layer_class(spec["class_name"], spec.get("registered_name"))
    if cls is None and spec["class_name"] in _GONE:
        raise Untranslatable(f"the {spec['class_name']} layer `{name}`")
    if cls is None:
        raise ValueError(f"Unknown layer: '{spec['class_name']}'")
    try:
        if cls is keras.layers.Lambda:
            return _lambda_layer(spec)
        if not isinstance(cls, type) or not cls.__module__.startswith(("keras.", "generator.")):
            return _custom_layer(cls, spec["config"])
        return _built_in(cls, spec["config"], inner)
    except Untranslatable as error:
        raise Untranslatable(f"{error} of the {spec['class_name']} layer `{name}`") from error
    except Exception as error:  # whatever a layer raises for arguments that it does not take
        if str(spec["class_name"]).rpartition(">")[2].startswith(_IDLE):
            return keras.layers.Identity(name=name or None)
        error.add_note(f"the {spec['class_name']} layer `{name}`")
        raise


def _built_in(cls: type, config: Config, inner: Callable[[Config], Any]) -> Any:
    translated = translated_config(cls, config)
    for key in ("layer", "backward_layer", "cell"):
        if isinstance(translated.get(key), Mapping) and "class_name" in translated[key]:
            translated[key] = inner(translated[key])
    if isinstance(translated.get("cells"), list):
        translated["cells"] = [inner(cell) for cell in translated["cells"]]
    return cls(**translated)


def _custom_layer(cls: Any, config: Config) -> Any:
    config = {**config, **_dtype(config)}
    for key in ("batch_input_shape",):
        config.pop(key, None)
    return cls.from_config(config) if hasattr(cls, "from_config") else cls(**config)


def _lambda_layer(spec: Config) -> Any:
    """Let Keras make a layer of code as it does for a file of its own: in safe mode it refuses."""
    config = {key: value for key, value in spec["config"].items() if key != "batch_input_shape"}
    config.update(_dtype(config))
    return saving_utils.model_from_config({"class_name": "Lambda", "config": config})


def translated_config(cls: type, config: Config) -> Config:
    """Return a layer's configuration with the arguments that its class in Keras 3 takes.

    Raises Untranslatable for one that it does not take and that changes what the layer computes.
    """
    renamed = _ARGUMENTS.get(cls.__name__, {})
    accepted, translated = _accepted(cls), {}
    if cls is keras.layers.Identity:
        config = {key: value for key, value in config.items() if key in ("name", "dtype", "trainable")}
    for key, value in config.items():
        key, value = renamed.get(key, key), _plain(value)
        if key.endswith(_OF_TRAINING):
            value = _initializer(value) if key.endswith("_initializer") else None
            if value is None or key not in accepted:
                continue
        if key not in accepted:
            if key in _WITHOUT_EFFECT or not value or value in _NEUTRAL.get(key, ()):
                continue
            raise Untranslatable(f"the argument {key}={value!r}")
        translated[key] = value
    translated.update(_dtype(config))
    if cls.__name__.endswith(("BatchNormalization", "LayerNormalization")) and _single(translated.get("axis")):
        (translated["axis"],) = translated["axis"]
    if cls is keras.layers.Normalization and isinstance(translated.get("axis"), list):
        translated["axis"] = tuple(translated["axis"])
    for key in ("activation", "recurrent_activation"):
        if key in translated:
            translated[key] = activation(translated[key])
    return translated


def _accepted(cls: type) -> set[str]:
    """Return the arguments that a class takes, those that it hands on to the classes above included."""
    accepted = {"name", "dtype", "trainable"}
    for parent in cls.__mro__:
        if "__init__" not in vars(parent) or parent is keras.layers.Layer:
            if parent is keras.layers.Layer:
                break
            continue
        parameters = inspect.signature(parent.__init__).parameters.values()  # type: ignore[misc]
        accepted |= {item.name for item in parameters if item.kind in (item.POSITIONAL_OR_KEYWORD, item.KEYWORD_ONLY)}
        if not any(item.kind is item.VAR_KEYWORD for item in parameters):
            break
    return accepted - {"self"}


def _single(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 1


def _plain(value: Any) -> Any:
    """Return an array that was written with its type as the numbers alone."""
    if isinstance(value, dict) and value.get("type") == "ndarray":
        return value["value"]
    if isinstance(value, dict) and value.get("class_name") in ("__tensor__", "__numpy__", "__tuple__"):
        inner = value.get("config", value.get("items"))
        return inner["value"] if isinstance(inner, dict) else inner
    return value


def _dtype(config: Config) -> Config:
    """Return the argument ``dtype``: of a policy, its name."""
    dtype = config.get("dtype")
    while isinstance(dtype, dict):
        dtype = (dtype.get("config") or {}).get("name")
    return {} if "dtype" not in config else {"dtype": None if dtype in ("_infer", "infer") else dtype}


def _initializer(value: Any) -> Any:
    """Return an initializer that Keras 3 knows, with the arguments it takes; None for the layer's own."""
    name, given = (value.get("class_name"), value.get("config") or {}) if isinstance(value, dict) else (value, {})
    if not isinstance(name, str) or not isinstance(given, dict):
        return None
    cls = getattr(keras.initializers, name.title().replace("_", "") if name.islower() else name, None)
    if not isinstance(cls, type):
        return None
    if given.get("distribution") == "normal":
        given = {**given, "distribution": "truncated_normal"}
    accepted = inspect.signature(cls).parameters
    return cls(**{key: _plain(item) for key, item in given.items() if key in accepted})


def _hard_sigmoid(x: Any) -> Any:
    """Return Keras 2's hard sigmoid, which is steeper than that of Keras 3."""
    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)


_hard_sigmoid.__name__ = "hard_sigmoid"

_ACTIVATIONS: dict[str, Callable[..., Any]] = {
    "hard_sigmoid": _hard_sigmoid,
    "swish": keras.activations.silu,
    "softmax_v2": keras.activations.softmax,
    "log_softmax_v2": keras.activations.log_softmax,
}
"""Functions under the names that a file of Keras 2 has for them, where Keras 3 has others."""


def activation(value: Any) -> Any:
    """Return the activation of a configuration: a function, or a layer."""
    if isinstance(value, dict) and value.get("class_name") == "function":
        value = value.get("config")
    if isinstance(value, dict) and isinstance(value.get("config"), dict):
        cls = layer_class(str(value.get("class_name")), value.get("registered_name"))
        if cls is keras.layers.Lambda:
            return _lambda_layer(value)
        if isinstance(cls, type) and str(cls.__module__).startswith(("keras.", "generator.")):
            return cls(**translated_config(cls, value["config"]))
    if isinstance(value, str):
        custom = keras.saving.get_registered_object(value)
        return custom or _ACTIVATIONS.get(value) or keras.activations.get(value)
    return keras.activations.get(value)
