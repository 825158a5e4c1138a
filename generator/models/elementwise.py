"""Is a function of one's own an activation? Tried on numbers: each result depends on the number at its place alone.

A layer whose ``call`` is ``tf.nn.silu(x)``, a Lambda, or ``x * tf.sigmoid(x)`` between layers does what an activation
layer does, whatever it is called. What it gives says which of Keras's activations it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

CUSTOM = "custom"
"""The name of an activation that is none of Keras's."""

_NAMED = tuple(
    name
    for name in (
        *("relu", "relu6", "silu", "gelu", "sigmoid", "tanh", "elu", "selu", "leaky_relu", "softplus", "mish"),
        *("hard_silu", "hard_sigmoid", "softsign", "celu", "hard_tanh", "log_sigmoid", "exponential"),
    )
    if hasattr(keras.activations, name)
)
_SIDE, _SPREAD, _REACH = 6, 3.0, 8.0
_CLOSE = 1e-3


class Untried(Exception):  # noqa: N818  (a result within this room, not an error that a user sees)
    """A function that raised whatever it was given."""


@dataclass(frozen=True)
class Elementwise:
    """An activation: its name, ``custom`` if it has none, and whether it is the same for all channels and places."""

    name: str
    alone: bool


def elementwise(apply: Callable[[Any], Any], shape: tuple[int | None, ...]) -> Elementwise | None:
    """Return what activation a function of a tensor (n, *shape) is, None if it is none.

    A function that is affine, or whose results depend on other places, other channels or chance, is none.

    Raises Untried if it cannot be told.
    """
    rng = np.random.default_rng(0)
    size = (2, *(side or _SIDE for side in shape))
    first, second = (rng.normal(0.0, _SPREAD, size).astype(np.float32) for _ in range(2))
    chosen = rng.random(size) < 0.5
    try:
        of_first, of_second = _tried(apply, first), _tried(apply, second)
        if not _same(_tried(apply, np.where(chosen, first, second)), np.where(chosen, of_first, of_second)):
            return None
        if _same(_tried(apply, (first + second) / 2), (of_first + of_second) / 2):
            return None
    except _NoNumberError:
        return None
    except Exception as error:  # whatever a function of one's own raises for what is no picture of its network
        raise Untried(str(error)) from error
    try:
        return _alone(apply, first, of_first, rng)
    except Exception:  # it takes tensors of that shape alone
        return Elementwise(CUSTOM, False)


def _alone(apply: Callable[[Any], Any], values: Array, results: Array, rng: np.random.Generator) -> Elementwise:
    order = rng.permutation(values.size)
    shuffled = _tried(apply, values.ravel()[order].reshape(values.shape)).ravel()
    if not _same(shuffled, results.ravel()[order]):
        return Elementwise(CUSTOM, False)
    line = np.linspace(-_REACH, _REACH, 97, dtype=np.float32).reshape(1, -1, 1)  # places of a single channel
    on_line = _tried(apply, line)
    for name in _NAMED:
        if _same(np.asarray(getattr(keras.activations, name)(keras.ops.convert_to_tensor(line))), on_line):
            return Elementwise(name, True)
    return Elementwise(CUSTOM, True)


class _NoNumberError(ValueError):
    """There is not a number for each number."""


def _tried(apply: Callable[[Any], Any], values: Array) -> Array:
    with keras.StatelessScope():  # nothing that a layer assigns is kept
        results = np.asarray(keras.ops.convert_to_numpy(apply(keras.ops.convert_to_tensor(values))), np.float32)
    if results.shape != values.shape or not np.isfinite(results).all():
        raise _NoNumberError
    return results


def _same(first: Array, second: Array) -> bool:
    return bool(np.allclose(first, second, rtol=_CLOSE, atol=_CLOSE))
