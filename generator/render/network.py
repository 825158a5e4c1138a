"""A network prepared for optimisation: what never changes is computed once, and only what a target needs is run.

Weights are taken once, in the network's precision. A batch normalisation that follows a convolution is folded into its
weights (Jacob et al., CVPR 2018, section 3.2), any other is one multiplication and one addition. Of the target layer,
only the target channels are computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

import keras
import numpy as np
from keras.src.backend import AutocastScope
from numpy.typing import NDArray

from generator.models.activation_point import (
    ActivationPoint,
    activation_point,
    by_element,
    has_own_activation,
    without_activation,
)
from generator.models.ceiling import Ceiling, ceiling_at
from generator.models.conv_weights import conv_weights, scale_and_offset
from generator.models.describe import conv_positions
from generator.models.graph import TO_FIRST, TO_LAST, Call
from generator.models.load import LoadedModel
from generator.render.backend import Tensor, outside_graphs, with_shape

Array = NDArray[Any]
ops = keras.ops
Values = dict[int, Tensor]

NARROW = 32
"""Below so many channels it does not pay to pick some."""


class Network:
    """A model's calls, run in one precision up to any of its convolutions.

    In ``bfloat16`` everything from the first convolution on is computed in it; sums inside a convolution are kept in
    float32 by the hardware or by oneDNN.
    """

    def __init__(self, model: LoadedModel, precision: str = "float32") -> None:
        self.model = model
        self.dtype = "bfloat16" if precision == "bfloat16" else keras.config.floatx()
        self._graph = model.graph
        self._convs = conv_positions(self._graph)
        self._points = {position: activation_point(self._graph, position) for position in self._convs}
        self._folded = {point.norm: conv for conv, point in self._points.items() if self._folds(point)}
        self._shapes: dict[tuple[int, ...], dict[int, tuple[int, ...]]] = {}
        self._weights: dict[tuple[int, bool], tuple[Tensor, Tensor]] = {}
        self._ceilings: dict[int, Ceiling | None] = {}

    def point(self, layer: int) -> ActivationPoint:
        """Return where the responses of a layer, by its index in the summary, are read."""
        return self._points[self._convs[layer - 1]]

    def narrows(self, layer: int) -> bool:
        """Tell whether single channels of a layer can be computed without the others."""
        point = self.point(layer)
        conv = self._graph.calls[point.conv]
        plain = _is_prepared(conv) and _is_plain(conv.op, keras.layers.Conv2D)
        grouped = getattr(conv.op, "groups", 1) > 1
        foldable = point.norm is None or self._folds(point)
        enough = self.model.summary.layers[layer - 1].filters > NARROW
        return plain and not grouped and foldable and enough and by_element(self._graph, point)

    def pre_activation(self, layer: int, images: Tensor, computed_channels: Tensor | None = None) -> Tensor:
        """Return the pre-activation (n, height, width, channels) at a layer's activation point, in float32.

        ``images`` is the network's input; ``computed_channels`` (k,) are indices, None for all.
        """
        point = self.point(layer)
        return self._channels_last(
            point, self._target(point, self._values(point, images), computed_channels, point.norm is not None)
        )

    def activation(self, layer: int) -> Callable[[Tensor], Tensor]:
        """Return the activation through which a layer's responses are read, as a function of its pre-activation."""
        point = self.point(layer)
        own = self._graph.calls[point.conv].op
        if point.act is None:
            return own.activation if has_own_activation(own) else (lambda z: z)
        call = self._graph.calls[point.act]

        channels_first = self._graph.calls[point.conv].channels_first

        def apply(value: Tensor) -> Tensor:
            whole = channels_first and len(value.shape) == 4  # else it is a single channel
            values = dict.fromkeys(call.inputs, ops.transpose(value, TO_FIRST) if whole else value)
            with _computing_in([call], None):
                call(values)
            activation = values[call.outputs[0]]
            return ops.transpose(activation, TO_LAST) if whole else activation

        return apply

    def uncapped(self, layer: int) -> Callable[[Tensor], Tensor]:
        """Return the activation of ``activation`` without its ceiling, by which a layer is optimised and scored."""
        activate = self.activation(layer)
        if layer not in self._ceilings:
            with outside_graphs():
                self._ceilings[layer] = ceiling_at(self._graph, self.point(layer))
        ceiling = self._ceilings[layer]
        return activate if ceiling is None else (lambda z: ceiling.uncapped(z, activate(z)))

    def output(self, layer: int, images: Tensor, computed_channels: Tensor | None = None) -> Tensor:
        """Return the layer's own output (n, height, width, channels), whatever follows it, in float32.

        It is without the ceiling of the layer's own activation.
        """
        point = self.point(layer)
        pre_activation = self._channels_last(
            point, self._target(point, self._values(point, images), computed_channels, False)
        )
        own = self._graph.calls[point.conv].op
        return self.uncapped(layer)(pre_activation) if has_own_activation(own) else pre_activation

    def _values(self, point: ActivationPoint, images: Tensor) -> Values:
        """Run everything that a convolution needs."""
        needed = self._graph.needed([point.conv])[:-1]
        values: Values = {self._graph.input: images}
        met = False
        for position in needed:
            call = self._graph.calls[position]
            met = met or position in self._points
            self._restore_shapes(call, values)
            if position in self._folded:
                values[call.outputs[0]] = values[call.inputs[0]]
            elif position in self._points:
                values[call.outputs[0]] = self._convolution(position, values)
            elif _is_plain(call.op, keras.layers.BatchNormalization) and _last_axis(call):
                scale, offset = self._own(position, False, partial(scale_and_offset, call.op))
                value = values[call.inputs[0]]  # before the first convolution this is float32 still
                values[call.outputs[0]] = value * ops.cast(scale, value.dtype) + ops.cast(offset, value.dtype)
            else:
                with _computing_in([call], self.dtype if met else None):
                    call(values)
        self._restore_shapes(self._graph.calls[point.conv], values)
        return values

    def _restore_shapes(self, call: Call, values: Values) -> None:
        """Say the sizes of what a layer takes, where TensorFlow's operations lose them while a function is compiled."""
        if not self._graph.numeric or not isinstance(call.op, keras.Layer):
            return
        for number in call.values:
            if values[number].shape.rank is not None and None not in values[number].shape[1:]:
                continue
            size = tuple(values[self._graph.input].shape[1:])
            if size not in self._shapes:
                with outside_graphs():
                    self._shapes[size] = self._graph.shapes(*size)
            values[number] = with_shape(values[number], self._shapes[size][number])

    def _convolution(self, position: int, values: Values) -> Tensor:
        call, point = self._graph.calls[position], self._points[position]
        if not _is_prepared(call):
            with _computing_in([call], self.dtype):
                inner = dict(values)
                call(inner)
                return inner[call.outputs[0]]
        value = self._target(point, values, None, point.norm in self._folded)
        return call.op.activation(value) if has_own_activation(call.op) else value

    def _target(
        self, point: ActivationPoint, values: Values, computed_channels: Tensor | None, normalised: bool
    ) -> Tensor:
        """Return a convolution's pre-activation, through the batch normalisation that follows it if ``normalised``."""
        call = self._graph.calls[point.conv]
        if not _is_prepared(call) or (normalised and not self._folds(point)):
            assert computed_channels is None
            return self._by_keras(point, dict(values), normalised)
        norm = self._graph.calls[point.norm].op if normalised and point.norm is not None else None
        kernel, bias = self._own(point.conv, normalised, partial(_kernel_and_bias, call.op, norm))
        if computed_channels is not None:
            kernel, bias = ops.take(kernel, computed_channels, axis=-1), ops.take(bias, computed_channels, axis=-1)
        image = ops.cast(values[call.inputs[0]], self.dtype)
        convolve = ops.depthwise_conv if isinstance(call.op, keras.layers.DepthwiseConv2D) else ops.conv
        convolved = convolve(
            image,
            kernel,
            strides=call.op.strides,
            padding=call.op.padding,
            data_format="channels_last",
            dilation_rate=call.op.dilation_rate,
        )
        return convolved + bias

    def _by_keras(self, point: ActivationPoint, values: Values, normalised: bool) -> Tensor:
        calls = [self._graph.calls[point.conv]]
        if normalised and point.norm is not None:
            calls.append(self._graph.calls[point.norm])
        with _computing_in(calls, self.dtype), without_activation(calls[0].op):
            for call in calls:
                call(values)
        return values[calls[-1].outputs[0]]

    def _own(self, position: int, normalised: bool, make: Callable[[], tuple[Array, Array]]) -> tuple[Tensor, Tensor]:
        """Return a call's two arrays as tensors of the network's precision, made at their first use."""
        key = (position, normalised)
        if key not in self._weights:
            with outside_graphs():
                first, second = make()
                self._weights[key] = ops.convert_to_tensor(first, self.dtype), ops.convert_to_tensor(second, self.dtype)
        return self._weights[key]

    def _folds(self, point: ActivationPoint) -> bool:
        if point.norm is None:
            return False
        norm = self._graph.calls[point.norm]
        return (
            _is_prepared(self._graph.calls[point.conv])
            and _is_plain(norm.op, keras.layers.BatchNormalization)
            and _last_axis(norm)
        )

    def _channels_last(self, point: ActivationPoint, value: Tensor) -> Tensor:
        """Return what a layer gives in float32, its channels on the last axis."""
        value = ops.cast(value, keras.config.floatx()) if self.dtype == "bfloat16" else value
        return ops.transpose(value, TO_LAST) if self._graph.calls[point.conv].channels_first else value


