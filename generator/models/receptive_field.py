"""How many input pixels one unit can see, followed exactly through strides, dilations, pooling and branches."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any

import keras

from generator.models.card import WHOLE_INPUT
from generator.models.graph import Call, Graph

_WINDOWED = (
    keras.layers.Conv2D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv2D,
    keras.layers.MaxPooling2D,
    keras.layers.AveragePooling2D,
)
_GLOBAL = (keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D, keras.layers.Flatten)


@dataclass(frozen=True)
class Axis:
    """Along one axis, unit i of a tensor sees the input pixels ``low + i * jump`` to ``high + i * jump``."""

    jump: Fraction
    low: Fraction
    high: Fraction

    @property
    def pixels(self) -> int:
        """Return how many whole pixels that is."""
        return floor(self.high) - ceil(self.low) + 1


View = tuple[Axis, Axis] | int | None
"""What a unit sees: an interval for each axis, ``WHOLE_INPUT``, or None where it could not be followed."""

START = Axis(Fraction(1), Fraction(0), Fraction(0))


def receptive_fields(graph: Graph) -> list[tuple[int, int] | None]:
    """Return (height, width) in pixels for each call of the graph; None where an operation is not known."""
    views: dict[int, View] = {graph.input: (START, START)}
    fields: list[tuple[int, int] | None] = []
    for call in graph.calls:
        view = _view(call, [views[number] for number in call.inputs])
        views.update(dict.fromkeys(call.outputs, view))
        if isinstance(view, int):
            fields.append((WHOLE_INPUT, WHOLE_INPUT))
        else:
            fields.append(view and (view[0].pixels, view[1].pixels))
    return fields


def _view(call: Call, inputs: list[View]) -> View:
    joined = _join(inputs)
    if not isinstance(joined, tuple):
        return joined
    op = call.op
    if isinstance(op, _GLOBAL):
        return WHOLE_INPUT
    if isinstance(op, keras.layers.Conv2DTranspose):
        return _each(joined, _transposed, *_pairs(op.kernel_size, op.strides), (op.padding, op.padding))
    if isinstance(op, _WINDOWED):
        size = op.kernel_size if hasattr(op, "kernel_size") else op.pool_size
        dilation = getattr(op, "dilation_rate", (1, 1))
        reach = tuple((k - 1) * d + 1 for k, d in zip(size, dilation, strict=True))
        return _each(joined, _windowed, *_pairs(reach, op.strides), (op.padding, op.padding))
    if isinstance(op, keras.layers.ZeroPadding2D):
        before = [side[0] for side in op.padding]
        return _each(joined, lambda axis, n: _moved(axis, -n), before)
    if isinstance(op, keras.layers.Cropping2D):
        before = [side[0] for side in op.cropping]
        return _each(joined, _moved, before)
    if isinstance(op, keras.layers.UpSampling2D) and op.interpolation == "nearest":
        return _each(joined, _upsampled, op.size)
    if isinstance(op, keras.layers.Concatenate) or _keeps_place(call):
        return joined
    return None


def _keeps_place(call: Call) -> bool:
    """Tell whether an operation treats every place by itself, as far as its type and shape show."""
    known = (
        *(keras.layers.Activation, keras.layers.ReLU, keras.layers.LeakyReLU, keras.layers.PReLU, keras.layers.ELU),
        *(keras.layers.BatchNormalization, keras.layers.LayerNormalization, keras.layers.Normalization),
        *(keras.layers.Rescaling, keras.layers.Dropout, keras.layers.SpatialDropout2D, keras.layers.GaussianNoise),
        *(keras.layers.Add, keras.layers.Subtract, keras.layers.Multiply, keras.layers.Average, keras.layers.Maximum),
        *(keras.layers.Minimum, keras.layers.Dense, keras.layers.UnitNormalization, keras.layers.InputLayer),
    )
    if isinstance(call.op, known):
        return True
    elementwise = ("keras.src.ops.nn", "keras.src.ops.numpy", "keras.src.layers.core.identity")
    return type(call.op).__module__.startswith(elementwise) and len(call.shape) == 3 and _named_elementwise(call.op)


def _named_elementwise(op: Any) -> bool:
    arithmetic = ("Add", "Subtract", "Multiply", "Divide", "TrueDivide", "Maximum", "Minimum", "Negative", "Clip")
    activations = ("Relu", "Relu6", "Silu", "HardSilu", "Gelu", "Sigmoid", "HardSigmoid", "Tanh")
    return type(op).__name__ in (*arithmetic, *activations, "Concatenate", "Identity")


def _join(inputs: list[View]) -> View:
    """Return what a unit sees that depends on units of several tensors at the same place."""
    known = [view for view in inputs if isinstance(view, tuple)]
    if any(isinstance(view, int) for view in inputs):
        return WHOLE_INPUT
    if len(known) < len(inputs) or not known:
        return None
    return (_union([view[0] for view in known]), _union([view[1] for view in known]))


def _union(axes: list[Axis]) -> Axis:
    return Axis(max(a.jump for a in axes), min(a.low for a in axes), max(a.high for a in axes))


def _each(view: tuple[Axis, Axis], change: Any, *arguments: Any) -> tuple[Axis, Axis]:
    rows, columns = (change(axis, *(a[i] for a in arguments)) for i, axis in enumerate(view))
    return rows, columns


def _pairs(*values: Any) -> list[tuple[int, int]]:
    return [(value, value) if isinstance(value, int) else tuple(value) for value in values]


def _windowed(axis: Axis, reach: int, stride: int, padding: str) -> Axis:
    before = max(reach - stride, 0) // 2 if padding == "same" else 0
    return Axis(axis.jump * stride, axis.low - before * axis.jump, axis.high + (reach - 1 - before) * axis.jump)


def _transposed(axis: Axis, reach: int, stride: int, padding: str) -> Axis:
    """Output i comes from the inputs j with ``0 <= i + before - j * stride < reach``."""
    before = max(reach - stride, 0) // 2 if padding == "same" else 0
    jump = axis.jump / stride
    return Axis(jump, axis.low + (before - reach + 1) * jump, axis.high + before * jump)


def _upsampled(axis: Axis, factor: int) -> Axis:
    return Axis(axis.jump / factor, axis.low, axis.high)


def _moved(axis: Axis, places: int) -> Axis:
    return Axis(axis.jump, axis.low + places * axis.jump, axis.high + places * axis.jump)
