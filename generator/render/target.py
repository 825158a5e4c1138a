"""The layer that is climbed for: from images to what is maximised and what is scored."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.config.values import RenderSettings
from generator.models.activation_point import by_element
from generator.render import objective as objectives
from generator.render.backend import Tensor
from generator.render.network import Network

Array = NDArray[Any]
ops = keras.ops


@dataclass(frozen=True)
class Aim:
    """Which channels a batch of pictures is about.

    ``columns`` (k,) are the channels that are computed, None for all; ``weights`` (n, k) is each picture's own share
    of them.
    """

    columns: Array | None
    weights: Array


@dataclass(frozen=True, eq=False)
class Target:
    """One layer of a network, and what of it is wanted."""

    network: Network
    layer: int
    settings: RenderSettings

    @cached_property
    def objective(self) -> objectives.Objective:
        """Return the objective that the settings name."""
        return objectives.OBJECTIVES[self.settings.objective.kind]

    @cached_property
    def narrow(self) -> bool:
        """Tell whether only the wanted channels are computed; diverse pictures are compared in all of them."""
        return self.settings.diversity == 1 and self.network.narrows(self.layer)

    def aim(self, filters: tuple[int, ...]) -> Aim:
        """Return what a batch of pictures, one for each of the filters, needs."""
        own = self.settings.objective
        if self.narrow:
            columns = tuple(index for index, _ in own.weights) or tuple(dict.fromkeys(filters))
            return Aim(np.array(columns, np.int32), objectives.rows(own, filters, columns))
        count = self.network.model.summary.layers[self.layer - 1].filters
        return Aim(None, objectives.rows(own, filters, tuple(range(count))))

    def optimized(
        self, images: Tensor, columns: Tensor | None, weights: Tensor, inner: tuple[float, float], views: int = 1
    ) -> Tensor:
        """Return (n,): what is maximised, in the mean of each picture's ``views``, which are ``images`` in a row.

        ``images`` (n * views, height, width, channels) is the network's input.
        """
        reading = self._reading(images, columns)
        value = self.objective.optimized(reading, ops.repeat(weights, views, axis=0) if views > 1 else weights, inner)
        value = ops.mean(ops.reshape(value, (-1, views)), axis=1) if views > 1 else value
        if self.settings.diversity > 1:
            fired = objectives.middle(reading.fired(), inner)
            alike = objectives.likeness(fired, self.settings.diversity, views)
            # A picture that does not fire yet has other cares than to be different.
            value = value - objectives.APART * ops.stop_gradient(ops.absolute(value)) * alike
        return value

    def output(self, images: Tensor, columns: Tensor | None, weights: Tensor) -> Tensor:
        """Return (n,): the objective on the layer's own output, as the reference method maximises it."""
        values = self.network.output(self.layer, images, columns)
        if self.settings.sign == "negative":
            values = -values
        return self.objective.response(objectives.Reading(values, lambda z: z), weights)

    def response(self, images: Tensor, filters: tuple[int, ...]) -> Array:
        """Return (n,): the score of each image under the objective of its own filter."""
        aim = self.aim(filters)
        found = self.objective.response(self._reading(images, aim.columns), ops.convert_to_tensor(aim.weights))
        return np.asarray(found, np.float64)

    def _reading(self, images: Tensor, columns: Tensor | None) -> objectives.Reading:
        network, layer = self.network, self.layer
        before = network.before(layer, images, columns)
        alone = by_element(network.model.graph, network.point(layer))
        signed = network.model.summary.layers[layer - 1].signed
        reading = objectives.Reading(before, network.activation(layer), alone, signed)
        return objectives.negated(reading) if self.settings.sign == "negative" else reading
