"""All that is TensorFlow's own: gradients and compilation. The rest of ``render`` is written in ``keras.ops``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

Tensor = Any


def value_and_gradient(function: Callable[[Tensor], Tensor], at: Tensor) -> tuple[Tensor, Tensor]:
    """Return ``function(at)``, one value for each picture (n,), and the gradient of each value at its own picture.

    The pictures of a batch must not depend on each other: the gradient of their values' sum then is all gradients.
    """
    with tf.GradientTape() as tape:
        tape.watch(at)
        values = function(at)
        total = tf.reduce_sum(values)
    return values, tape.gradient(total, at)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function as one graph; it is traced again only for arguments of other shapes."""
    compiled_function: Callable[..., Any] = tf.function(function, autograph=False)
    return compiled_function
