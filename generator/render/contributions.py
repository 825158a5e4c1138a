"""What each input channel contributes to a filter where the filter fires.

A convolution's result is a sum over its input channels. Where filter j gives y_j = sum_i sum_k K[k, i, j] x_i(p + k)
+ b_j at the place p, channel i's part of it is the sum over k. It is averaged over all places of all images, each place
weighted by the filter's own activation a_j(p) there, so what counts is what the channel does when the filter fires:

    c[i, j] = sum_p a_j(p) sum_k K[k, i, j] x_i(p + k) / sum_p a_j(p)

The sum over all places is K times the gradient of sum_p a_j(p) y_j(p) at the kernel, for all pairs at the cost of
one step of training. Batch normalisation that alone follows the convolution is worked in. With a norm of the kernel in
place of this, a loud weight on a channel that is always silent would come first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.models.activation_point import without_activation
from generator.models.conv_weights import conv_weights, scale_and_offset
from generator.models.load import LoadedModel
from generator.render.backend import Tensor, kernel_gradient
from generator.render.folded_weights import folds
from generator.render.forward import Forward

Array = NDArray[Any]
ops = keras.ops
_L = keras.layers

LARGEST_FLOATS = 2**25
"""Activations that a batch may have in all layers together."""

LARGEST_BATCH = 64


@dataclass(frozen=True, eq=False)
class LayerContributions:
    """A layer's ``values`` (inputs, filters), NaN for filters that never fired, and its ``kernels``.

    ``inputs`` are the channels that each filter reads, which differ between the ``groups`` of a grouped convolution:
    see ``channel``. ``kernels`` are (height, width, inputs, filters) with the batch normalisation worked in.
    """

    values: Array
    kernels: Array
    groups: int

    def channel(self, place: int, index: int) -> int:
        """Return which channel of the layer's whole input the input at a place is for a filter."""
        inputs, filters = (int(side) for side in self.values.shape)
        return index // (filters // self.groups) * inputs + place


