"""Activation maximisation: optimise pictures, from noise, to excite filters, many filters at once."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.config.values import RenderSettings
from generator.models.load import LoadedModel
from generator.models.summary import WHOLE_INPUT, ConvLayer
from generator.render.backend import Tensor, compiled, value_and_gradient
from generator.render.fourier import Fourier
from generator.render.maco import Maco
from generator.render.methods import Method, Variable
from generator.render.network import Network, as_input
from generator.render.pixel import Pixel
from generator.render.target import TargetLayer
from generator.render.transforms import RandomTransforms

Array = NDArray[Any]
ops = keras.ops

SECONDS_BETWEEN_REPORTS = 1.0
RESTARTS = 2
"""How often a start that has no gradient is exchanged for one with more contrast."""


@dataclass(frozen=True)
class Optimization:
    """Finished pictures; n is the filters times ``diversity``, and a filter's pictures follow one another.

    ``pictures`` (n, height, width, channels shown) with values from 0 to 1; ``opacity`` (n, height, width), None
    where the method gives none; ``snapshots`` holds the start and two pictures on the way as (step, pictures);
    ``trace`` (steps, n) is the objective before each step; ``second`` (n,) is the score at the end of the
    search that followed where the first had ended without a response, NaN where none did: see ``render.search``.
    """

    pictures: Array
    opacity: Array | None
    snapshots: tuple[tuple[int, Array], ...]
    trace: Array
    second: Array


@dataclass(frozen=True)
class _State:
    """A batch of pictures that is being optimised: what changes from step to step, then what does not."""

    variable: Variable
    moments: Variable
    draws: Array
    seed: int
    weights: Tensor
    computed_channels: Tensor | None


class Optimizer:
    """Optimises pictures for one layer; its compiled step is kept from batch to batch, whatever their sizes and seeds.

    ``network`` may be shared by the optimizers of a model; it decides the precision. ``method`` stands in for that of
    the settings.
    """

    def __init__(
        self,
        model: LoadedModel,
        layer: int,
        settings: RenderSettings,
        network: Network | None = None,
        method: Method | None = None,
    ) -> None:
        self.network = network or Network(model, settings.precision)
        self._target = TargetLayer(self.network, layer, settings)
        self._settings = settings
        self.method = method or method_for(model, layer, settings)
        self._raw = settings.method == "pixel"
        picture, canvas = sizes_of(model, layer, settings)
        self._inner = (picture[0] / canvas[0], picture[1] / canvas[1])
        # One step is compiled, not the loop: within a graph's while loop TensorFlow does not use oneDNN's gradient of
        # max pooling. ``free``: the number of leading axes that vary, for variable, moments, draw, noise, weights,
        # computed channels, number.
        self._step = compiled(self._one_step, free=(1, 1, 1, 0, 2, 1, 0))

    def run(
        self,
        filters: tuple[int, ...],
        on_step: Callable[[int], None] = lambda step: None,
        seed: int | None = None,
        begin_at: Array | None = None,
    ) -> Optimization:
        """Return the pictures of the given filters; ``on_step`` is called with the steps done, about once a second.

        ``seed`` stands in for that of the settings, pictures ``begin_at`` (n, canvas height, canvas width, channels)
        with values from 0 to 1 for the random start; only the method ``fourier`` can begin at a picture.
        """
        steps, method = self._settings.steps, self.method
        state = self._begin(filters, self._settings.seed if seed is None else seed)
        if begin_at is not None:
            assert isinstance(method, Fourier)
            state = replace(state, variable=method.variable_of(begin_at))
        snapshots_at = snapshot_steps(steps)
        snapshots, trace = [], []
        reported = time.monotonic()
        for step in range(steps):
            if step in snapshots_at:
                snapshots.append((step, method.pictures(state.variable)))
            before, (state, values) = state, self._advance(state, step)
            for _ in range(RESTARTS if step == 0 else 0):
                if (restarted := self._restarted(before, state)) is None:
                    break
                before, (state, values) = restarted, self._advance(restarted, step)
            trace.append(np.asarray(values))
            if time.monotonic() - reported > SECONDS_BETWEEN_REPORTS or step + 1 == steps:
                reported = time.monotonic()
                on_step(step + 1)
        pictures, opacity = method.pictures(state.variable), method.opacity(state.moments)
        second = np.full(len(pictures), np.nan)
        return Optimization(pictures, opacity, tuple(snapshots), np.stack(trace), second)

    def pace(self, filters: tuple[int, ...], steps: int = 3) -> float:
        """Return the seconds that a step takes for each filter, the best of a few steps, without compiling."""
        state = self._begin(filters, self._settings.seed)
        paces = []
        for step in range(steps + 1):
            began = time.monotonic()
            state, _ = self._advance(state, step % self._settings.steps)
            paces.append((time.monotonic() - began) / len(filters))
        return min(paces[1:])

    def _begin(self, filters: tuple[int, ...], seed: int) -> _State:
        steps, method = self._settings.steps, self.method
        repeated = self._target.repeated(filters)
        generators = generators_of(filters, seed, self._settings.diversity)
        starts = [method.start(rng) for rng in generators]
        variable = tuple(np.stack(parts) for parts in zip(*starts, strict=True))
        draws = np.stack([method.draws(rng, steps) for rng in generators], axis=1)
        channels = self._target.channels(repeated)
        weights = ops.convert_to_tensor(channels.weights)
        computed = None if channels.computed_channels is None else ops.convert_to_tensor(channels.computed_channels)
        return _State(variable, method.moments(variable), draws, seed, weights, computed)

    def _restarted(self, before: _State, after: _State) -> _State | None:
        """Return the state with another start for the pictures that the first step left unchanged, if there are any."""
        other = self.method.restart_without_gradient(before.variable)
        old, new = np.asarray(before.variable[0]), np.asarray(after.variable[0])
        unchanged = (old == new).reshape(len(old), -1).all(axis=1)
        if other is None or not unchanged.any():
            return None
        chosen = np.where(unchanged.reshape(-1, *(1,) * (old.ndim - 1)), np.asarray(other[0]), old)
        return replace(before, variable=(chosen, *before.variable[1:]))

    def _advance(self, state: _State, step: int) -> tuple[_State, Tensor]:
        """Return the state after a step, and the objective (n,) before it."""
        noise = np.array([state.seed % 2**31, step], np.int32)
        variable, moments, values = self._step(
            state.variable,
            state.moments,
            state.draws[step],
            noise,
            state.weights,
            state.computed_channels,
            np.float32(step + 1),
        )
        return replace(state, variable=variable, moments=moments), values

    def _one_step(
        self,
        variable: Variable,
        moments: Variable,
        draw: Tensor,
        noise: Tensor,
        weights: Tensor,
        computed_channels: Tensor | None,
        number: Tensor,
    ) -> tuple[Variable, Variable, Tensor]:
        def objective(images: Tensor, views: int) -> Tensor:
            if self._raw:
                return self._target.output(images, computed_channels, weights)
            shown = as_input(self.network.model, images * 255.0)
            return self._target.objective_value(shown, computed_channels, weights, self._inner, views)

        values, gradient = value_and_gradient(
            lambda at: self.method.objective_value(at, draw, noise, objective), variable
        )
        variable, moments = self.method.update(variable, gradient, moments, ops.cast(number, variable[0].dtype))
        return variable, moments, values


def method_for(model: LoadedModel, layer: int, settings: RenderSettings) -> Method:
    """Return the method that the settings name, at the sizes that the network allows."""
    summary, rate = model.summary, settings.learning_rate
    picture, canvas = sizes_of(model, layer, settings)
    if settings.method == "pixel":
        return Pixel(picture, summary.channels, rate)
    if settings.method == "maco":
        return Maco(picture, picture, summary.channels, rate, settings.crops)
    transforms = RandomTransforms(settings.transforms)
    field = largest_field(summary.layers[layer - 1])
    return Fourier(canvas, picture, summary.channels, rate, settings.steps, transforms, field, settings.precision)


def largest_field(layer: ConvLayer) -> float:
    """Return the larger side of a layer's receptive field, in pixels; infinity if it is the whole input or unknown."""
    sides = layer.receptive_field or (WHOLE_INPUT,)
    return math.inf if WHOLE_INPUT in sides else max(sides)


