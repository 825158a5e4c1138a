"""TensorFlow's functions of tensors, by what Keras 3 has for each.

Each takes the arguments of TensorFlow's, under the names that those have there; ``first`` where the name differs among
TensorFlow's versions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from generator.models.keras2.errors import UntranslatableFunction

ops = keras.ops
Tensor = Any


def operand(value: Any, like: Any) -> Any:
    """Return a list of numbers as an array of the type of a tensor; anything else as it is."""
    if not isinstance(value, (list, tuple)):
        return value
    dtype = getattr(like, "dtype", "float32")
    return np.asarray(value, np.float32 if "float" in str(dtype) else dtype)


def _binary(op: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda x, y: op(operand(x, y), operand(y, x))


def _unary(op: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda first, *_: op(first)


def _reduction(op: Callable[..., Any]) -> Callable[..., Any]:
    def reduced(
        first: Tensor,
        axis: Any = None,
        keepdims: bool | None = False,
        reduction_indices: Any = None,
        keep_dims: bool | None = None,
    ) -> Tensor:
        axis = reduction_indices if axis is None else axis
        return op(first, axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=bool(keepdims or keep_dims))

    return reduced


def _power_of_two_norms(first: Tensor, axis: Any = None, epsilon: float = 1e-12, dim: Any = None) -> Tensor:
    """Return what tf.math.l2_normalize does."""
    axis = dim if axis is None else axis
    squares = ops.sum(ops.square(first), axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=True)
    return ops.multiply(first, ops.rsqrt(ops.maximum(squares, epsilon)))


def _getitem(tensor: Tensor, slice_spec: Any) -> Tensor:
    return tensor[tuple(slice_spec) if isinstance(slice_spec, (list, tuple)) else slice_spec]


def _strided_slice(first: Tensor, begin: Any, end: Any, strides: Any = None) -> Tensor:
    steps = strides or [1] * len(begin)
    return first[tuple(slice(*bounds) for bounds in zip(begin, end, steps, strict=True))]


def _norm(
    tensor: Tensor, ord: Any = "euclidean", axis: Any = None, keepdims: Any = None, keep_dims: Any = None
) -> Tensor:
    if ord not in ("euclidean", 2) or (ord == 2 and isinstance(axis, list)):
        raise UntranslatableFunction(f"the argument ord={ord!r} of TensorFlow's function tf.norm")
    axis = tuple(axis) if isinstance(axis, list) else axis
    return ops.sqrt(ops.sum(ops.square(tensor), axis=axis, keepdims=bool(keepdims or keep_dims)))


def _slice(first: Tensor, begin: Sequence[Any], size: Sequence[Any]) -> Tensor:
    return first[tuple(slice(b, None if s == -1 else b + s) for b, s in zip(begin, size, strict=True))]


def _split(value: Tensor, num_or_size_splits: Any, axis: int = 0) -> list[Tensor]:
    if isinstance(num_or_size_splits, int):
        return list(ops.split(value, num_or_size_splits, axis=axis))
    if -1 in num_or_size_splits:
        rest = value.shape[axis] - sum(num_or_size_splits) - 1
        num_or_size_splits = [rest if size == -1 else size for size in num_or_size_splits]
    return list(ops.split(value, np.cumsum(num_or_size_splits)[:-1].tolist(), axis=axis))


def _concat(values: Any, axis: int = -1) -> Tensor:
    return ops.concatenate(values, axis=axis) if isinstance(values, (list, tuple)) else values


def _pad(tensor: Tensor, paddings: Any, mode: str = "CONSTANT", constant_values: float = 0) -> Tensor:
    mode = mode.lower()
    if mode == "constant" and constant_values:
        return ops.pad(tensor, paddings, mode=mode, constant_values=constant_values)
    return ops.pad(tensor, paddings, mode=mode)


def _squeeze(first: Tensor, axis: Any = None, squeeze_dims: Any = None) -> Tensor:
    axis = squeeze_dims if axis is None else axis
    return ops.squeeze(first, axis=tuple(axis) if isinstance(axis, list) and axis else axis or None)


def _expand_dims(first: Tensor, axis: int | None = None, dim: int | None = None) -> Tensor:
    return ops.expand_dims(first, dim if axis is None else axis)


def _matmul(a: Tensor, b: Tensor, transpose_a: bool = False, transpose_b: bool = False) -> Tensor:
    def turned(value: Any) -> Any:
        return ops.swapaxes(value, -1, -2)

    return ops.matmul(turned(a) if transpose_a else a, turned(b) if transpose_b else b)


def _gather(params: Tensor, indices: Any, axis: int | None = None, batch_dims: int = 0) -> Tensor:
    if batch_dims:
        raise UntranslatableFunction("the argument batch_dims of TensorFlow's function tf.gather")
    return ops.take(params, np.asarray(indices) if isinstance(indices, list) else indices, axis=axis or 0)


def _where(condition: Tensor, x: Any = None, y: Any = None) -> Tensor:
    return ops.where(condition, operand(x, y), operand(y, x))


def _sum_of(inputs: Sequence[Tensor]) -> Tensor:
    total = inputs[0]
    for value in inputs[1:]:
        total = ops.add(total, value)
    return total


def _clip(t: Tensor, clip_value_min: Any, clip_value_max: Any) -> Tensor:
    numbers = isinstance(clip_value_min, (int, float)) and isinstance(clip_value_max, (int, float))
    return ops.clip(t, clip_value_min, clip_value_max) if numbers else _clip_by(t, clip_value_min, clip_value_max)


def _clip_by(t: Tensor, low: Any, high: Any) -> Tensor:
    return ops.minimum(ops.maximum(t, operand(low, t)), operand(high, t))


def _relu(first: Tensor, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Tensor:
    if alpha or max_value is not None or threshold:
        return keras.activations.relu(first, negative_slope=alpha, max_value=max_value, threshold=threshold)
    return ops.relu(first)


def _softmax(logits: Tensor, axis: int | None = -1, dim: int | None = None) -> Tensor:
    return ops.softmax(logits, axis=dim if dim is not None else -1 if axis is None else axis)


def _log_softmax(logits: Tensor, axis: int | None = -1) -> Tensor:
    return ops.log_softmax(logits, axis=-1 if axis is None else axis)


def _hard_sigmoid(x: Tensor) -> Tensor:
    return ops.clip(ops.add(ops.multiply(x, 0.2), 0.5), 0.0, 1.0)


def _batch_normalized(
    x: Tensor, mean: Any, variance: Any, offset: Any = None, scale: Any = None, variance_epsilon: float = 1e-3
) -> Tensor:
    factor = ops.rsqrt(ops.add(operand(variance, x), variance_epsilon))
    factor = factor if scale is None else ops.multiply(factor, operand(scale, x))
    shifted = ops.multiply(ops.subtract(x, operand(mean, x)), factor)
    return shifted if offset is None else ops.add(shifted, operand(offset, x))


def _bias_added(value: Tensor, bias: Any, data_format: str | None = None) -> Tensor:
    bias = operand(bias, value)
    if data_format in ("NCHW", "NC", "channels_first") and len(value.shape) > 2:
        bias = ops.reshape(bias, (1, -1, *(1 for _ in value.shape[2:])))
    return ops.add(value, bias)


def _transpose(a: Tensor, perm: Any = None) -> Tensor:
    return ops.transpose(a, axes=perm)


def _unstack(value: Tensor, num: int | None = None, axis: int = 0) -> list[Tensor]:
    return list(ops.unstack(value, num=num, axis=axis))


def _filled(dims: Any, value: float) -> Tensor:
    return ops.full(dims, value)


TENSOR_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{
        name: _binary(getattr(ops, own))
        for name, own in {
            **{name: name for name in ("add", "subtract", "multiply", "maximum", "minimum", "mod")},
            **{name: name for name in ("equal", "not_equal", "greater", "greater_equal", "less", "less_equal")},
            **{"logical_and": "logical_and", "logical_or": "logical_or", "logical_xor": "logical_xor"},
            **{"truediv": "true_divide", "divide": "true_divide", "div": "true_divide", "pow": "power"},
            **{"floordiv": "floor_divide", "floor_div": "floor_divide", "floormod": "mod", "atan2": "arctan2"},
            **{"sub": "subtract", "mul": "multiply", "div_no_nan": "divide_no_nan", "divide_no_nan": "divide_no_nan"},
        }.items()
    },
    **{
        name: _unary(getattr(ops, own))
        for name, own in {
            **{name: name for name in ("abs", "exp", "expm1", "log", "log1p", "sqrt", "rsqrt", "square", "negative")},
            **{name: name for name in ("sign", "floor", "ceil", "round", "sin", "cos", "tan", "tanh", "erf")},
            **{name: name for name in ("reciprocal", "sigmoid", "softplus", "softsign", "relu6", "selu", "silu")},
            **{name: name for name in ("isfinite", "isnan", "logical_not", "log_sigmoid", "sinh", "cosh")},
            **{name: name for name in ("stop_gradient", "zeros_like", "ones_like")},
            **{"neg": "negative", "swish": "silu", "atan": "arctan", "asin": "arcsin", "acos": "arccos"},
            **{"is_finite": "isfinite", "is_nan": "isnan", "rint": "round"},
        }.items()
    },
    **{
        name: _reduction(getattr(ops, own))
        for name, own in {
            **{f"reduce_{name}": name for name in ("mean", "sum", "max", "min", "prod", "all", "any", "std")},
            **{"reduce_variance": "var", "reduce_logsumexp": "logsumexp"},
            **{name: name for name in ("mean", "sum", "max", "min", "prod", "std", "var")},
        }.items()
    },
    "squared_difference": _binary(lambda x, y: ops.square(ops.subtract(x, y))),
    "elu": lambda features, alpha=1.0: ops.elu(features, alpha=alpha),
    "gelu": lambda features, approximate=False: ops.gelu(features, approximate=bool(approximate)),
    "leaky_relu": lambda features, alpha=0.2: ops.leaky_relu(features, negative_slope=alpha),
    "relu": _relu,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "hard_sigmoid": _hard_sigmoid,
    "linear": lambda x: x,
    "identity": lambda input: input,
    "convert_to_tensor": lambda value, dtype=None: value,
    "ensure_shape": lambda x, shape: x,
    "crelu": lambda features, axis=-1: ops.concatenate([ops.relu(features), ops.relu(ops.negative(features))], axis),
    "l2_normalize": _power_of_two_norms,
    "batch_normalization": _batch_normalized,
    "bias_add": _bias_added,
    "cast": lambda x, dtype: ops.cast(x, dtype),
    "saturate_cast": lambda value, dtype: ops.saturate_cast(value, dtype),
    "clip_by_value": _clip,
    "clip": lambda x, min_value, max_value: _clip(x, min_value, max_value),
    "add_n": _sum_of,
    "where": _where,
    "getitem": _getitem,
    "slice": _slice,
    "strided_slice": _strided_slice,
    "norm": _norm,
    "matrix_transpose": lambda a: ops.swapaxes(a, -1, -2),
    "batch_flatten": lambda x: ops.reshape(x, (-1, int(np.prod(x.shape[1:])))),
    "concat": _concat,
    "concatenate": lambda tensors, axis=-1: _concat(tensors, axis),
    "stack": lambda values, axis=0: ops.stack(values, axis=axis),
    "unstack": _unstack,
    "split": _split,
    "reshape": lambda tensor, shape: ops.reshape(tensor, shape),
    "transpose": _transpose,
    "permute_dimensions": lambda x, pattern: ops.transpose(x, axes=pattern),
    "expand_dims": _expand_dims,
    "squeeze": _squeeze,
    "tile": lambda input, multiples: ops.tile(input, multiples),
    "repeat": lambda input, repeats, axis=None: ops.repeat(input, repeats, axis=axis),
    "reverse": lambda tensor, axis: ops.flip(tensor, axis=axis),
    "roll": lambda input, shift, axis: ops.roll(input, shift, axis=axis),
    "pad": _pad,
    "gather": _gather,
    "matmul": _matmul,
    "tensordot": lambda a, b, axes: ops.tensordot(a, operand(b, a), axes=axes),
    "argmax": lambda input, axis=0: ops.argmax(input, axis=axis),
    "argmin": lambda input, axis=0: ops.argmin(input, axis=axis),
    "cumsum": lambda x, axis=0: ops.cumsum(x, axis=axis),
    "one_hot": lambda indices, depth, axis=-1: ops.one_hot(indices, depth, axis=axis),
    "broadcast_to": lambda input, shape: ops.broadcast_to(input, shape),
    "fill": _filled,
    "zeros": lambda shape, dtype="float32": ops.zeros(shape, dtype=dtype),
    "ones": lambda shape, dtype="float32": ops.ones(shape, dtype=dtype),
    "range": lambda *args, dtype=None, **kwargs: ops.arange(*args, dtype=dtype),
}
"""By their names in TensorFlow without the modules that ``functions.short_name`` leaves out."""