class Contributions:
    """Sums up what the input channels of some layers contribute to their filters, batch after batch of images.

    How large activations are is summed up of these layers, and ``also`` of others.
    """

    def __init__(
        self, model: LoadedModel, layers: Sequence[int], size: tuple[int, int], also: Collection[int] = ()
    ) -> None:
        self._model, self._layers = model, frozenset(layers)
        self._forward = Forward(model, sorted({*layers, *also}), size)
        self._points = self._forward.points
        self._kept = {layer: model.graph.calls[self._points[layer].conv].inputs for layer in layers}
        self._count = 0
        self.batch = self._forward.batch(LARGEST_FLOATS, LARGEST_BATCH)
        self._sums: dict[int, list[Array]] = {}
        self._run = self._forward.compiled(self._measured)

    def add(self, images: Array) -> None:
        """Count images (n, height, width, channels), values from 0 to 255."""
        measured = self._run(ops.convert_to_tensor(images.astype(keras.config.floatx())))
        for layer, sums in measured.items():
            own = [np.asarray(ops.convert_to_numpy(value), np.float64) for value in sums]
            before = self._sums.get(layer)
            self._sums[layer] = own if before is None else [a + b for a, b in zip(before, own, strict=True)]
        self._count += len(images)

    def power(self, layer: int) -> Array:
        """Return (filters,): the root mean square of a layer's activations, over all places of all images."""
        call = self._model.graph.calls[self._points[layer].last]
        shape = self._forward.shapes[call.outputs[0]]
        squares = self._sums[layer][0]
        places = np.prod(shape) / len(squares)
        return np.sqrt(squares / max(1, self._count * places))

    def of(self, layer: int) -> LayerContributions:
        """Return the contributions to the filters of a layer."""
        point, graph = self._points[layer], self._model.graph
        call = graph.calls[point.conv]
        weights = conv_weights(call.op)
        _, parts, activation = self._sums[layer]
        with np.errstate(invalid="ignore", divide="ignore"):
            values = np.where(activation > 0, parts / activation, np.nan)
        kernels = weights.all_kernels()
        if point.norm is not None and folds(graph.calls[point.norm], call.channels_first, weights.filters):
            scale, _ = scale_and_offset(graph.calls[point.norm].op)
            values, kernels = values * scale, kernels * scale
        return LayerContributions(values, kernels, weights.groups)

    def _measured(self, images: Tensor) -> dict[int, tuple[Tensor, ...]]:
        return self._forward.visit(images, self._kept, self._looked_at)

    def _looked_at(self, layer: int, values: dict[int, Tensor]) -> tuple[Tensor, ...]:
        """Return (filters,) sums of squares, (inputs, filters) parts of the weighted sum, (filters,) sums of weights.

        Only the first of a layer of which no more is asked.
        """
        graph, point = self._model.graph, self._points[layer]
        conv = graph.calls[point.conv]
        value = values[graph.calls[point.last].outputs[0]]
        places = (2, 3) if conv.channels_first else (1, 2)
        squares = ops.sum(ops.square(ops.cast(value, "float32")), axis=(0, *places))
        if layer not in self._layers:
            return (squares,)
        activation = ops.relu(value)
        total = ops.sum(ops.cast(activation, "float32"), axis=(0, *places))
        inputs = {number: values[number] for number in conv.inputs}
        sparse = _is_sparse(conv.op)
        if sparse and isinstance(conv.op, _L.Conv2DTranspose):
            activation = _every(activation, conv.op.strides, places, inputs[conv.inputs[0]])
        elif sparse:
            inputs = {number: _every(value, conv.op.strides, places) for number, value in inputs.items()}

        def convolved() -> Tensor:
            given = dict(inputs)
            with without_activation(conv.op), _without_stride(conv.op) if sparse else nullcontext():
                conv(given)
            return given[conv.outputs[0]]

        separable = isinstance(conv.op, _L.SeparableConv2D)
        kernel = conv.op.pointwise_kernel if separable else conv.op.kernel
        gradient = kernel_gradient(convolved, kernel, activation)
        parts = ops.sum(ops.cast(gradient, "float32") * ops.cast(kernel, "float32"), axis=(0, 1))
        return squares, _by_input(conv.op, parts), total


def _is_sparse(op: Any) -> bool:
    """Tell whether a convolution has a stride but a kernel of one place.

    TensorFlow 2.21 crashes on the gradient at such a kernel; without the places that the stride passes over, it is the
    same convolution without a stride.
    """
    strided = not isinstance(op, _L.SeparableConv2D) and max(op.strides) > 1
    return strided and tuple(op.kernel_size) == (1, 1)


def _every(value: Tensor, strides: tuple[int, int], places: tuple[int, int], like: Tensor | None = None) -> Tensor:
    """Return the places of a tensor that a stride meets, as many as another one has."""
    for axis, stride in zip(places, strides, strict=True):
        steps = [slice(None)] * axis + [slice(None, None, stride)]
        value = value[tuple(steps)]
        if like is not None:
            value = value[tuple([slice(None)] * axis + [slice(0, ops.shape(like)[axis])])]
    return value


@contextmanager
def _without_stride(op: Any) -> Iterator[None]:
    """Let a convolution move by one place while the block runs."""
    own = {name: getattr(op, name) for name in ("strides", "output_padding") if hasattr(op, name)}
    op.strides = (1, 1)
    if "output_padding" in own:
        op.output_padding = None
    try:
        yield
    finally:
        for name, value in own.items():
            setattr(op, name, value)


def _by_input(op: Any, parts: Tensor) -> Tensor:
    """Return (inputs, filters) of a kernel's parts, summed over its places, as ``ConvWeights`` has them."""
    if isinstance(op, _L.SeparableConv2D):
        count, filters = parts.shape
        multiplier = int(op.depth_multiplier)
        return ops.sum(ops.reshape(parts, (count // multiplier, multiplier, filters)), axis=1)
    if isinstance(op, _L.DepthwiseConv2D):
        return ops.reshape(parts, (1, -1))
    return ops.transpose(parts) if isinstance(op, _L.Conv2DTranspose) else parts
