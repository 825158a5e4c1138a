"""What every filter answers to a photo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.models.load import LoadedModel
from generator.models.reading import read_point
from generator.models.walk import conv_positions
from generator.render.network import as_input

Array = NDArray[Any]


def feature_maps(model: LoadedModel, layers: Sequence[int], photo: Array) -> Iterator[tuple[int, Array]]:
    """Yield, for each of the layers, its index and its activation (height, width, filters) on one photo.

    ``photo`` is (height, width, channels shown) with values from 0 to 255. The network runs once for all layers, and
    an activation is forgotten as soon as nothing needs it any more. Each is read where responses are.
    """
    graph = model.graph
    convs = conv_positions(graph)
    ends: dict[int, list[int]] = {}
    for layer in layers:
        ends.setdefault(read_point(graph, convs[layer - 1]).last, []).append(layer)
    needed = graph.needed(list(ends))
    last_use = {tensor: position for position in needed for tensor in graph.calls[position].inputs}
    values = {graph.input: as_input(model, keras.ops.convert_to_tensor(photo.astype(keras.config.floatx())[None]))}
    for position in needed:
        call = graph.calls[position]
        call(values)
        for layer in ends.get(position, []):
            activation = np.asarray(values[call.outputs[0]])[0]
            yield layer, np.moveaxis(activation, 0, -1) if graph.calls[convs[layer - 1]].channels_first else activation
        for tensor in (*call.inputs, *call.outputs):
            if last_use.get(tensor, -1) <= position:
                values.pop(tensor, None)
