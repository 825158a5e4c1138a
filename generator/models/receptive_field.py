"""How many input pixels one unit can see, followed exactly through strides, dilations, pooling and branches.

The receptive field of a tensor is the largest window of any of its units, away from the borders. Padding `same` depends
on the picture's size; it is followed for the network's own, and for a free size as if all strides divided it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from math import prod
from typing import Any

import keras

from generator.models.axis import Axis, Change, Interval, joined, padding, transposing, upsampling, windowed, windowing
from generator.models.graph import Call, Graph
from generator.models.summary import WHOLE_INPUT
from generator.models.tf_graph.operations import TensorFlowOp

_L = keras.layers
_WINDOWED = (_L.Conv2D, _L.DepthwiseConv2D, _L.SeparableConv2D, _L.MaxPooling2D, _L.AveragePooling2D)
_GLOBAL = (_L.GlobalAveragePooling2D, _L.GlobalMaxPooling2D)
_BY_PLACE = (
    *(_L.Activation, _L.ReLU, _L.LeakyReLU, _L.PReLU, _L.ELU, _L.BatchNormalization, _L.Normalization, _L.Rescaling),
    *(_L.Dropout, _L.SpatialDropout2D, _L.GaussianNoise, _L.GaussianDropout, _L.ActivityRegularization, _L.Identity),
    *(_L.Add, _L.Subtract, _L.Multiply, _L.Average, _L.Maximum, _L.Minimum),
)
"""Layers that treat each number by itself at inference, and joins that treat those at one place together."""

_AUGMENTING = tuple(
    getattr(_L, name)
    for name in (
        *("RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "RandomShear", "RandomPerspective"),
        *("RandomBrightness", "RandomContrast", "RandomHue", "RandomSaturation", "RandomSharpness", "RandomGrayscale"),
        *("RandomColorJitter", "RandomColorDegeneration", "RandomGaussianBlur", "RandomPosterization", "RandomInvert"),
        *("RandomErasing", "RandomElasticTransform", "MixUp", "CutMix", "RandAugment", "AugMix"),
    )
    if hasattr(_L, name)
)
"""Layers that change pictures in training alone; a RandomCrop is none of them."""

_OF_APPLICATIONS = ("LayerScale", "StochasticDepth")
"""Layers like these that ConvNeXt brings."""

_ALONG_AXIS = (_L.LayerNormalization, _L.UnitNormalization, _L.RMSNormalization, _L.Softmax)
_ELEMENTWISE_OPS = {
    *("Add", "Subtract", "Multiply", "Divide", "TrueDivide", "DivideNoNan", "Power", "Maximum", "Minimum"),
    *("Negative", "Absolute", "Abs", "Square", "Sqrt", "Rsqrt", "Reciprocal", "Exp", "Expm1", "Log", "Log1p", "Sign"),
    *("Clip", "Where", "Cast", "Identity", "ConvertToTensor", "StopGradient", "Sin", "Cos", "Erf", "Floor", "Round"),
    *("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Celu", "Gelu", "Silu", "HardSilu", "Sigmoid", "HardSigmoid"),
    *("LogSigmoid", "Tanh", "HardTanh", "Softplus", "Softsign", "Squareplus"),
}
_REDUCING_OPS = {"Mean", "Sum", "Max", "Min", "Prod", "Var", "Std", "Logsumexp", "Amax", "Amin", "Average"}
_AXIS_OPS = {"Softmax", "LogSoftmax"}


@dataclass(frozen=True)
class Seen:
    """What the units of a tensor see, and on which of the tensor's axes the rows and columns of the picture lie."""

    rows: Axis
    columns: Axis
    at: tuple[int, int] = (1, 2)

    def along(self, axis: int) -> Axis:
        """Return what is seen along one of the two axes of the tensor."""
        return self.rows if axis == self.at[0] else self.columns


class Special(Enum):
    """What is not seen place by place.

    ``SCATTERED``: the picture's places lie anywhere in the tensor, but all of them are there.
    """

    NOTHING = "nothing"
    WHOLE = "the whole input"
    SCATTERED = "scattered"
    UNKNOWN = "unknown"


View = Seen | Special


