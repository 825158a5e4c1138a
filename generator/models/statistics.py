"""Does the preprocessing fit the network? A batch normalisation keeps the mean and variance of its inputs in training.

Wrong preprocessing raises no error and makes every picture meaningless. The inputs of the first batch normalisation on
photos, under the preprocessing in force and under the other known ones, are compared with its moving mean and
variance. docs/models.md has the measurements behind the margins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.config.values import PreprocessChoice
from generator.models.graph import Graph
from generator.models.preprocess import Preprocess, custom, named

Array = NDArray[Any]

FITTING_DISTANCE = 0.15
"""A preprocessing with a smaller distance fits, whatever the others do."""

BETTER_BY = 0.3
"""Another one fits plainly better if its distance is smaller by this much, and at most half as large."""

SMALLEST_SIDE = 28
"""Pictures are not reduced below this many pixels."""

MOST_LEFT = 0.9
"""The part of its initial value that may be left in a moving statistic: eleven steps at Keras's usual momentum."""

FEWEST = 100
"""Values of a channel below which its mean and variance on a few photos are not compared."""

INACTIVE_VARIANCE = 1e-4
"""The part of the largest variance below which a channel counts as inactive."""

LEAST_CHANGE = 0.02
"""If no preprocessing changes the distance by more, the network normalises each picture itself."""


@dataclass(frozen=True)
class PreprocessingCheck:
    """The result of the check: ``better`` names the preprocessing that fits plainly better, if one does.

    ``sentence`` is the result in words.
    """

    checked: bool
    better: str
    sentence: str


@dataclass(frozen=True)
class Distances:
    """How far a batch normalisation's inputs are from those in training: 0 the same, 1 nothing in common.

    ``others`` are (label, line for config.yaml, distance).
    """

    layer: str
    own: float
    others: tuple[tuple[str, str, float], ...]


def check(graph: Graph, preprocess: Preprocess, pictures: Array) -> PreprocessingCheck:
    """Compare the preprocessing in force with the other known ones.

    ``pictures`` (n, height, width, channels shown) have values from 0 to 255 and a size that the network takes.
    """
    measured = distances(graph, preprocess, pictures)
    if isinstance(measured, str):
        return PreprocessingCheck(False, "", f"The preprocessing ({preprocess.label}) was not checked: {measured}.")
    subject, layer = f"The preprocessing ({preprocess.label})", measured.layer
    label, line, nearest = min(measured.others, key=lambda other: other[2])
    if measured.own > FITTING_DISTANCE and measured.own - nearest > BETTER_BY and nearest <= measured.own / 2:
        return PreprocessingCheck(
            True,
            label,
            f"{subject} looks wrong: what it makes of photos is {measured.own:.2f} away from what the first batch "
            f"normalisation, {layer}, saw in training; with `{label}` it is {nearest:.2f} (0 the same, 1 nothing "
            f"in common). If the network was trained so, write `preprocess: {line}` in config.yaml.",
        )
    if measured.own <= FITTING_DISTANCE:
        fits = f"what it makes of photos is near what the first batch normalisation, {layer}, saw in training"
        return PreprocessingCheck(True, "", f"{subject} was checked and fits: {fits}.")
    return PreprocessingCheck(
        True,
        "",
        f"{subject} was checked: no other known one fits the first batch normalisation, {layer}, plainly better, "
        "but photos are not quite what it saw in training.",
    )


def distances(graph: Graph, preprocess: Preprocess, pictures: Array) -> Distances | str:
    """Return the distance under the preprocessing in force and under every other known one, or why there is none.

    For each channel it is the squared Hellinger distance between two normal distributions, that of what is seen,
    borders left out, and that of the moving statistics; then the mean over the channels. The pictures are shown at
    their size, a half, a quarter and so on, and the nearest counts: a network trained on small pictures sees sharper
    edges than large photos have.
    """
    channels = len(preprocess.offset)
    if channels not in (1, 3):
        return f"the network takes {channels} channels, and photos have one or three"
    position = _first_normalisation(graph)
    if position is None:
        return "the network has no batch normalisation to compare with"
    layer = graph.calls[position].op
    mean, variance = (np.asarray(value, np.float64) for value in (layer.moving_mean, layer.moving_variance))
    if not mean.any() and (variance == 1).all():
        return f"the first batch normalisation, {graph.calls[position].name}, was never trained"
    rivals = [other for other in _known(channels, preprocess) if not _same(other[2], preprocess)]
    sizes = tuple(_reduced(pictures))
    seen = [_seen(graph, position, sizes, scheme) for scheme in (preprocess, *(scheme for _, _, scheme in rivals))]
    if not all(seen):
        return f"too little reaches the first batch normalisation, {graph.calls[position].name}, to compare"
    own, *others = (
        min(_distance(m, v, *statistics) for m, v in moments for statistics in _without_start(mean, variance))
        for moments in seen
    )
    if max(abs(own - other) for other in others) < LEAST_CHANGE and own < 1 - LEAST_CHANGE:
        return "the network normalises every picture by itself, so that the preprocessing makes no difference"
    named_others = ((label, line, far) for (label, line, _), far in zip(rivals, others, strict=True))
    return Distances(graph.calls[position].name, own, tuple(named_others))


