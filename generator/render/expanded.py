"""Expanded weights: the linear effect on a filter of filters two and three convolutions before it.

With the nonlinearities between them left out, a filter's result is a linear map of the activations of an earlier layer:
a kernel for each pair, as those of neighbours have one (Voss et al., "Visualizing weights", Distill 2021,
doi:10.23915/distill.00024.007, on expanded weights). It shows what a convolution of a single place hides, which only
mixes what others have found at many. It is found from the filter's end: one number of its map, in the middle, is pulled
back through the convolutions, for all channels of all layers on the way at once. Where a layer reads a sum, or several
layers side by side, all paths of so many convolutions are added up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.models.activation_point import ActivationPoint, activation_point
from generator.models.describe import conv_positions
from generator.models.load import LoadedModel
from generator.models.summary import ConvLayer
from generator.render.backend import Tensor
from generator.render.linear import NotLinearError, between, convolution

Array = NDArray[Any]
Maps = dict[int, Array]
"""By the index of a layer, (filters, height, width, channels): its channels' kernels for each of some filters."""

ops = keras.ops

FOLLOWED = 8
"""Layers that are followed further at each step, of those that a layer reads: those with the largest effect."""

LARGEST_FLOATS = 2**23
"""Numbers that a tensor may have for all filters of a batch together."""

_SIDES = (32, 64, 96, 128, 192)
"""Sides of pictures tried, in which kernels have room; the least is the fastest."""


class ExpandedWeights:
    """The expanded weights of a model's filters.

    ``powers`` are the root mean squares of the activations of channels, by the index of their layer: what is
    silent has no effect, however large the weights.
    """

    def __init__(self, model: LoadedModel, powers: Mapping[int, Array]) -> None:
        self._model, self._powers = model, powers
        positions = conv_positions(model.graph)
        self._points = {index: activation_point(model.graph, at) for index, at in enumerate(positions, start=1)}
        self._sized: dict[tuple[tuple[int, int], bool], _Sized | None] = {}

    def of(
        self, layer: int, filters: Sequence[int], wanted: Mapping[int, Collection[int]]
    ) -> Iterator[tuple[Sequence[int], dict[int, Maps]]]:
        """Give some of the filters after the others, each time with the maps of the layers at each distance.

        ``wanted`` are the layers at each distance, in convolutions, the layer's own counted; those that are not
        followed have no map. Nothing is given where the network is not linear even without its activations.
        """
        own = self._model.summary.layers[layer - 1]
        sizes = list(self._sizes(own, wanted))
        for place, size in enumerate(sizes):
            sized = self._at(size, own.own_size)
            if sized is None:
                continue
            first = min(self._points[source].conv for layers in wanted.values() for source in layers)
            batch = sized.batch(first, self._points[layer].last)
            if place + 1 < len(sizes) and any(map(_touches, self._walked(sized, layer, filters[:1], wanted).values())):
                continue  # there is more than fits
            for begin in range(0, len(filters), batch):
                some = filters[begin : begin + batch]
                yield some, self._walked(sized, layer, some, wanted)
            return

    def _walked(
        self, sized: _Sized, layer: int, filters: Sequence[int], wanted: Mapping[int, Collection[int]]
    ) -> dict[int, Maps]:
        found = sized.walk(layer, filters, max(wanted), self._powers)
        chosen = {
            distance: {index: own for index, own in found.get(distance, {}).items() if index in layers}
            for distance, layers in wanted.items()
        }
        return {distance: maps for distance, maps in chosen.items() if maps}

    def _sizes(self, layer: ConvLayer, wanted: Mapping[int, Collection[int]]) -> Iterator[tuple[int, int]]:
        """Give the (height, width) of pictures to try, the last of which is taken whatever fits."""
        summary = self._model.summary.for_layer(layer)
        fields = [summary.layers[source - 1].receptive_field or (0, 0) for source in max(wanted.items())[1]]
        least = max(layer.receptive_field or (0, 0)) - min((min(sees) for sees in fields), default=0)
        sizes = [summary.picture_size(side) for side in _SIDES if side > least]
        yield from dict.fromkeys([*sizes, summary.photo_size()])

    def _at(self, size: tuple[int, int], own_size: bool) -> _Sized | None:
        """Return the network at a size, None if it does not take it; layers of their ``own_size`` need not be there."""
        if (size, own_size) not in self._sized:
            layers = self._model.summary.layers
            points = {index: own for index, own in self._points.items() if own_size or not layers[index - 1].own_size}
            try:
                self._sized[size, own_size] = _Sized(self._model, points, size)
            except Exception:  # whatever operations raise that do not take the size
                self._sized[size, own_size] = None
        return self._sized[size, own_size]