def receptive_fields(graph: Graph, shapes: Mapping[int, tuple[int, ...]] | None = None) -> list[tuple[int, int] | None]:
    """Return (height, width) in pixels for each call of the graph; None where an operation is not known.

    ``shapes`` (batch left out) of tensors tell how far TensorFlow's operations enlarge what they take.
    ``WHOLE_INPUT`` stands for both where a unit sees everything; what depends on no picture sees (0, 0).
    """
    height, width, _ = graph.picture
    fields: list[tuple[int, int] | None] = []
    for view in _views(graph, (height, width), shapes or {}):
        if isinstance(view, Seen):
            fields.append((view.rows.pixels, view.columns.pixels))
        else:
            fields.append({Special.WHOLE: (WHOLE_INPUT, WHOLE_INPUT), Special.NOTHING: (0, 0)}.get(view))
    return fields


def unit_windows(
    graph: Graph, size: tuple[int, int], shapes: Mapping[int, tuple[int, ...]]
) -> list[tuple[tuple[Interval, ...], tuple[Interval, ...]] | None]:
    """Return for each call what the units of each row, and of each column, see of a picture of a size.

    Each is the first and the last pixel, of which the picture may not have all; None for a unit that sees none. A call
    of which that is not known place by place, or whose units see everything, has None. ``shapes`` (batch left out) are
    those of the tensors for that size.
    """
    windows: list[tuple[tuple[Interval, ...], tuple[Interval, ...]] | None] = []
    for call, view in zip(graph.calls, _views(graph, size, shapes), strict=True):
        shape = shapes[call.outputs[0]]
        if not isinstance(view, Seen) or len(shape) <= max(view.at) - 1:
            windows.append(None)
            continue
        rows, columns = (
            tuple(map(axis.at, range(shape[at - 1])))
            for axis, at in ((view.rows, view.at[0]), (view.columns, view.at[1]))
        )
        windows.append((rows, columns))
    return windows


def _views(graph: Graph, size: tuple[int | None, int | None], shapes: Mapping[int, tuple[int, ...]]) -> Iterator[View]:
    """Yield what the results of each call see."""
    views: dict[int, View] = {graph.input: Seen(Axis(size=size[0]), Axis(size=size[1]))}
    for call in graph.calls:
        view = _view(call, [views[number] for number in call.values])
        if isinstance(call.op, TensorFlowOp) and call.op.interpolation:
            view = _enlarged(call, views[call.inputs[0]], shapes)
        views.update(dict.fromkeys(call.outputs, view))
        yield view


def _view(call: Call, inputs: Sequence[View]) -> View:
    """Return what a call's results see, given what its inputs see."""
    ranks = [len(symbol.shape) for symbol in call.arguments.keras_tensors[: len(inputs)]]
    telling = [(view, rank) for view, rank in zip(inputs, ranks, strict=True) if view is not Special.NOTHING]
    if not telling:
        return Special.NOTHING
    if any(view is Special.WHOLE for view, _ in telling):
        return Special.WHOLE
    if not (is_keras_own(call.op) or is_by_place(call)) or any(view is Special.UNKNOWN for view, _ in telling):
        return Special.UNKNOWN
    views = [view for view, _ in telling if isinstance(view, Seen)]
    if len(views) < len(telling):
        return _scattered(call, telling[0][1]) if not views else Special.UNKNOWN
    if is_by_place(call) or _is_concatenation(call.op, views[0], ranks[0]):
        whole_rank = all(rank == len(call.shape) + 1 for _, rank in telling)
        return _join(views) if whole_rank else Special.UNKNOWN
    return _changed(call, views[0], telling[0][1]) if len(telling) == 1 else Special.UNKNOWN


