"""All that is TensorFlow's own: gradients and compilation. The rest of ``render`` is written in ``keras.ops``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import tensorflow as tf

Tensor = Any


def value_and_gradient(function: Callable[[Any], Tensor], at: Any) -> tuple[Tensor, Any]:
    """Return ``function(at)``, one value for each picture (n,), and the gradient of their sum at each of ``at``.

    ``at`` is a tensor or a tuple of tensors. Where the pictures of a batch do not depend on each other, the sum's
    gradient is each value's own at its own picture.
    """
    with tf.GradientTape() as tape:
        tape.watch(at)
        values = function(at)
        total = tf.reduce_sum(values)
    return values, tape.gradient(total, at)


def kernel_gradient(function: Callable[[], Tensor], kernel: Any, weights: Tensor) -> Tensor:
    """Return the gradient, at a layer's variable, of what ``function`` returns, each number times its weight."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(kernel.value)
        result = function()
    gradient: Tensor = tape.gradient(result, kernel.value, output_gradients=tf.cast(weights, result.dtype))
    return gradient


def pulled_back(
    function: Callable[[dict[int, Tensor]], Tensor], at: dict[int, Tensor], weights: Tensor
) -> dict[int, Tensor]:
    """Return the gradients, at tensors by number, of what a function of them returns, each result times its weight."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(at)
        result = function(at)
    gradients: dict[int, Tensor] = tape.gradient(
        result, at, output_gradients=tf.cast(weights, result.dtype), unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    return gradients


def gradients_within(
    function: Callable[[Callable[[Tensor], None]], tuple[dict[int, Tensor], Tensor]],
) -> dict[int, tuple[Tensor, Tensor | None]]:
    """Return tensors that arise within a function, each with the gradient at it of what the function returns.

    The function is given what watches a tensor, which has to happen before the tensor is used, and returns the
    tensors by number and a single value. A gradient is None where the value does not depend on the tensor.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tensors, value = function(tape.watch)
    gradients = tape.gradient(value, tensors)
    return {number: (tensor, gradients[number]) for number, tensor in tensors.items()}


def compiled(function: Callable[..., Any], free: Sequence[int]) -> Callable[..., Any]:
    """Return the function as one graph, traced once, at its first call.

    For each argument, a tensor or a tuple of them, ``free`` says how many of its first axes may be of other lengths
    in later calls.
    """
    graph = tf.function(function, autograph=False)
    traced: list[Any] = []

    def call(*arguments: Any) -> Any:
        if not traced:
            specs = [tf.nest.map_structure(partial(_spec, n), a) for n, a in zip(free, arguments, strict=True)]
            traced.append(graph.get_concrete_function(*specs))
        return graph(*arguments)

    return call


def _spec(free: int, value: Any) -> Any:
    if value is None:
        return None
    array = tf.convert_to_tensor(value)
    free = min(free, array.shape.rank)
    return tf.TensorSpec([None] * free + array.shape[free:].as_list(), array.dtype)


def outside_graphs() -> AbstractContextManager[Any]:
    """Let what is computed in the block be done once and now, even while a function is being traced."""
    context: AbstractContextManager[Any] = tf.init_scope()
    return context


def with_shape(values: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return the values with a shape (batch left out) that a function which is compiled did not know."""
    return tf.ensure_shape(values, (None, *shape))


def crops_of(pictures: Tensor, boxes: Tensor, owners: Tensor, size: tuple[int, int]) -> Tensor:
    """Return boxes (k, 4), as top, left, bottom, right in parts of the picture, cut out and resized (bilinear).

    ``owners`` (k,) says of which of the pictures (n, height, width, channels) each is. Its gradient is exact, which
    that of an affine map is not for strong enlargement.
    """
    return tf.image.crop_and_resize(pictures, boxes, owners, size)


def first_peaks(maps: Tensor, floor: float | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """Return (n, channels) of maps (n, height, width, channels): the largest value, and its first row and column.

    Where it is equal to ``floor``, the least value that there can be, all are the same, and the first place counts.
    Found in the largest values of rows and columns, which is many times as fast as to look for a place among all; where
    several rows and several columns have it, the first row is looked at.
    """
    _, height, width, _ = maps.shape
    of_rows = tf.nn.max_pool2d(maps, (1, width), (1, width), "VALID")[:, :, 0]
    of_columns = tf.nn.max_pool2d(maps, (height, 1), (height, 1), "VALID")[:, 0]
    peak = tf.reduce_max(of_rows, 1)
    row, column = tf.argmax(of_rows, 1), tf.argmax(of_columns, 1)
    at_rows, at_columns = (
        tf.math.count_nonzero(tf.equal(values, peak[:, None]), 1) for values in (of_rows, of_columns)
    )
    tied = tf.logical_and(at_rows > 1, at_columns > 1)
    if floor is not None:
        tied = tf.logical_and(tied, peak > floor)
    places = tf.where(tied)
    picture, channel, own_row = places[:, 0], places[:, 1], tf.gather_nd(row, places)
    along = tf.range(width, dtype=tf.int64)[None]
    whole = [tf.broadcast_to(own[:, None], (tf.shape(places)[0], width)) for own in (picture, own_row, channel)]
    indices = tf.stack([whole[0], whole[1], tf.broadcast_to(along, tf.shape(whole[0])), whole[2]], axis=-1)
    return peak, row, tf.tensor_scatter_nd_update(column, places, tf.argmax(tf.gather_nd(maps, indices), 1))


def normal_noise(shape: Any, seed: Tensor) -> Tensor:
    """Return standard normal numbers that the seed (2,) alone decides."""
    return tf.random.stateless_normal(shape, seed)


def uniform_noise(shape: Any, seed: Tensor) -> Tensor:
    """Return numbers between -1 and 1 that the seed (2,) alone decides."""
    return tf.random.stateless_uniform(shape, seed, -1.0, 1.0)
