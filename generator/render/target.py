"""The layer that pictures are optimised for: from images to what is maximised and what is scored.

Its activation has no ceiling here, see ``generator/models/ceiling.py``; those of the layers below it have.
"""

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
class TargetChannels:
    """The channels that a batch of pictures is optimised for.

    ``computed_channels`` (k,) are indices, None for all; ``weights`` (n, k) is each picture's own share of them.
    """

    computed_channels: Array | None
    weights: Array


@dataclass(frozen=True, eq=False)
class TargetLayer:
    """One layer of a network and the objective on it."""

    network: Network
    layer: int
    settings: RenderSettings

    @cached_property
    def objective(self) -> objectives.ObjectiveFunction:
        """Return the objective that the settings name."""
        return objectives.OBJECTIVES[self.settings.objective.kind]

    @cached_property
    def narrow(self) -> bool:
        """Tell whether only the target channels are computed; diverse pictures are compared in all channels."""
        return self.settings.diversity == 1 and self.network.narrows(self.layer)

    def repeated(self, filters: tuple[int, ...]) -> tuple[int, ...]:
        """Return the filter of every picture: each filter as often as it gets diverse ones."""
        return tuple(index for index in filters for _ in range(self.settings.diversity))

    def channels(self, filters: tuple[int, ...]) -> TargetChannels:
        """Return the channels that a batch of pictures, one for each of the filters, is optimised for."""
        own = self.settings.objective
        if self.narrow:
            computed = tuple(index for index, _ in own.weights) or tuple(dict.fromkeys(filters))
            return TargetChannels(np.array(computed, np.int32), objectives.channel_weights(own, filters, computed))
        count = self.network.model.summary.layers[self.layer - 1].filters
        return TargetChannels(None, objectives.channel_weights(own, filters, tuple(range(count))))

    def objective_value(
        self,
        images: Tensor,
        computed_channels: Tensor | None,
        weights: Tensor,
        inner: tuple[float, float],
        views: int = 1,
    ) -> Tensor:
        """Return (n,): what is maximised, in the mean of each picture's ``views``, which are ``images`` in a row.

        ``images`` (n * views, height, width, channels) is the network's input.
        """
        layer = self._activation(images, computed_channels)
        weights = ops.repeat(weights, views, axis=0) if views > 1 else weights
        value = self.objective.objective_value(layer, weights, inner)
        value = ops.mean(ops.reshape(value, (-1, views)), axis=1) if views > 1 else value
        if self.settings.diversity > 1:
            activation = objectives.central_crop(layer.activation(), inner)
            similarity = objectives.similarity(activation, self.settings.diversity, views)
            # The penalty grows with the value: while there is hardly any response yet, that comes first.
            value = value - objectives.SIMILARITY_PENALTY * ops.stop_gradient(ops.absolute(value)) * similarity
        return value

    def own_pre_activation(self, images: Tensor, computed_channels: Tensor | None, weights: Tensor) -> Tensor:
        """Return (n, height, width): each image's own channel before its activation."""
        return objectives.own_channel(self._activation(images, computed_channels).pre_activation, weights)

    def output(self, images: Tensor, computed_channels: Tensor | None, weights: Tensor) -> Tensor:
        """Return (n,): the objective on the layer's own output, as the method ``pixel`` maximises it."""
        values = self.network.output(self.layer, images, computed_channels)
        if self.settings.sign == "negative":
            values = -values
        return self.objective.score(objectives.LayerActivation(values, lambda z: z), weights)

    def scores(self, images: Tensor, filters: tuple[int, ...]) -> Array:
        """Return (n,): the score of each image under the objective of its own filter."""
        channels = self.channels(filters)
        layer = self._activation(images, channels.computed_channels)
        return np.asarray(self.objective.score(layer, ops.convert_to_tensor(channels.weights)), np.float64)

    def _activation(self, images: Tensor, computed_channels: Tensor | None) -> objectives.LayerActivation:
        network, layer = self.network, self.layer
        pre_activation = network.pre_activation(layer, images, computed_channels)
        alone = by_element(network.model.graph, network.point(layer))
        signed = network.model.summary.layers[layer - 1].signed
        activation = objectives.LayerActivation(pre_activation, network.uncapped(layer), alone, signed)
        return objectives.negated(activation) if self.settings.sign == "negative" else activation