def _first_normalisation(graph: Graph) -> int | None:
    """Return the position of the first batch normalisation that the picture reaches."""
    reached = {graph.input}
    for position, call in enumerate(graph.calls):
        if reached.intersection(call.values):
            if isinstance(call.op, keras.layers.BatchNormalization):
                return position
            reached.update(call.outputs)
    return None


def _known(channels: int, preprocess: Preprocess) -> Iterator[tuple[str, str, Preprocess]]:
    """Yield the label of each known preprocessing, its value in config.yaml, and the map."""
    yield "none", "none", named("none", channels)
    yield "0..1", "{scale: 0.00392157}", custom(PreprocessChoice("custom", scale=1 / 255), channels)
    yield "tf", "tf", named("tf", channels)
    if channels == 3:
        yield "torch", "torch", named("torch", channels)
        yield "caffe", "caffe", named("caffe", channels)
        yield from _swapped(preprocess)


def _swapped(preprocess: Preprocess) -> Iterator[tuple[str, str, Preprocess]]:
    """Yield the same map for pictures whose red and blue are swapped."""
    swapped = Preprocess("swapped", preprocess.matrix[::-1], preprocess.offset)
    matrix, offset = np.array(swapped.matrix), np.array(swapped.offset)
    for order, straight in (("rgb", matrix), ("bgr", matrix[::-1])):
        scale = np.diag(straight)
        if scale.all() and np.array_equal(straight, np.diag(scale)):
            mean, std = (", ".join(f"{value:.6g}" for value in values + 0.0) for values in (-offset / scale, 1 / scale))
            yield f"red and blue swapped ({order})", f"{{mean: [{mean}], std: [{std}], order: {order}}}", swapped


def _same(first: Preprocess, second: Preprocess) -> bool:
    return all(
        np.allclose(a, b, rtol=1e-3, atol=1e-3 * np.abs(first.matrix).max())
        for a, b in ((first.matrix, second.matrix), (first.offset, second.offset))
    )


def _reduced(pictures: Array) -> Iterator[Array]:
    """Yield the pictures, and the same at a half of their size, a quarter and so on."""
    reduced = pictures.astype(np.float64)
    yield reduced
    while min(height := reduced.shape[1] // 2, width := reduced.shape[2] // 2) >= SMALLEST_SIDE:
        squares = reduced[:, : 2 * height, : 2 * width].reshape(len(reduced), height, 2, width, 2, -1)
        reduced = squares.mean(axis=(2, 4))
        yield reduced


def _seen(graph: Graph, position: int, sizes: tuple[Array, ...], scheme: Preprocess) -> list[tuple[Array, Array]]:
    """Return the mean and variance (channels,) of what reaches a layer, for the sizes at which enough does."""
    moments: list[tuple[Array, Array]] = []
    for size in sizes:
        try:
            values = _reaching(graph, position, scheme(size))
        except Exception:  # whatever an operation raises for a size that it cannot take
            if size is sizes[0]:
                raise
            break
        if len(values) >= FEWEST:
            with np.errstate(invalid="ignore", over="ignore"):
                moments.append((values.mean(axis=0), values.var(axis=0)))
    return moments


def _reaching(graph: Graph, position: int, images: Array) -> Array:
    """Return what reaches a layer as (values, channels)."""
    values: dict[int, Any] = {graph.input: keras.ops.convert_to_tensor(images.astype(keras.config.floatx()))}
    for needed in graph.needed([position])[:-1]:
        graph.calls[needed](values)
    call = graph.calls[position]
    reaching = np.asarray(keras.ops.cast(values[call.inputs[0]], "float32"), np.float64)
    reaching = np.moveaxis(reaching, call.op.axis, -1)
    for axis in range(1, reaching.ndim - 1):  # padding makes a pattern at the border even of a flat picture
        border = -(-reaching.shape[axis] // 8)
        reaching = np.take(reaching, range(border, reaching.shape[axis] - border), axis)
    return reaching.reshape(-1, reaching.shape[-1])


def _without_start(mean: Array, variance: Array) -> Iterator[tuple[Array, Array]]:
    """Yield the moving statistics, and what they are without a part of their initial values, zeros and ones.

    After few steps much of these is left, and makes every variance look larger than it was. No more can be left than
    the smallest variance.
    """
    most = min(MOST_LEFT, float(variance.min()))
    for part in (most * (1 - 0.5**halvings) for halvings in range(8)):
        yield mean / (1 - part), (variance - part) / (1 - part)


def _distance(mean: Array, variance: Array, other_mean: Array, other_variance: Array) -> float:
    """Return the mean over channels of the squared Hellinger distance between two normal distributions.

    Channels that are inactive in both are left out: a variance is taken for no less than a small part of the
    largest. What is not finite, as half precision makes of large values, is as far as can be.
    """
    floor = INACTIVE_VARIANCE * max(float(other_variance.max()), 1e-12)
    active = ~((variance < floor) & (other_variance < floor))
    v, w = np.maximum(variance, floor), np.maximum(other_variance, floor)
    with np.errstate(invalid="ignore", over="ignore"):  # stored statistics can be infinite, or no numbers at all
        overlap = np.sqrt(2 * np.sqrt(v * w) / (v + w)) * np.exp(-((mean - other_mean) ** 2) / (4 * (v + w)))
    return float(np.nan_to_num(1 - overlap, nan=1.0)[active].mean())
