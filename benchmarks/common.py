"""Shared by the measurements: models by name, the four photos, responses and contrast of pictures."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from generator import assets
from generator.config.entries import entry_for_source, photo_named
from generator.config.values import complete_settings
from generator.errors import UsageError
from generator.models.start import start_keras
from generator.pipeline.photos import open_photo
from generator.plan.choose import choose_filters

start_keras()

import keras  # noqa: E402

from generator.models.activation_point import activation_point, without_activation  # noqa: E402
from generator.models.ceiling import ceiling_at  # noqa: E402
from generator.models.describe import conv_positions  # noqa: E402
from generator.models.load import LoadedModel, load  # noqa: E402
from generator.render.optimize import Optimizer  # noqa: E402
from generator.render.search import Search  # noqa: E402

Array = NDArray[Any]

NETWORKS = ("demo", "tests/data/residual.keras")


def load_named(name: str) -> LoadedModel:
    """Return the model of a name that the command line takes."""
    entry = entry_for_source(name, Path())
    if entry is None:
        raise UsageError(f"no model {name!r}")
    return load(entry)


def spread(model: LoadedModel, layer: int, count: int) -> tuple[int, ...]:
    """Return some filters of a layer, spread evenly."""
    return choose_filters(count, model.summary.layers[layer - 1], "")


def rendered(model: LoadedModel, layer: int, filters: tuple[int, ...], **settings: Any) -> Array:
    """Return our pictures (n, h, w, c) of some filters, values from 0 to 1; settings not given have their defaults."""
    complete = complete_settings(settings)
    kind = Optimizer if complete.method == "pixel" else Search  # the reference is the loop alone
    pictures: Array = kind(model, layer, complete).run(filters).pictures
    return pictures


def network_input(model: LoadedModel, pictures: Any) -> Any:
    """Return the network's input for a tensor of pictures (n, h, w, c) with values from 0 to 255."""
    matrix, offset = np.array(model.summary.preprocess.matrix), np.array(model.summary.preprocess.offset)
    return keras.ops.matmul(pictures, keras.ops.cast(matrix, pictures.dtype)) + keras.ops.cast(offset, pictures.dtype)


def activation(model: LoadedModel, layer: int, pictures: Any) -> Any:
    """Return (n, h, w, filters): what Keras's own layers compute for pictures, 0 to 255, where responses are read.

    Of a bounded activation it is without the ceiling, as scores are.
    """
    graph = model.graph
    point = activation_point(graph, conv_positions(graph)[layer - 1])
    ceiling = ceiling_at(graph, point)
    fused = ceiling is not None and point.act is None
    values = {graph.input: network_input(model, pictures)}
    for position in graph.needed([point.last]):
        call = graph.calls[position]
        with without_activation(call.op) if fused and position == point.conv else nullcontext():
            call(values)
    end = graph.calls[point.last]
    if ceiling is None:
        return values[end.outputs[0]]
    if fused:
        return ceiling.uncapped(values[end.outputs[0]], end.op.activation(values[end.outputs[0]]))
    return ceiling.uncapped(values[end.inputs[0]], values[end.outputs[0]])


def all_responses(model: LoadedModel, layer: int, pixels: Array) -> Array:
    """Return (n, filters of the layer): the response of every filter to pictures (n, h, w, c), values 0 to 255."""
    pictures = keras.ops.convert_to_tensor(pixels.astype(keras.config.floatx()))
    means: Array = np.asarray(activation(model, layer, pictures), np.float64).mean(axis=(1, 2))
    return means


_PHOTOS: WeakKeyDictionary[LoadedModel, dict[int, Array]] = WeakKeyDictionary()


def best_photo(model: LoadedModel, layer: int, filters: tuple[int, ...]) -> Array:
    """Return each filter's largest response to the four bundled photos."""
    known = _PHOTOS.setdefault(model, {})
    if layer not in known:
        photos = [open_photo(photo_named(name, Path())) for name in assets.PHOTOS]
        size, channels = model.summary.photo_size(), model.summary.channels
        known[layer] = all_responses(model, layer, np.stack([p.fitted(size, channels) for p in photos])).max(axis=0)
    best: Array = known[layer][list(filters)]
    return best


def contrast(pixels: Array) -> Array:
    """Return, for pictures (n, h, w, c) from 0 to 255, the deviation of the strongest channel as part of the range."""
    deviations: Array = pixels.reshape(len(pixels), -1, pixels.shape[-1]).std(axis=1).max(axis=1) / 255
    return deviations