def sizes_of(model: LoadedModel, layer: int, settings: RenderSettings) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the (height, width) of a layer's pictures, and of the canvas that the network is shown."""
    summary = model.summary.for_layer(model.summary.layers[layer - 1])
    margin = settings.margin if settings.method == "fourier" else 0
    return summary.picture_size(settings.size), summary.canvas_size(settings.size, margin)


def picture_rng(seed: int, index: int, which: int = 0) -> np.random.Generator:
    """Return the random generator of one picture of a filter, seeded by seed, filter and number alone."""
    return np.random.default_rng([seed, index, which] if which else [seed, index])


def generators_of(filters: tuple[int, ...], seed: int, diversity: int = 1) -> list[np.random.Generator]:
    """Return the random generator of every picture of the filters."""
    return [picture_rng(seed, index, which) for index in filters for which in range(diversity)]


def snapshot_steps(steps: int) -> tuple[int, ...]:
    """Return the steps whose pictures are kept: the start, an eighth and half of the way."""
    return tuple(sorted({0, steps // 8, steps // 2}))


def scores(
    model: LoadedModel,
    layer: int,
    filters: tuple[int, ...],
    pictures: Array,
    settings: RenderSettings | None = None,
    network: Network | None = None,
) -> Array:
    """Return (n,): the score of each filter's own picture (n, height, width, channels), values 0 to 255.

    ``settings`` name the objective and its sign; without them it is the response. It is always read in float32.
    """
    target = TargetLayer(network or Network(model), layer, settings or RenderSettings())
    images = as_input(model, ops.convert_to_tensor(pictures.astype(keras.config.floatx())))
    return target.scores(images, filters)
