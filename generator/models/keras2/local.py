"""Layers of Keras 2 that Keras 3 has no more."""

from __future__ import annotations

from typing import Any

import keras

from generator.models.keras2.errors import Untranslatable

ops = keras.ops
Tensor = Any


class ThresholdedReLU(keras.layers.Activation):  # type: ignore[misc]
    """Gives a number where it is above ``theta``, else zero."""

    def __init__(self, theta: float = 1.0, **kwargs: Any) -> None:
        def thresholded_relu(x: Tensor) -> Tensor:
            return x * ops.cast(x > theta, x.dtype)

        super().__init__(thresholded_relu, **kwargs)
        self.theta = theta

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        config: dict[str, Any] = super().get_config()
        config.pop("activation")
        return {**config, "theta": self.theta}


class LocallyConnected2D(keras.layers.Layer):  # type: ignore[misc]
    """A convolution with weights of its own at every place, so for pictures of one size.

    Raises Untranslatable for the implementations that keep the weights in another form.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        activation: Any = None,
        use_bias: bool = True,
        implementation: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if implementation != 1 or padding != "valid" or data_format == "channels_first":
            raise Untranslatable("implementation 2 or 3, padding or channels first")
        self.filters, self.kernel_size, self.strides = filters, tuple(kernel_size), tuple(strides)
        self.activation, self.use_bias = keras.activations.get(activation), use_bias

    def _places(self, shape: Any) -> tuple[int, int]:
        rows, columns = (
            (size - kernel) // stride + 1
            for size, kernel, stride in zip(shape[1:3], self.kernel_size, self.strides, strict=True)
        )
        return rows, columns

    def build(self, input_shape: Any) -> None:
        """Make the weights for pictures of this shape."""
        rows, columns = self._places(input_shape)
        taps = self.kernel_size[0] * self.kernel_size[1] * input_shape[-1]
        self.kernel = self.add_weight((rows * columns, taps, self.filters), name="kernel")
        self.bias = self.add_weight((rows, columns, self.filters), name="bias") if self.use_bias else None

    def call(self, inputs: Tensor) -> Tensor:
        """Return what the kernels make of the pictures (n, height, width, channels)."""
        patches = ops.image.extract_patches(inputs, self.kernel_size, self.strides, padding="valid")
        kernel = ops.reshape(self.kernel, (*self._places(inputs.shape), -1, self.filters))
        result = ops.einsum("nhwk,hwkf->nhwf", patches, kernel)
        return self.activation(result if self.bias is None else result + self.bias)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape for pictures of this shape."""
        return (input_shape[0], *self._places(input_shape), self.filters)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        names = ("filters", "kernel_size", "strides", "use_bias")
        own = {name: getattr(self, name) for name in names}
        return {**super().get_config(), **own, "activation": self.activation}
