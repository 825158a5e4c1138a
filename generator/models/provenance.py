"""Where each input channel of a convolution comes from: which filters of which convolutions before it.

Every tensor is followed as labels, one for each place that its channels differ at; a label stands for the set of
filters that a number comes from. What acts on each number alone, and joins of numbers at one place, unite labels. Any
other operation is tried: it is given numbers that stand for the labels, and where each result is one of these, it was
only moved. So concatenations, slices, shuffles, poolings, paddings and resizing are followed whatever they are called,
and of what mixes channels nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.models.graph import Call, Graph
from generator.models.receptive_field import is_by_place, is_keras_own
from generator.models.recording import CONVOLUTIONS
from generator.models.summary import PICTURE_LAYER, ChannelRun
from generator.models.tf_graph.operations import TensorFlowOp

Labels = NDArray[np.int64]
"""Has the rank of its tensor, and length 1 along axes on which all is the same."""

NOTHING, UNKNOWN = 0, 1
"""The labels of a constant such as padding, and of what could not be followed."""

_L = keras.layers
_BY_CHANNEL = (
    *(_L.MaxPooling2D, _L.AveragePooling2D, _L.UpSampling2D, _L.ZeroPadding2D, _L.Cropping2D),
    *(_L.GlobalMaxPooling2D, _L.GlobalAveragePooling2D),
)
"""Layers that never mix channels, and are not tried."""

_CLOSE = 1e-4
"""How near a number must be to a code, at most: a mean of many equal numbers is off a little."""


@dataclass(frozen=True)
class Source:
    """A filter of a convolution by the layer's index, or with ``PICTURE_LAYER`` a channel of the picture."""

    layer: int
    filter: int


_NOT_KNOWN = Source(-1, 0)


@dataclass(eq=False)
class _Table:
    """The sets of sources that labels stand for."""

    sets: list[frozenset[Source]] = field(default_factory=lambda: [frozenset(), frozenset({_NOT_KNOWN})])
    numbers: dict[frozenset[Source], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.numbers.update({sources: number for number, sources in enumerate(self.sets)})

    def label(self, sources: frozenset[Source]) -> int:
        """Return the label of a set of sources."""
        if sources not in self.numbers:
            self.numbers[sources] = len(self.sets)
            self.sets.append(sources)
        return self.numbers[sources]

    def fresh(self, layer: int, count: int) -> Labels:
        """Return (count,) labels of a layer's filters."""
        return np.array([self.label(frozenset({Source(layer, number)})) for number in range(count)], np.int64)

    def united(self, first: Labels, second: Labels) -> Labels:
        """Return the labels of what depends on both, place by place."""
        one, other = np.broadcast_arrays(first, second)
        pairs, places = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1, return_inverse=True)
        labels = np.array([self.label(self.sets[a] | self.sets[b]) for a, b in pairs.T.tolist()], np.int64)
        return np.asarray(labels[places.ravel()].reshape(one.shape))

    def along(self, labels: Labels, axis: int, shape: tuple[int, ...]) -> Labels:
        """Return the labels along an axis of a tensor; where they differ along others, these are united."""
        channels = np.moveaxis(labels, axis, 0).reshape(labels.shape[axis], -1)
        sets = [frozenset[Source]().union(*(self.sets[label] for label in set(own))) for own in channels.tolist()]
        return np.broadcast_to([self.label(sources) for sources in sets], shape[0 if axis == 1 else -1])


def provenance(
    graph: Graph, convolutions: Sequence[int], shapes: Mapping[int, tuple[int, ...]]
) -> dict[int, tuple[ChannelRun, ...]]:
    """Return for each of the graph's convolutions, given by their positions, where its input channels come from.

    The layers' indices are the numbers of the positions, from 1. ``shapes`` (batch left out) are those of the tensors
    for one picture.
    """
    table = _Table()
    index_of = {position: index for index, position in enumerate(convolutions, start=1)}
    drawn = shapes[graph.input]
    labels: dict[int, Labels] = {graph.input: table.fresh(PICTURE_LAYER, drawn[-1]).reshape(*(1,) * len(drawn), -1)}
    found: dict[int, tuple[ChannelRun, ...]] = {}
    for position, call in enumerate(graph.calls):
        if any(number not in shapes for number in (*call.inputs, *call.outputs)):
            continue  # behind the last convolution
        if isinstance(call.op, CONVOLUTIONS):
            axis = 1 if call.channels_first else -1
            if position in index_of:
                own = table.along(labels[call.inputs[0]], axis, shapes[call.inputs[0]])
                found[position] = _runs([table.sets[label] for label in own.tolist()])
            shape = shapes[call.outputs[0]]
            size = shape[0] if call.channels_first else shape[-1]
            made = table.fresh(index_of[position], size) if position in index_of else np.full(size, NOTHING)
            lengths = [1] * (len(shape) + 1)
            lengths[axis] = size
            labels[call.outputs[0]] = made.reshape(lengths)
            continue
        labels.update(_followed(call, labels, shapes, table))
    return found