def as_input(model: LoadedModel, pictures: Tensor) -> Tensor:
    """Return what the network takes for pictures (n, height, width, channels) with values from 0 to 255."""
    preprocess = model.summary.preprocess
    matrix, offset = (ops.cast(np.array(part), pictures.dtype) for part in (preprocess.matrix, preprocess.offset))
    return ops.matmul(pictures, matrix) + offset


def _is_plain(op: object, kind: type) -> bool:
    """Tell whether an operation is of just that type: what a class derived from it computes is not known."""
    return type(op) is kind


def _is_prepared(call: Call) -> bool:
    return type(call.op) in (keras.layers.Conv2D, keras.layers.DepthwiseConv2D) and not call.channels_first


def _last_axis(call: Call) -> bool:
    return int(call.op.axis) in (-1, len(call.shape))


def _kernel_and_bias(op: Any, norm: Any | None) -> tuple[Array, Array]:
    """Return a convolution's kernel, its axes as Keras has them, and its bias, with a batch normalisation folded in."""
    kernels, bias = conv_weights(op).folded(norm)
    return kernels.reshape(op.kernel.shape), bias


@contextmanager
def _computing_in(calls: list[Call], dtype: str | None) -> Iterator[None]:
    """Let layers compute in bfloat16, or at least in float32, while the block runs."""
    layers = [call.op for call in calls if isinstance(call.op, keras.Layer)]
    half = [layer for layer in layers if layer.compute_dtype in ("float16", "bfloat16")]
    changed = layers if dtype == "bfloat16" else half
    before = [layer.dtype_policy for layer in changed]
    policy = "mixed_bfloat16" if dtype == "bfloat16" else "float32"
    try:
        for layer in changed:
            layer.dtype_policy = policy
        # The policy alone would leave weights that are kept in half precision as they are.
        with AutocastScope(policy.removeprefix("mixed_")) if changed else nullcontext():
            yield
    finally:
        for layer, own in zip(changed, before, strict=True):
            layer.dtype_policy = own
