"""Operations of TensorFlow that are operations of Keras: what is known of these, then holds for those."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras.src.ops import core, nn
from keras.src.ops import math as math_ops
from keras.src.ops import numpy as numpy_ops

Operand = Any
"""A symbolic tensor of Keras, an array that never changes, or None for any other tensor."""

Called = tuple[keras.Operation, tuple[Any, ...]]

_UNARY: dict[str, Callable[[], keras.Operation]] = {
    **{kind: getattr(nn, kind) for kind in ("Relu", "Relu6", "Elu", "Selu", "Sigmoid", "Softplus", "Softsign")},
    **{kind: getattr(numpy_ops, kind) for kind in ("Tanh", "Square", "Sqrt", "Exp", "Expm1", "Log", "Log1p", "Sign")},
    **{kind: getattr(numpy_ops, kind) for kind in ("Sin", "Cos", "Floor", "Reciprocal")},
    **{"Neg": numpy_ops.Negative, "Abs": numpy_ops.Absolute, "StopGradient": core.StopGradient},
    **{"Rsqrt": math_ops.Rsqrt, "Erf": math_ops.Erf},
}
_BINARY = {
    **{"Add": numpy_ops.Add, "AddV2": numpy_ops.Add, "BiasAdd": numpy_ops.Add, "Sub": numpy_ops.Subtract},
    **{"Mul": numpy_ops.Multiply, "RealDiv": numpy_ops.TrueDivide},
    **{"Maximum": numpy_ops.Maximum, "Minimum": numpy_ops.Minimum},
}
_REDUCING = {"Mean": numpy_ops.Mean, "Sum": numpy_ops.Sum, "Max": numpy_ops.Max, "Min": numpy_ops.Min}
_POOLING = {"MaxPool": nn.MaxPool, "AvgPool": nn.AveragePool}

BY_PLACE = frozenset(
    {
        *_UNARY,
        *_BINARY,
        *("Cast", "LeakyRelu", "Erfc", "Pow", "DivNoNan", "MulNoNan", "SquaredDifference", "ClipByValue", "Identity"),
        *("IdentityN", "Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual", "SelectV2", "LogicalAnd"),
        *("LogicalOr", "LogicalNot", "Round", "Rint", "Ceil", "Xdivy", "Xlogy", "FakeQuantWithMinMaxVars", "AddN"),
    }
)
"""What treats each place by itself."""


def keras_call(op: Any, operands: Sequence[Operand]) -> Called | None:
    """Return the operation of Keras, and what it is called with, that computes the same; None if there is none.

    ``operands`` stand for the operation's own inputs.
    """
    if any(operand is None for operand in operands):
        return None
    kind = op.type
    symbol = next(operand for operand in operands if isinstance(operand, keras.KerasTensor))
    if kind in _UNARY:
        return _UNARY[kind](), tuple(operands)
    if kind in _BINARY and (kind != "BiasAdd" or op.get_attr("data_format") == b"NHWC"):
        return _BINARY[kind](), tuple(operands)
    if kind == "LeakyRelu":
        return nn.LeakyRelu(float(op.get_attr("alpha"))), tuple(operands)
    if kind == "Softmax":
        return nn.Softmax(-1), tuple(operands)
    if kind == "Cast" and op.get_attr("DstT").is_floating:
        return core.Cast(op.get_attr("DstT").name), tuple(operands)
    if kind == "ConcatV2" and not isinstance(operands[-1], keras.KerasTensor):
        return numpy_ops.Concatenate(int(operands[-1])), (list(operands[:-1]),)
    if kind == "Split" and symbol is operands[1]:
        return numpy_ops.Split(int(op.get_attr("num_split")), int(operands[0])), (symbol,)
    constants = [operand for operand in operands[1:] if not isinstance(operand, keras.KerasTensor)]
    if symbol is not operands[0] or len(constants) != len(operands) - 1:
        return None
    if kind in _REDUCING:
        axes = tuple(int(axis) for axis in np.ravel(constants[0]))
        return _REDUCING[kind](axis=axes, keepdims=bool(op.get_attr("keep_dims"))), (symbol,)
    if kind == "Transpose":
        return numpy_ops.Transpose(tuple(int(axis) for axis in constants[0])), (symbol,)
    if kind in ("Pad", "PadV2", "MirrorPad"):
        return _padding(op, constants, symbol)
    if kind == "StridedSlice":
        item = _slices(op, *constants)
        return None if item is None else (numpy_ops.GetItem(), (symbol, item))
    return _pooling(op, symbol) if kind in _POOLING else None


def _padding(op: Any, constants: Sequence[Any], symbol: Any) -> Called | None:
    widths = tuple((int(before), int(after)) for before, after in constants[0])
    if op.type == "MirrorPad":
        return numpy_ops.Pad(widths, op.get_attr("mode").decode().lower()), (symbol,)
    if op.type == "PadV2" and float(constants[1]) != 0.0:
        return None
    return numpy_ops.Pad(widths), (symbol,)


def _slices(op: Any, begin: Any, end: Any, strides: Any) -> tuple[Any, ...] | None:
    masks = {name: op.get_attr(f"{name}_mask") for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")}
    items: list[Any] = []
    for place in range(len(begin)):
        bit = 1 << place
        if masks["new_axis"] & bit:
            return None
        if masks["ellipsis"] & bit:
            items.append(Ellipsis)
        elif masks["shrink_axis"] & bit:
            items.append(int(begin[place]))
        else:
            first = None if masks["begin"] & bit else int(begin[place])
            last = None if masks["end"] & bit else int(end[place])
            items.append(slice(first, last, int(strides[place])))
    return tuple(items)


def _pooling(op: Any, symbol: Any) -> Called | None:
    sides, strides = op.get_attr("ksize"), op.get_attr("strides")
    padding = op.get_attr("padding").decode().lower()
    if op.get_attr("data_format") != b"NHWC" or padding not in ("same", "valid"):
        return None
    pooling = _POOLING[op.type](tuple(sides[1:3]), tuple(strides[1:3]), padding, "channels_last")
    return pooling, (symbol,)
