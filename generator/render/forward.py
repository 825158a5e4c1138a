"""One forward pass through a network, in which the activations of some layers are looked at as they come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from generator.models.activation_point import ActivationPoint
from generator.models.load import LoadedModel
from generator.render.backend import Tensor
from generator.render.network import as_input

Found = TypeVar("Found")


def visited(
    model: LoadedModel,
    images: Tensor,
    points: Mapping[int, ActivationPoint],
    kept: Mapping[int, Sequence[int]],
    look: Callable[[int, dict[int, Tensor]], Found],
) -> dict[int, Found]:
    """Return what ``look`` gives for some layers, by their index, as soon as each one's activation is computed.

    It is given the layer and the values of the tensors; those that a layer needs besides its activation are ``kept``
    until then. A value is forgotten as soon as nothing needs it any more. ``images`` are (n, height, width, channels),
    from 0 to 255.
    """
    graph = model.graph
    needed = graph.needed([point.last for point in points.values()])
    ends: dict[int, list[int]] = {}
    for layer, point in points.items():
        ends.setdefault(point.last, []).append(layer)
    last_use = {tensor: position for position in needed for tensor in graph.calls[position].inputs}
    for layer, tensors in kept.items():
        for tensor in tensors:
            last_use[tensor] = max(last_use.get(tensor, -1), points[layer].last)
    preprocess = model.summary.preprocess
    matrix = np.array(preprocess.matrix)
    plain = np.array_equal(matrix, np.eye(len(matrix))) and not any(preprocess.offset)
    values: dict[int, Any] = {graph.input: images if plain else as_input(model, images)}
    found: dict[int, Found] = {}
    for position in needed:
        call = graph.calls[position]
        call(values)
        for layer in ends.get(position, []):
            found[layer] = look(layer, values)
        for tensor in (*call.inputs, *call.outputs):
            if last_use.get(tensor, -1) <= position:
                values.pop(tensor, None)
    return found
