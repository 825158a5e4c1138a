"""What filters say to the network's answers: how much each answer would lose without a filter, to the first order.

For answer c, as the network adds it up before a softmax or sigmoid, and filter f with activation a_f(p) at place p:

    e[f, c] = mean over images of sum_p a_f(p) dc/da_f(p)

Where only a pooling by the mean and a dense layer follow, that is exact: the filter's mean activation times its weight
for the answer. Elsewhere it is the first term of what silencing the filter would change (Molchanov et al., "Pruning
convolutional neural networks for resource efficient inference", ICLR 2017, equation 8, with its sign).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.models.load import LoadedModel
from generator.render.backend import Tensor, gradients_within
from generator.render.forward import Forward

Array = NDArray[Any]
Answer = tuple[int, int]
"""A layer that gives the network's answers, by its index, and one of its filters."""

ops = keras.ops

LARGEST_FLOATS = 2**24
"""Activations that a batch may have in all layers together: all are kept for the gradient."""

LARGEST_BATCH = 32


class Effects:
    """Sums up what the filters of some layers say to some answers, batch after batch of images.

    The layers of the answers are none of ``layers``.
    """

    def __init__(
        self, model: LoadedModel, layers: Sequence[int], answers: Sequence[Answer], size: tuple[int, int]
    ) -> None:
        self._model, self._layers, self._answers = model, list(layers), list(answers)
        heads = dict.fromkeys(layer for layer, _ in answers)
        self._forward = Forward(model, [*layers, *heads], size)
        self.batch = self._forward.batch(LARGEST_FLOATS, LARGEST_BATCH)
        self._sums = {
            layer: np.zeros((model.summary.layers[layer - 1].filters, len(answers))) for layer in self._layers
        }
        self._count = 0
        # Compiled once for each layer of answers; which of its filters is meant is a number.
        self._run = {head: self._compiled(head) for head in heads}

    def add(self, images: Array) -> None:
        """Count images (n, height, width, channels), values from 0 to 255."""
        shown = ops.convert_to_tensor(images.astype(keras.config.floatx()))
        for place, (head, index) in enumerate(self._answers):
            measured = self._run[head](shown, ops.convert_to_tensor(index))
            for layer, sums in measured.items():
                self._sums[layer][:, place] += np.asarray(ops.convert_to_numpy(sums), np.float64)
        self._count += len(images)

    def of(self, layer: int) -> Array:
        """Return (filters, answers): what each filter of a layer says to each answer, in the mean over the images."""
        return self._sums[layer] / max(1, self._count)

    def _compiled(self, head: int) -> Any:
        def measured(images: Tensor, index: Tensor) -> dict[int, Tensor]:
            found = gradients_within(lambda watch: self._activations(images, head, index, watch))
            return {layer: self._summed(layer, *pair) for layer, pair in found.items()}

        return self._forward.compiled(measured, free=(1, 0))

    def _activations(self, images: Tensor, head: int, index: Tensor, watch: Any) -> tuple[dict[int, Tensor], Tensor]:
        """Return the watched activations of the layers, and the sum of one answer over the images."""
        graph, points = self._model.graph, self._forward.points

        def look(layer: int, values: dict[int, Tensor]) -> Tensor:
            value = values[graph.calls[points[layer].last].outputs[0]]
            if layer != head:
                watch(value)
            return value

        found = self._forward.visit(images, {}, look)
        axis = 1 if graph.calls[points[head].conv].channels_first else 3
        answer = ops.take(ops.cast(found[head], "float32"), index, axis=axis)
        return {layer: found[layer] for layer in self._layers}, ops.sum(ops.mean(answer, axis=(1, 2)))

    def _summed(self, layer: int, activation: Tensor, gradient: Tensor | None) -> Tensor:
        """Return (filters,): activation times gradient, summed over images and places."""
        first = self._model.graph.calls[self._forward.points[layer].conv].channels_first
        if gradient is None:  # no answer depends on it
            return ops.zeros((self._model.summary.layers[layer - 1].filters,))
        product = ops.cast(activation, "float32") * ops.cast(gradient, "float32")
        return ops.sum(product, axis=(0, 2, 3) if first else (0, 1, 2))