def _enlarged(call: Call, view: View, shapes: Mapping[int, tuple[int, ...]]) -> View:
    """Return what becomes of a picture that is resized to a multiple of its height and width."""
    before, after = shapes.get(call.inputs[0], ()), shapes.get(call.outputs[0], ())
    if not isinstance(view, Seen):
        return view if view is Special.NOTHING or view is Special.WHOLE else Special.UNKNOWN
    if len(before) != 3 or len(after) != 3 or any(new % old for new, old in zip(after[:2], before[:2], strict=True)):
        return Special.UNKNOWN
    factors = [new // old for new, old in zip(after[:2], before[:2], strict=True)]
    return _each(view, (1, 2), [upsampling(factor, call.op.interpolation) for factor in factors])


def is_keras_own(op: Any) -> bool:
    """Tell whether an operation is Keras's own, not of a class derived from one."""
    return str(type(op).call.__module__).startswith("keras.src.")


def _named(op: Any, names: Iterable[str]) -> bool:
    return type(op).__module__.startswith("keras.src.ops.") and type(op).__name__ in names


def is_by_place(call: Call) -> bool:
    op = call.op
    if call.elementwise is not None or (isinstance(op, TensorFlowOp) and op.by_place):
        return True
    if isinstance(op, _L.Activation):
        return op.activation not in (keras.activations.softmax, keras.activations.log_softmax, keras.activations.glu)
    own = type(op).__module__.startswith("keras.src.applications.") and type(op).__name__ in _OF_APPLICATIONS
    return own or isinstance(op, (*_BY_PLACE, *_AUGMENTING)) or _named(op, _ELEMENTWISE_OPS)


def _is_concatenation(op: Any, view: Seen, rank: int) -> bool:
    """Tell whether an operation concatenates what lies at the same places."""
    return (isinstance(op, _L.Concatenate) or _named(op, {"Concatenate"})) and op.axis % rank not in view.at


def _scattered(call: Call, rank: int) -> View:
    """Return what becomes of a tensor whose places lie anywhere."""
    if isinstance(call.op, _L.Dense) and rank == 2:
        return Special.WHOLE
    keeps = (_L.Flatten, _L.Reshape, _L.Permute)
    return Special.SCATTERED if is_by_place(call) or isinstance(call.op, keeps) else Special.UNKNOWN


def _changed(call: Call, view: Seen, rank: int) -> View:
    """Return what the results of an operation on one tensor see."""
    op = call.op
    if (mixed := _mixed_axes(op, rank)) is not None:
        return _mixing(view, mixed, not _named(op, _REDUCING_OPS) or op.keepdims)
    if isinstance(op, (*_WINDOWED, _L.Conv2DTranspose, _L.UpSampling2D, _L.ZeroPadding2D, _L.Cropping2D)):
        return _each(view, _axes_of(op), _changes(op))
    if _named(op, {"MaxPool", "AveragePool"}):
        return _each(view, _axes_of(op), _windows(op.pool_size, op.strides or op.pool_size, 1, op.padding))
    if isinstance(op, (_L.Flatten, _L.Reshape)) or _named(op, {"Reshape"}):
        return _reshaped(call, view)
    if isinstance(op, _L.Permute) or (_named(op, {"Transpose"}) and op.axes is not None):
        order = (0, *op.dims) if isinstance(op, _L.Permute) else tuple(axis % rank for axis in op.axes)
        return replace(view, at=(order.index(view.at[0]), order.index(view.at[1])))
    if _named(op, {"Split"}):
        return view if op.axis % rank not in view.at else Special.UNKNOWN
    if _named(op, {"Pad"}) and len(op.pad_width) == rank:
        return _each(view, view.at, [padding(*op.pad_width[axis]) for axis in view.at])
    if _named(op, {"GetItem"}):
        return _sliced(view, call.arguments.args[1], rank)
    return Special.UNKNOWN


def _mixed_axes(op: Any, rank: int) -> tuple[int, ...] | None:
    """Return the axes along which an operation makes every result of all numbers; None if it is no such operation."""
    if isinstance(op, _GLOBAL):
        return _axes_of(op)
    if isinstance(op, _L.GroupNormalization):
        return tuple(range(1, rank))
    if isinstance(op, (_L.Dense, _L.Activation)):  # of the activations only those along the last axis come here
        return (rank - 1,)
    if isinstance(op, _ALONG_AXIS) or _named(op, _REDUCING_OPS | _AXIS_OPS):
        axes = range(rank) if op.axis is None else [op.axis] if isinstance(op.axis, int) else op.axis
        return tuple(axis % rank for axis in axes)
    return None


def _mixing(view: Seen, mixed: tuple[int, ...], keeps_axes: bool) -> View:
    hidden = [axis in mixed for axis in view.at]
    if any(hidden) or 0 in mixed:
        return Special.WHOLE if all(hidden) and 0 not in mixed else Special.UNKNOWN
    gone = () if keeps_axes else mixed
    rows, columns = (axis - sum(other < axis for other in gone) for axis in view.at)
    return replace(view, at=(rows, columns))


def _reshaped(call: Call, view: Seen) -> View:
    """Places stay where they are if the axes they lie on come first and keep their sizes."""
    before: Any = call.arguments.keras_tensors[0].shape[1:]
    after: Any = call.shape
    if isinstance(call.op, _L.Flatten):
        return Special.SCATTERED
    if None in before or None in after or prod(before) != prod(after):
        return Special.SCATTERED if isinstance(call.op, _L.Reshape) else Special.UNKNOWN
    return view if tuple(before[:2]) == tuple(after[:2]) and set(view.at) == {1, 2} else Special.SCATTERED


def _sliced(view: Seen, item: Any, rank: int) -> View:
    keys = list(item) if isinstance(item, tuple) else [item]
    if Ellipsis in [key for key in keys if key is Ellipsis]:
        missing = rank - len(keys) + 1
        at = next(index for index, key in enumerate(keys) if key is Ellipsis)
        keys[at : at + 1] = [slice(None)] * missing
    keys += [slice(None)] * (rank - len(keys))
    if not all(isinstance(key, slice) for key in keys):
        return Special.UNKNOWN
    steps = [((keys[axis].start or 0), (keys[axis].step or 1)) for axis in view.at]
    if not all(isinstance(start, int) and isinstance(step, int) and start >= 0 < step for start, step in steps):
        return Special.UNKNOWN

    def change(start: int, step: int, key: slice) -> Change:
        def sliced(axis: Axis) -> Axis:
            size = None if axis.size is None else len(range(*key.indices(axis.size)))
            return windowed(axis, [start], step, size)

        return sliced

    return _each(view, view.at, [change(*step, keys[axis]) for step, axis in zip(steps, view.at, strict=True)])


def _axes_of(op: Any) -> tuple[int, int]:
    return (2, 3) if op.data_format == "channels_first" else (1, 2)


def _changes(op: Any) -> list[Change]:
    """Return what a layer of pictures does along its two axes."""
    if isinstance(op, (_L.ZeroPadding2D, _L.Cropping2D)):
        sign = 1 if isinstance(op, _L.ZeroPadding2D) else -1
        sides = op.padding if sign == 1 else op.cropping
        return [padding(sign * before, sign * after) for before, after in sides]
    if isinstance(op, _L.UpSampling2D):
        return [upsampling(factor, op.interpolation) for factor in op.size]
    if isinstance(op, _L.Conv2DTranspose):
        paddings = _pair(op.output_padding)
        sides = zip(_pair(op.kernel_size), _pair(op.strides), _pair(op.dilation_rate), paddings, strict=True)
        return [transposing(*side, op.padding) for side in sides]
    kernel = op.kernel_size if hasattr(op, "kernel_size") else op.pool_size
    return _windows(kernel, op.strides, getattr(op, "dilation_rate", 1), op.padding)


def _windows(kernel: Any, strides: Any, dilation: Any, padding: str) -> list[Change]:
    sides = zip(_pair(kernel), _pair(strides), _pair(dilation), strict=True)
    return [windowing(*side, padding) for side in sides]


def _pair(value: Any) -> tuple[Any, Any]:
    return (value[0], value[1]) if isinstance(value, (tuple, list)) else (value, value)


def _each(view: Seen, axes: tuple[int, int], changes: Sequence[Change]) -> View:
    """Change the view along two axes of its tensor; unknown if the picture does not lie on them."""
    if set(axes) != set(view.at):
        return Special.UNKNOWN
    by_axis = dict(zip(axes, changes, strict=True))
    rows, columns = (by_axis[axis](view.along(axis)) for axis in view.at)
    return replace(view, rows=rows, columns=columns)


def _join(views: Sequence[Seen]) -> View:
    """Return what a unit sees that depends on the units of several tensors at its place."""
    if any(view.at != views[0].at for view in views):
        return Special.UNKNOWN
    join = views[0]
    for view in views[1:]:
        rows, columns = joined(join.rows, view.rows), joined(join.columns, view.columns)
        if rows is None or columns is None:
            return Special.UNKNOWN
        join = replace(join, rows=rows, columns=columns)
    return join
