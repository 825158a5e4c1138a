"""Layers of Keras 2 that Keras 3 has no more."""

from __future__ import annotations

from typing import Any

import keras

ops = keras.ops
Tensor = Any


class ThresholdedReLU(keras.layers.Layer):  # type: ignore[misc]
    """Gives a number where it is above ``theta``, else zero."""

    def __init__(self, theta: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.theta = theta

    def call(self, inputs: Tensor) -> Tensor:
        """Return the numbers above the threshold, zeros in place of the others."""
        return inputs * ops.cast(inputs > self.theta, inputs.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the inputs."""
        return input_shape
