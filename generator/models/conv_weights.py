"""The weights of every kind of convolution in one form, whatever the order of axes in which Keras keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class ConvWeights:
    """A convolution's weights in float64.

    ``kernels`` (height, width, inputs, filters) are the filters' kernels over the ``inputs`` channels that each of
    them reads. A separable convolution has a ``mixing`` (inputs, multiplier, filters) beside them, and its ``kernels``
    are (height, width, inputs, multiplier). ``groups`` (1 for most) divide the filters; each group reads inputs of
    its own. ``bias`` (filters,) is None if there is none.
    """

    kernels: Array
    mixing: Array | None
    groups: int
    bias: Array | None

    @property
    def filters(self) -> int:
        """Return how many filters there are."""
        return int((self.kernels if self.mixing is None else self.mixing).shape[-1])

    def kernel(self, index: int) -> Array:
        """Return one filter's kernel (height, width, inputs)."""
        if self.mixing is None:
            return self.kernels[..., index]
        return np.asarray(np.einsum("hwcm,cm->hwc", self.kernels, self.mixing[..., index]))

    def inputs(self, index: int) -> range:
        """Return the numbers of the input channels that a filter reads."""
        count = self.kernels.shape[2]
        group = index // (self.filters // self.groups)
        return range(group * count, (group + 1) * count)

    def all_kernels(self) -> Array:
        """Return the kernels (height, width, inputs, filters) of all filters; of a separable one, both steps in one."""
        if self.mixing is None:
            return self.kernels
        return np.asarray(np.einsum("hwcm,cmf->hwcf", self.kernels, self.mixing))

    def folded(self, norm: Any | None) -> tuple[Array, Array]:
        """Return all kernels (height, width, inputs, filters) and the bias (filters,), zeros if there is none.

        The batch normalisation ``norm`` that follows the convolution is worked into both (Jacob et al., CVPR 2018,
        section 3.2).
        """
        kernels = self.all_kernels()
        bias = np.zeros(self.filters) if self.bias is None else self.bias
        if norm is None:
            return kernels, bias
        scale, offset = scale_and_offset(norm)
        return kernels * scale, bias * scale + offset


def kernel_variables(op: Any) -> list[Any]:
    """Return a convolution's kernel variables, first the one that meets the input."""
    if isinstance(op, keras.layers.SeparableConv2D):
        return [op.depthwise_kernel, op.pointwise_kernel]
    return [op.kernel]


def conv_weights(op: Any) -> ConvWeights:
    """Return the weights of a convolutional layer."""
    first, *others = (_numpy(variable) for variable in kernel_variables(op))
    mixing, groups = None, int(getattr(op, "groups", 1))
    if isinstance(op, keras.layers.SeparableConv2D):
        mixing = others[0][0, 0].reshape(*first.shape[2:], -1)
    elif isinstance(op, keras.layers.DepthwiseConv2D):
        groups = first.shape[2]
        first = first.reshape(*first.shape[:2], 1, -1)
    elif isinstance(op, keras.layers.Conv2DTranspose):
        first = np.moveaxis(first, 2, -1)
    return ConvWeights(first, mixing, groups, _numpy(op.bias) if op.use_bias else None)


def scale_and_offset(norm: Any) -> tuple[Array, Array]:
    """Return what a batch normalisation at inference multiplies channels by and adds to them, (channels,) each."""
    with np.errstate(invalid="ignore", divide="ignore"):  # weights need not be finite
        deviation = np.sqrt(_numpy(norm.moving_variance) + norm.epsilon)
        scale = (_numpy(norm.gamma) if norm.scale else np.ones_like(deviation)) / deviation
        return scale, (_numpy(norm.beta) if norm.center else 0.0) - _numpy(norm.moving_mean) * scale


def _numpy(variable: Any) -> Array:
    return np.asarray(keras.ops.convert_to_numpy(variable)).astype(np.float64)
