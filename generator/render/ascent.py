"""Activation maximisation: climb from noise to the picture that excites a filter, many filters at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.config.values import RenderSettings
from generator.models.load import LoadedModel
from generator.render import objective
from generator.render.backend import Tensor, compiled, value_and_gradient
from generator.render.methods import Fourier, Method, Pixel, as_input

Array = NDArray[Any]
ops = keras.ops

SECONDS_BETWEEN_REPORTS = 1.0
"""How long the compiled loop may run before it comes back for progress and Ctrl-C."""


@dataclass(frozen=True)
class Ascent:
    """Finished pictures of n filters.

    ``pictures`` (n, height, width, channels shown) with values from 0 to 1; ``growth`` holds the start and two
    pictures on the way as (step, pictures); ``trace`` (steps, n) is the objective before each step.
    """

    pictures: Array
    growth: tuple[tuple[int, Array], ...]
    trace: Array


class Ascender:
    """Climbs for one layer; its compiled loop is kept from batch to batch."""

    def __init__(self, model: LoadedModel, layer: int, settings: RenderSettings) -> None:
        self._model, self._layer, self._settings = model, layer, settings
        self.method = method_for(model, layer, settings)
        self._loop = compiled(self._climb)

    def run(self, filters: tuple[int, ...], on_step: Callable[[int], None] = lambda step: None) -> Ascent:
        """Return the pictures of the given filters; ``on_step`` hears how many steps are done, about once a second."""
        count = self._model.card.layers[self._layer - 1].filters
        steps, method = self._settings.steps, self.method
        generators = [picture_generator(self._settings.seed, index) for index in filters]
        variable: Any = np.stack([method.start(rng) for rng in generators])
        draws = ops.convert_to_tensor(np.stack([method.draws(rng, steps) for rng in generators], axis=1))
        wanted = ops.convert_to_tensor(objective.one_hot(filters, count))
        moments: Any = method.moments(variable)
        trace: Any = np.zeros((steps, len(filters)), variable.dtype)
        stops = growth_steps(steps)
        growth = []
        step, at_once = 0, 1
        while step < steps:
            if step in stops:
                growth.append((step, method.pictures(np.asarray(variable))))
            end = min([stop for stop in (*stops, steps) if stop > step] + [step + at_once])
            began = time.monotonic()
            variable, moments, trace = self._loop(
                variable, moments, trace, draws, wanted, np.int32(step), np.int32(end)
            )
            ops.convert_to_numpy(trace)  # wait for the result
            if step > 0:  # the first call also compiles
                pace = (time.monotonic() - began) / (end - step)
                at_once = max(1, int(SECONDS_BETWEEN_REPORTS / max(pace, 1e-6)))
            step = end
            on_step(step)
        return Ascent(method.pictures(np.asarray(variable)), tuple(growth), np.asarray(trace))

    def _climb(
        self, variable: Tensor, moments: Any, trace: Tensor, draws: Tensor, wanted: Tensor, start: Tensor, end: Tensor
    ) -> tuple[Tensor, Any, Tensor]:
        def step(i: Tensor, variable: Tensor, moments: Any, trace: Tensor) -> tuple[Tensor, ...]:
            values, gradient = value_and_gradient(lambda v: self.method.objective(v, draws[i], wanted), variable)
            number = ops.cast(i + 1, variable.dtype)
            variable, moments = self.method.update(variable, gradient, moments, number)
            trace = ops.slice_update(trace, (i, 0), ops.cast(values, trace.dtype)[None])
            return i + 1, variable, moments, trace

        first = (start, variable, moments, trace)
        done = ops.while_loop(lambda i, *_: i < end, step, first)
        return done[1], done[2], done[3]


def method_for(model: LoadedModel, layer: int, settings: RenderSettings) -> Method:
    """Return the method that the settings name, at the sizes that the network allows."""
    picture = model.card.picture_size(settings.size)
    if settings.method == "pixel":
        return Pixel(model, layer, picture, settings.learning_rate)
    canvas = model.card.canvas_size(settings.size, settings.margin)
    return Fourier(model, layer, canvas, picture, settings.learning_rate)


def picture_generator(seed: int, index: int) -> np.random.Generator:
    """Return the random numbers of one filter's picture: the same whatever else is rendered with it."""
    return np.random.default_rng([seed, index])


def growth_steps(steps: int) -> tuple[int, ...]:
    """Return the steps whose pictures are kept: the start, an eighth and half of the way."""
    return tuple(sorted({0, steps // 8, steps // 2}))


def responses(model: LoadedModel, layer: int, filters: tuple[int, ...], pictures: Array) -> Array:
    """Return (n,): the response of each filter to its own picture (n, height, width, channels), values 0 to 255."""
    count = model.card.layers[layer - 1].filters
    images = as_input(model, ops.convert_to_tensor(pictures.astype(keras.config.floatx())))
    found = objective.response(model, layer, images, ops.convert_to_tensor(objective.one_hot(filters, count)))
    return np.asarray(found, np.float64)