def _followed(
    call: Call, labels: Mapping[int, Labels], shapes: Mapping[int, tuple[int, ...]], table: _Table
) -> dict[int, Labels]:
    """Return the labels of a call's results."""
    given = [labels[number] for number in call.values]
    if not given:
        return {number: np.full((1,) * (len(shapes[number]) + 1), NOTHING) for number in call.outputs}
    # A class derived from one of Keras's may do anything: it is tried.
    as_named = is_keras_own(call.op) or call.elementwise is not None or isinstance(call.op, TensorFlowOp)
    rank = max(len(shapes[number]) for number in call.values)
    if as_named and is_by_place(call) and len(call.outputs) == 1 and rank == len(shapes[call.outputs[0]]):
        united = given[0]
        for other in given[1:]:
            united = table.united(united, other)
        return {call.outputs[0]: united}
    by_channel = as_named and isinstance(call.op, _BY_CHANNEL) and not call.channels_first
    if by_channel and given[0].size == given[0].shape[-1]:
        lengths = (1,) * len(shapes[call.outputs[0]])  # a global pooling may give up the axes of the picture
        return {call.outputs[0]: given[0].reshape(*lengths, -1)}
    try:
        tried = _tried(call, labels, shapes)
        if any((own == UNKNOWN).any() for own in tried.values()) and _is_by_element(call, shapes):
            for other in given[1:]:
                given[0] = table.united(given[0], other)
            return {call.outputs[0]: given[0]}
        return tried
    except Exception:  # it does not take numbers of this kind
        return {number: np.full((1,) * (len(shapes[number]) + 1), UNKNOWN) for number in call.outputs}


def _is_by_element(call: Call, shapes: Mapping[int, tuple[int, ...]]) -> bool:
    """Tell whether each result depends on the numbers at its own place alone.

    Then a result of a mixture of two tensors, place by place, is the mixture of the two results.
    """
    own = {shapes[number] for number in (*call.inputs, *call.outputs)}
    if len(own) > 1 or len(call.outputs) > 1 or len(call.values) < len(call.inputs):
        return False
    (shape,) = own
    rng = np.random.default_rng(0)
    chosen = rng.random(shape) < 0.5
    pairs = {number: rng.normal(0.0, 2.0, (2, *shape)) for number in call.inputs}
    values = {
        number: keras.ops.convert_to_tensor(np.stack([*pair, np.where(chosen, *pair)]).astype(np.float32))
        for number, pair in pairs.items()
    }
    call(values)
    first, second, mixed = np.asarray(values[call.outputs[0]], np.float64)
    return bool(np.allclose(mixed, np.where(chosen, first, second), rtol=1e-4, atol=1e-4))


def _tried(call: Call, labels: Mapping[int, Labels], shapes: Mapping[int, tuple[int, ...]]) -> dict[int, Labels]:
    """Give an operation numbers that stand for labels, three times others, and see which it hands on.

    The second time they are the first with the other sign, so that a maximum of several cannot pass for one of them.
    """
    known = sorted({int(label) for number in call.values for label in np.unique(labels[number])} | {NOTHING})
    rng = np.random.default_rng(0)
    count = len(known)
    codes = 1 + np.stack([rng.permutation(count), rng.permutation(count)]) / count
    codes = np.stack([codes[0], -codes[0], codes[1]])
    codes[:, known.index(NOTHING)] = 0
    place_of = {label: place for place, label in enumerate(known)}
    values: dict[int, Any] = {}
    for number in call.inputs:
        shape = shapes[number]
        if number in call.values:
            own = labels[number]
            places = np.vectorize(place_of.__getitem__, otypes=[np.int64])(own)[0]
            full = np.stack([np.broadcast_to(row[places], shape) for row in codes])
        else:
            full = np.zeros((len(codes), *shape))
        values[number] = keras.ops.convert_to_tensor(full.astype(np.float32))
    call(values)
    return {number: _read(np.asarray(values[number], np.float64), codes, known) for number in call.outputs}


def _read(results: NDArray[Any], codes: NDArray[Any], known: Sequence[int]) -> Labels:
    """Return the labels whose codes the results (3, ...) are; not known where they are none's."""
    if len(results) != len(codes):
        raise ValueError("not a result for each picture")
    order = np.argsort(codes[0])
    close = min(_CLOSE, 0.02 / len(known))
    at = np.searchsorted(codes[0][order], results[0] - close).clip(0, len(order) - 1)
    places = order[at]
    right = np.all([np.abs(own - row[places]) < close for own, row in zip(results, codes, strict=True)], axis=0)
    labels = np.where(right, np.asarray(known, np.int64)[places], UNKNOWN)
    for axis in range(labels.ndim):  # along the axes of the picture all is the same, but for padding
        most = labels.max(axis=axis, keepdims=True)
        if np.all((labels == most) | (labels == NOTHING)):
            labels = most
    return np.asarray(labels[None])


def _runs(channels: Iterable[frozenset[Source]]) -> tuple[ChannelRun, ...]:
    """Return sets of sources, in short: as long as each source is the filter after the last one's, it is one run."""
    runs: list[ChannelRun] = []
    for sources in channels:
        own = tuple(sorted((source.layer, source.filter) for source in sources - {_NOT_KNOWN}))
        is_known = bool(own) and _NOT_KNOWN not in sources
        last = runs[-1] if runs else None
        if last and last.known == is_known and own == last.of(last.count):
            runs[-1] = ChannelRun(last.count + 1, last.first, is_known)
        else:
            runs.append(ChannelRun(1, own, is_known))
    return tuple(runs)
