"""One forward pass through a network, in which the activations of some layers are looked at as they come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from generator.models.activation_point import activation_point
from generator.models.describe import conv_positions
from generator.models.load import LoadedModel
from generator.render.backend import Tensor, compiled
from generator.render.network import as_input

Found = TypeVar("Found")


class Forward:
    """A pass through a network for pictures of one (height, width), up to the activations of some layers.

    ``points`` are the layers' activation points, by their index. ``graph`` ends at the last of them: what follows may
    take pictures of one size alone. ``shapes`` (batch left out) are those of its tensors.
    """

    def __init__(self, model: LoadedModel, layers: Sequence[int], size: tuple[int, int]) -> None:
        self._model = model
        convs = conv_positions(model.graph)
        self.points = {layer: activation_point(model.graph, convs[layer - 1]) for layer in layers}
        self.graph = model.graph.until(max(point.last for point in self.points.values()))
        self.shapes = self.graph.shapes(*size, int(model.graph.picture[-1] or model.summary.channels))
        self._needed = self.graph.needed([point.last for point in self.points.values()])

    def batch(self, floats: int, most: int) -> int:
        """Return for how many pictures the tensors have so many numbers together; at least 1, and at most ``most``."""
        outputs = (number for position in self._needed for number in self.graph.calls[position].outputs)
        own = sum(int(np.prod(self.shapes[number])) for number in outputs)
        return int(np.clip(floats // max(1, own), 1, most))

    def compiled(self, function: Callable[..., Any], free: Sequence[int] = (1,)) -> Callable[..., Any]:
        """Return a function of pictures as one compiled graph, but where operations of TensorFlow's may lose shapes.

        ``free`` says of each argument how many of its first axes may be of other lengths in later calls.
        """
        return function if self.graph.numeric else compiled(function, free=free)

    def visit(
        self, images: Tensor, kept: Mapping[int, Sequence[int]], look: Callable[[int, dict[int, Tensor]], Found]
    ) -> dict[int, Found]:
        """Return what ``look`` gives for the layers, by their index, as soon as each one's activation is computed.

        It is given the layer and the values of the tensors; those that a layer needs besides its activation are
        ``kept`` until then. A value is forgotten as soon as nothing needs it any more. ``images`` are (n, height,
        width, channels), from 0 to 255.
        """
        ends: dict[int, list[int]] = {}
        for layer, point in self.points.items():
            ends.setdefault(point.last, []).append(layer)
        last_use = {tensor: position for position in self._needed for tensor in self.graph.calls[position].inputs}
        for layer, tensors in kept.items():
            for tensor in tensors:
                last_use[tensor] = max(last_use.get(tensor, -1), self.points[layer].last)
        preprocess = self._model.summary.preprocess
        matrix = np.array(preprocess.matrix)
        plain = np.array_equal(matrix, np.eye(len(matrix))) and not any(preprocess.offset)
        values: dict[int, Any] = {self.graph.input: images if plain else as_input(self._model, images)}
        found: dict[int, Found] = {}
        for position in self._needed:
            call = self.graph.calls[position]
            call(values)
            for layer in ends.get(position, []):
                found[layer] = look(layer, values)
            for tensor in (*call.inputs, *call.outputs):
                if last_use.get(tensor, -1) <= position:
                    values.pop(tensor, None)
        return found
