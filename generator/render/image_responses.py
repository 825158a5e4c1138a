"""What filters do on many images: of each activation its mean and where it is largest, and nothing of the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.models.activation_point import ActivationPoint, without_activation
from generator.models.ceiling import Ceiling, ceiling_at
from generator.models.graph import TO_LAST
from generator.models.load import LoadedModel
from generator.models.receptive_field import unit_windows
from generator.models.summary import ConvLayer
from generator.render.backend import Tensor, first_peaks
from generator.render.forward import Forward

Array = NDArray[Any]
ops = keras.ops

LARGEST_FLOATS = 2**26
"""Activations that a batch may have in all layers together: a quarter of a gigabyte."""

LARGEST_BATCH = 128


@dataclass(frozen=True, eq=False)
class Responses:
    """What the filters of a layer do on a batch of images; every array is (images, filters).

    ``response`` is the spatial mean of the activation, ``peak`` its largest value, ``place`` where that is: the first
    such position, row by row. ``trough`` and ``trough_place`` are the same of the least value, for layers whose
    activations can be plainly negative; else None.
    """

    response: Array
    peak: Array
    place: Array
    trough: Array | None
    trough_place: Array | None


class ImageResponses:
    """Measures the responses of some layers of a network to images of one size, in one forward pass for all layers.

    An activation with a ceiling is read without it, as pictures are optimised and scored: at the ceiling all images
    would be the same. ``maps`` are the (height, width) of the layers' activations, ``windows`` what their units see by
    row and column, see ``receptive_field.unit_windows``. ``batch`` is how many images it takes best at a time.
    """

    def __init__(self, model: LoadedModel, layers: Sequence[int], size: tuple[int, int]) -> None:
        self._model = model
        self._forward = Forward(model, layers, size)
        self._points, shapes = self._forward.points, self._forward.shapes
        graph = self._forward.graph
        self._ceilings: dict[int, Ceiling | None] = {
            layer: ceiling_at(model.graph, point) for layer, point in self._points.items()
        }
        self.maps: dict[int, tuple[int, int]] = {}
        for layer, point in self._points.items():
            shape = shapes[graph.calls[point.last].outputs[0]]
            self.maps[layer] = (shape[1], shape[2]) if graph.calls[point.conv].channels_first else (shape[0], shape[1])
        windows = unit_windows(graph, size, shapes)
        self.windows = {layer: windows[point.conv] for layer, point in self._points.items()}
        self.batch = self._forward.batch(LARGEST_FLOATS, LARGEST_BATCH)
        self._run = self._forward.compiled(self._measured)

    def __call__(self, images: Array) -> Mapping[int, Responses]:
        """Return the responses, by a layer's index, to images (n, height, width, channels), values from 0 to 255."""
        measured = self._run(ops.convert_to_tensor(images.astype(keras.config.floatx())))
        return {layer: _responses(values, self.maps[layer][1]) for layer, values in measured.items()}

    def _measured(self, images: Tensor) -> dict[int, tuple[Tensor, ...]]:
        kept = {  # what an activation without its ceiling is taken of
            layer: (*self._model.graph.calls[point.conv].inputs, *_before(self._model, point))
            for layer, point in self._points.items()
            if self._ceilings[layer] is not None
        }
        return self._forward.visit(images, kept, self._looked_at)

    def _looked_at(self, layer: int, values: dict[int, Tensor]) -> tuple[Tensor, ...]:
        graph = self._model.graph
        activation = self._channels_last(layer, values[graph.calls[self._points[layer].last].outputs[0]])
        own = self._model.summary.layers[layer - 1]
        return _reduced(self._without_ceiling(layer, values, activation), own)

    def _channels_last(self, layer: int, value: Tensor) -> Tensor:
        first = self._model.graph.calls[self._points[layer].conv].channels_first
        return ops.cast(ops.transpose(value, TO_LAST) if first else value, keras.config.floatx())

    def _without_ceiling(self, layer: int, values: dict[int, Tensor], activation: Tensor) -> Tensor:
        ceiling, point = self._ceilings[layer], self._points[layer]
        if ceiling is None:
            return activation
        conv = self._model.graph.calls[point.conv]
        values = dict(values)
        if point.act is None:
            with without_activation(conv.op):
                conv(values)
        (before,) = _before(self._model, point)
        return ceiling.uncapped(self._channels_last(layer, values[before]), activation)


def _before(model: LoadedModel, point: ActivationPoint) -> tuple[int, ...]:
    """Return the tensor that the activation at a point is taken of."""
    position = point.conv if point.norm is None else point.norm
    return (model.graph.calls[position].outputs[0],)


def _reduced(activation: Tensor, layer: ConvLayer) -> tuple[Tensor, ...]:
    """Return, each (n, filters): the mean, the largest value, its row and its column; if signed those of the least."""
    mean = ops.mean(ops.mean(activation, axis=2), axis=1)
    floor = None if layer.below_zero else 0.0
    return (mean, *first_peaks(activation, floor), *(first_peaks(-activation) if layer.signed else ()))


def _responses(values: tuple[Tensor, ...], width: int) -> Responses:
    mean, peak, row, column, *least = (np.asarray(value) for value in values)
    trough = place = None
    if least:
        trough, place = -least[0], least[1] * width + least[2]
    return Responses(mean, peak, row * width + column, trough, place)
