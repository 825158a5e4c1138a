"""TensorFlow's functions that Keras 2 kept as layers (TFOpLambda, SlicingOpLambda), by what Keras 3 has for each.

Each function here takes the arguments of TensorFlow's, under the names that those have there.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from generator.models.keras2.errors import UntranslatableFunction
from generator.models.keras2.pictures import PICTURE_FUNCTIONS
from generator.models.keras2.sizes import (
    SIZE_FUNCTIONS,
    Size,
    combined,
    deferred,
    replaced,
    size_of,
    sizes_in,
    tensors_in,
    unknown,
)
from generator.models.keras2.tensors import TENSOR_FUNCTIONS

_MODULES = ("compat.v1.", "compat.v2.", "keras.backend.", "keras.activations.", "math.", "nn.", "linalg.", "raw_ops.")
_OPERATORS = "__operators__."


def short_name(function: str) -> str:
    """Return a function's name without the modules that are searched for it: ``relu6`` of ``nn.relu6``."""
    if function in ("compat.v1.image.resize", "compat.v1.image.resize_images"):
        return "image.resize_1"  # another function than that of TensorFlow 2
    for prefix in (*_MODULES, *_MODULES, _OPERATORS):
        function = function.removeprefix(prefix)
    return function


def apply_function(function: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """Return the symbolic result of one of TensorFlow's functions: a tensor, a ``Size``, or a list of such.

    Raises UntranslatableFunction if Keras 3 has nothing that is the same.
    """
    name = short_name(function)
    if name in ("shape", "shape_v2"):
        return size_of(args[0])
    kwargs = {key: value for key, value in kwargs.items() if key != "name"}
    sizes = sizes_in((args, kwargs))
    if sizes and not tensors_in((args, kwargs)) and name in SIZE_FUNCTIONS:
        result = combined(SIZE_FUNCTIONS[name], (tuple(args), kwargs))
        return _listed(result) if name == "unstack" else result
    called = partial(_function(name, function), function=function)
    values = (tuple(args), kwargs)
    known = {id(size): size.value() for size in sizes}
    if any(map(unknown, known.values())) or not tensors_in(values):
        return deferred(called, values)
    args, kwargs = replaced(values, known)
    return called(*args, **kwargs)


def _listed(size: Size) -> list[Size]:
    count = len(size.value())
    return [Size(size.tensors, lambda shapes, index=index: size.compute(shapes)[index]) for index in range(count)]  # type: ignore[misc]


def _function(name: str, full: str) -> Callable[..., Any]:
    known = TENSOR_FUNCTIONS.get(name) or PICTURE_FUNCTIONS.get(name)
    if known is None:
        raise UntranslatableFunction(f"TensorFlow's function tf.{full}")
    return partial(_checked, known)


def _checked(known: Callable[..., Any], *args: Any, function: str, **kwargs: Any) -> Any:
    """Call a function without arguments that it does not know, if they are as if they had not been given."""
    parameters = inspect.signature(known).parameters
    if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        unknown_arguments = {key: value for key, value in kwargs.items() if key not in parameters}
        for key, value in unknown_arguments.items():
            if not (key in _WITHOUT_EFFECT or value in (None, False, [])):
                raise UntranslatableFunction(f"the argument {key}={value!r} of TensorFlow's function tf.{function}")
        kwargs = {key: value for key, value in kwargs.items() if key in parameters}
    return known(*args, **kwargs)


_WITHOUT_EFFECT = {"use_cudnn_on_gpu", "validate_indices", "shape", "parallel_iterations", "swap_memory"}
