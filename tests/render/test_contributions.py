"""Contributions against silenced channels: what a filter loses where an input channel is set to zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from generator.models.activation_point import activation_point, without_activation
from generator.models.describe import conv_positions
from generator.models.load import LoadedModel
from generator.render.contributions import Contributions
from tests.models import nets
from tests.models.architectures import ARCHITECTURES
from tests.render.nets import assembled, scrambled


def lost(model: LoadedModel, layer: int, pixels: np.ndarray) -> np.ndarray:
    """Return (channels, filters): the mean loss, weighted by the filter's own activation; NaN if it never fires."""
    graph = model.graph
    values: dict[int, Any] = {graph.input: ops.convert_to_tensor(pixels.astype(np.float32))}
    point = activation_point(graph, conv_positions(graph)[layer - 1])
    conv = graph.calls[point.conv]
    for position in graph.needed([point.last]):
        graph.calls[position](values)
    axis = 1 if conv.channels_first else -1
    activation = np.moveaxis(np.asarray(values[graph.calls[point.last].outputs[0]]), axis, -1).clip(0)

    def result(taken: np.ndarray) -> np.ndarray:
        given = {conv.inputs[0]: ops.convert_to_tensor(taken)}
        with without_activation(conv.op):
            conv(given)
        if point.norm is not None:
            graph.calls[point.norm](given)
        last = conv if point.norm is None else graph.calls[point.norm]
        return np.moveaxis(np.asarray(given[last.outputs[0]], np.float64), axis, -1)

    whole = np.asarray(values[conv.inputs[0]])
    rows = []
    for channel in range(whole.shape[axis]):
        silenced = whole.copy()
        np.moveaxis(silenced, axis, 0)[channel] = 0
        rows.append(((result(whole) - result(silenced)) * activation).sum((0, 1, 2)))
    with np.errstate(invalid="ignore", divide="ignore"):
        total = activation.sum((0, 1, 2), dtype=np.float64)
        return np.where(total > 0, np.stack(rows) / total, np.nan)


NETWORKS: dict[str, Callable[[], keras.Model]] = {
    **ARCHITECTURES,
    "kinds": nets.kinds,
    "channels first": lambda: nets.either_format("channels_first"),
    "channels last": lambda: nets.either_format("channels_last"),
    "subclassed": nets.subclassed,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_channels_contribution_is_what_is_lost_without_it(name: str) -> None:
    model = assembled(scrambled(NETWORKS[name]()))
    summary = model.summary.for_images()
    size = summary.photo_size()
    size = size if max(size) < 64 else summary.picture_size(32)
    pixels = np.random.default_rng(0).integers(0, 256, (3, *size, model.summary.channels), np.uint8)
    every = [layer.index for layer in model.summary.layers]
    contributions = Contributions(model, every, size)
    contributions.add(pixels[:2])
    contributions.add(pixels[2:])
    for layer in every:
        expected, found = lost(model, layer, pixels), contributions.of(layer)
        filters = range(expected.shape[1])
        places = range(found.values.shape[0])
        actual = np.zeros_like(expected)
        for index in filters:
            for place in places:
                actual[found.channel(place, index), index] = found.values[place, index]
        actual[:, np.isnan(expected).all(axis=0)] = np.nan
        scale = np.nanmax(np.abs(expected), initial=1e-6)
        np.testing.assert_allclose(actual / scale, expected / scale, atol=2e-4, err_msg=f"layer {layer}")
        assert found.kernels.shape[2:] == found.values.shape
    assert any(np.isfinite(contributions.of(layer).values).any() for layer in every)


@pytest.mark.parametrize("order", ["channels_first", "channels_last"])
def test_the_power_of_a_layer_is_the_root_mean_square_of_its_activations(order: str) -> None:
    model = assembled(scrambled(nets.either_format(order)))
    size = model.summary.for_images().picture_size(32)
    pixels = np.random.default_rng(0).integers(0, 256, (5, *size, model.summary.channels), np.uint8)
    every = [layer.index for layer in model.summary.layers]
    contributions = Contributions(model, every[-1:], size, also=every[:-1])
    contributions.add(pixels[:2])
    contributions.add(pixels[2:])
    graph = model.graph
    values: dict[int, Any] = {graph.input: ops.convert_to_tensor(pixels.astype(np.float32))}
    points = {layer: activation_point(graph, conv_positions(graph)[layer - 1]) for layer in every}
    for position in graph.needed([point.last for point in points.values()]):
        graph.calls[position](values)
    for layer, point in points.items():
        value = np.asarray(values[graph.calls[point.last].outputs[0]], np.float64)
        axes = (0, 2, 3) if graph.calls[point.conv].channels_first else (0, 1, 2)
        np.testing.assert_allclose(contributions.power(layer), np.sqrt(np.square(value).mean(axis=axes)), rtol=1e-4)
