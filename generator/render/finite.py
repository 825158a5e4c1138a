"""Filters that give no finite numbers, as where one of their weights is NaN, told from the others of their layer.

A single one spoils its whole layer: sums over channels and the gradient multiply its values by zero, which gives NaN.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.models.activation_point import activation_point
from generator.models.conv_weights import conv_weights
from generator.models.describe import conv_positions
from generator.models.load import LoadedModel
from generator.render.feature_maps import feature_map_blocks

Array = NDArray[Any]

OVERFLOWING = 1e30
"""A weight that is larger gives numbers beyond those of float32 (3.4e38) with pixels of 255 and a few additions."""


@dataclass(frozen=True)
class NotFinite:
    """Filters of a layer, by index: those whose own weights are not all finite, and those whose activations are not."""

    weights: frozenset[int] = frozenset()
    activations: frozenset[int] = frozenset()


def not_finite(model: LoadedModel, layers: Sequence[int], size: tuple[int, int]) -> dict[int, NotFinite]:
    """Return for each of the layers, by index, the filters without finite numbers on noise of a size (height, width).

    Layers that a model cannot compute are left to fail when they are rendered.
    """
    noise = np.random.default_rng(0).integers(0, 256, (*size, model.summary.channels))
    activations: dict[int, frozenset[int]] = {}
    try:
        for block in feature_map_blocks(model, layers, noise):
            bad = _where(_unusable([block.activation, block.compared], block.activation.shape[-1]))
            own = frozenset(block.first + index for index in bad)
            activations[block.layer] = activations.get(block.layer, frozenset()) | own
    except Exception:  # a model's own layers can raise anything
        activations = {}
    return {layer: NotFinite(_by_weights(model, layer), activations.get(layer, frozenset())) for layer in layers}


@contextmanager
def finite_weights(model: LoadedModel) -> Iterator[None]:
    """Let weights that are not finite, or so large that nothing computed with them is, be zero while the block runs.

    Filters that do not depend on them give what they gave.
    """
    changed = []
    in_place = [variable for call in model.graph.calls if call.stands_for for variable in call.op.variables]
    for variable in (*model.keras_model.variables, *in_place):
        values = _numbers(variable)
        usable = np.isfinite(values) & (np.abs(values) < OVERFLOWING)
        if not usable.all():
            changed.append((variable, keras.ops.convert_to_numpy(variable).copy()))
            variable.assign(np.where(usable, values, 0))
    try:
        yield
    finally:
        for variable, values in changed:
            variable.assign(values)


def _by_weights(model: LoadedModel, layer: int) -> frozenset[int]:
    """Return the filters whose kernel, bias or batch normalisation is not finite."""
    graph, position = model.graph, conv_positions(model.graph)[layer - 1]
    point = activation_point(graph, position)
    conv, filters = graph.calls[position].op, model.summary.layers[layer - 1].filters
    norm = graph.calls[point.norm].op.variables if point.norm is not None else []
    bad = _unusable((_numbers(variable) for variable in norm), filters)
    if not all(np.isfinite(_numbers(variable)).all() for variable in conv.variables):
        weights = conv_weights(conv)
        with np.errstate(invalid="ignore"):  # infinity times zero
            kernels = weights.all_kernels()
        bad |= _unusable([kernels, *([] if weights.bias is None else [weights.bias])], filters)
    return _where(bad)


def _unusable(arrays: Iterable[Array], filters: int) -> Array:
    """Return (filters,): whether any of the values (..., filters) of each is not finite."""
    bad = np.zeros(filters, bool)
    for values in arrays:
        if values.shape[-1:] == (filters,):
            bad |= ~np.isfinite(values.reshape(-1, filters)).all(axis=0)
    return bad


def _where(bad: Array) -> frozenset[int]:
    return frozenset(np.flatnonzero(bad).tolist())


def _numbers(variable: Any) -> Array:
    return np.asarray(keras.ops.convert_to_numpy(variable)).astype(np.float64)