class _Sized:
    """A network cut at the activations of its convolutions, for pictures of one size."""

    def __init__(self, model: LoadedModel, points: Mapping[int, ActivationPoint], size: tuple[int, int]) -> None:
        self._graph = model.graph.until(max(point.last for point in points.values()))
        self._points = points
        self._shapes = self._graph.shapes(*size, int(model.graph.picture[-1] or model.summary.channels))
        self._layer_of = {self._graph.calls[point.last].outputs[0]: index for index, point in points.items()}
        self._pulls: dict[int, Any] = {}

    def batch(self, first: int, last: int) -> int:
        """Return for how many filters the tensors between two positions are not too large."""
        outputs = [number for call in self._graph.calls[first : last + 1] for number in call.outputs]
        return max(1, LARGEST_FLOATS // max(int(np.prod(self._shapes[number])) for number in outputs))

    def walk(self, layer: int, filters: Sequence[int], furthest: int, powers: Mapping[int, Array]) -> dict[int, Maps]:
        """Return for each distance the maps of all layers reached on paths of so many convolutions."""
        tensor = self._graph.calls[self._points[layer].last].outputs[0]
        first = self._is_first(layer)
        shape = self._shapes[tensor]
        height, width = shape[1:] if first else shape[:2]
        unit = np.zeros((len(filters), *shape), keras.config.floatx())
        for place, index in enumerate(filters):
            at = (index, height // 2, width // 2) if first else (height // 2, width // 2, index)
            unit[(place, *at)] = 1
        level: dict[int, Tensor] = {layer: ops.convert_to_tensor(unit)}
        found: dict[int, Maps] = {}
        try:
            for distance in range(1, furthest + 1):
                level = self._back(level)
                found[distance] = {index: self._map(index, value) for index, value in level.items()}
                effects = {index: _effect(own, powers.get(index)) for index, own in found[distance].items()}
                kept = sorted(effects, key=lambda index: (-effects[index], index))[:FOLLOWED]
                level = {index: level[index] for index in kept}
        except NotLinearError:  # what is nearer is known
            pass
        return found

    def _back(self, level: Mapping[int, Tensor]) -> dict[int, Tensor]:
        """Return what is pulled back from layers through their convolution to all layers that it reads."""
        before: dict[int, Tensor] = {}
        for index, weights in level.items():
            for pull in self._pulls_of(index):
                pulled = pull(weights)
                weights = next(iter(pulled.values()), None)
            for tensor, value in pulled.items():
                source = self._layer_of.get(tensor)
                if source is not None:
                    before[source] = before[source] + value if source in before else value
        return before

    def _pulls_of(self, index: int) -> tuple[Any, Any]:
        """Return the functions that pull back through a layer's convolution, and through what leads to it.

        Raises NotLinearError.
        """
        if index not in self._pulls:
            try:
                conv = convolution(self._graph, self._points[index])
                path = between(self._graph, conv.inputs[0], self._layer_of.keys() - {conv.output})
                for piece in (conv, path):
                    piece.check_linear(self._shapes)
                self._pulls[index] = tuple(piece.pulling(self._shapes, self._graph.numeric) for piece in (conv, path))
            except NotLinearError:
                self._pulls[index] = None
        if self._pulls[index] is None:
            raise NotLinearError
        pulls: tuple[Any, Any] = self._pulls[index]
        return pulls

    def _is_first(self, layer: int) -> bool:
        return self._graph.calls[self._points[layer].conv].channels_first

    def _map(self, layer: int, value: Tensor) -> Array:
        own = np.asarray(ops.convert_to_numpy(value), np.float32)
        return np.moveaxis(own, 1, -1) if self._is_first(layer) else own


def _effect(maps: Array, powers: Array | None) -> float:
    """Return how large the effect of all channels of a layer is together."""
    norms = np.sqrt(np.square(maps).sum(axis=(1, 2)))
    return float((norms * (1.0 if powers is None else powers)).sum())


def _touches(maps: Maps) -> bool:
    """Tell whether a kernel reaches the border of its map."""
    return any(bool(own[:, edge].any() or own[:, :, edge].any()) for own in maps.values() for edge in (0, -1))
