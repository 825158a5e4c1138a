"""TensorFlow's functions of pictures (``tf.image``, convolutions and poolings of ``tf.nn``), in Keras 3."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import keras
import numpy as np

from generator.models.keras2.errors import UntranslatableFunction
from generator.models.keras2.sizes import deferred

ops = keras.ops
Tensor = Any

_INTERPOLATIONS = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")
_GRAY = (0.2989, 0.587, 0.114)


def _resize(
    images: Tensor, size: Any, method: str = "bilinear", preserve_aspect_ratio: bool = False, antialias: bool = False
) -> Tensor:
    if method not in _INTERPOLATIONS or preserve_aspect_ratio:
        given = f"method={method!r}" if method not in _INTERPOLATIONS else "preserve_aspect_ratio"
        raise UntranslatableFunction(f"the argument {given} of TensorFlow's function tf.image.resize")
    return ops.image.resize(
        images, tuple(size), interpolation=method, antialias=bool(antialias), data_format="channels_last"
    )


def _older_resize(method: str) -> Callable[..., Tensor]:
    """Return TensorFlow 1's resizing, which matched the corners or the first pixels unless told otherwise."""

    def resized(images: Tensor, size: Any, align_corners: bool = False, half_pixel_centers: bool = False) -> Tensor:
        if not half_pixel_centers:
            raise UntranslatableFunction(f"TensorFlow 1's way of resizing (tf.compat.v1.image.resize_{method})")
        return _resize(images, size, method)

    return resized


def _later(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Let a function that looks at the sizes of its tensor run when they are known."""

    @wraps(function)
    def postponed(first: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if isinstance(first, keras.KerasTensor):
            return deferred(function, ((first, *args), kwargs))
        return function(first, *args, **kwargs)

    return postponed


@_later
def _depth_to_space(first: Tensor, block_size: int, data_format: str = "NHWC") -> Tensor:
    _only_channels_last(data_format, "nn.depth_to_space")
    count, height, width, channels = ops.shape(first)
    inner = channels // block_size**2
    blocks = ops.reshape(first, (count, height, width, block_size, block_size, inner))
    turned = ops.transpose(blocks, (0, 1, 3, 2, 4, 5))
    return ops.reshape(turned, (count, height * block_size, width * block_size, inner))


@_later
def _space_to_depth(first: Tensor, block_size: int, data_format: str = "NHWC") -> Tensor:
    _only_channels_last(data_format, "nn.space_to_depth")
    count, height, width, channels = ops.shape(first)
    down, right = height // block_size, width // block_size
    blocks = ops.reshape(first, (count, down, block_size, right, block_size, channels))
    turned = ops.transpose(blocks, (0, 1, 3, 2, 4, 5))
    return ops.reshape(turned, (count, down, right, block_size**2 * channels))


@_later
def _central_crop(first: Tensor, central_fraction: float) -> Tensor:
    def middle(size: int) -> slice:
        start = int((size - size * central_fraction) / 2)
        return slice(start, size - start)

    _, height, width, _ = ops.shape(first)
    return first[:, middle(height), middle(width)]


def _cropped(image: Tensor, offset_height: int, offset_width: int, target_height: int, target_width: int) -> Tensor:
    return image[:, offset_height : offset_height + target_height, offset_width : offset_width + target_width]


@_later
def _standardized(first: Tensor) -> Tensor:
    """Return what tf.image.per_image_standardization does: mean 0, deviation 1, or at least that of one pixel."""
    axes = (1, 2, 3)
    least = ops.rsqrt(ops.cast(ops.size(first[0]), first.dtype))
    deviation = ops.maximum(ops.std(first, axis=axes, keepdims=True), least)
    return (first - ops.mean(first, axis=axes, keepdims=True)) / deviation


def _gray(images: Tensor) -> Tensor:
    return ops.sum(ops.multiply(images, np.array(_GRAY, np.float32)), axis=-1, keepdims=True)


def _response_normalized(
    first: Tensor, depth_radius: int = 5, bias: float = 1, alpha: float = 1, beta: float = 0.5
) -> Tensor:
    """Return tf.nn.local_response_normalization: each number over a power of the squares near it along channels."""
    channels = first.shape[-1]
    around = ops.pad(ops.square(first), [[0, 0], [0, 0], [0, 0], [depth_radius, depth_radius]])
    total = around[..., :channels]
    for shift in range(1, 2 * depth_radius + 1):
        total = total + around[..., shift : shift + channels]
    return first / ops.power(bias + alpha * total, beta)


def _sides(value: Any, data_format: str) -> tuple[int, ...]:
    """Return the numbers of rows and columns out of one, two or four numbers."""
    if isinstance(value, int):
        return (value, value)
    value = list(value)
    if len(value) == 4:
        value = value[2:] if data_format.startswith("NC") else value[1:3]
    return tuple(value) * (2 // len(value))


def _pool(op: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def pooled(first: Tensor, ksize: Any, strides: Any, padding: str, data_format: str = "NHWC") -> Tensor:
        _only_channels_last(data_format, "nn.pool")
        window = _sides(ksize, "NHWC")
        return op(first, window, _sides(strides, "NHWC"), padding.lower(), data_format="channels_last")

    return pooled


def _convolution(op: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def convolved(
        first: Tensor,
        filters: Any = None,
        strides: Any = 1,
        padding: str = "SAME",
        data_format: str = "NHWC",
        dilations: Any = None,
        filter: Any = None,
    ) -> Tensor:
        _only_channels_last(data_format, "nn.conv2d")
        if not isinstance(padding, str):
            raise UntranslatableFunction("explicit paddings of TensorFlow's function tf.nn.conv2d")
        kernel = np.asarray(filter if filters is None else filters, np.float32)
        rates = _sides(1 if dilations is None else dilations, "NHWC")
        return op(first, kernel, _sides(strides, "NHWC"), padding.lower(), "channels_last", rates)

    return convolved


def _only_channels_last(data_format: str, function: str) -> None:
    if data_format not in ("NHWC", "channels_last", None):
        raise UntranslatableFunction(f"the argument data_format={data_format!r} of TensorFlow's function tf.{function}")


PICTURE_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "image.resize": _resize,
    "image.resize_bilinear": _older_resize("bilinear"),
    "image.resize_nearest_neighbor": _older_resize("nearest"),
    "image.flip_left_right": lambda image: ops.flip(image, axis=2),
    "image.flip_up_down": lambda image: ops.flip(image, axis=1),
    "image.transpose": lambda image: ops.transpose(image, (0, 2, 1, 3)),
    "image.rgb_to_grayscale": _gray,
    "image.grayscale_to_rgb": lambda images: ops.repeat(images, 3, axis=-1),
    "image.per_image_standardization": _standardized,
    "image.central_crop": _central_crop,
    "image.crop_to_bounding_box": _cropped,
    "depth_to_space": _depth_to_space,
    "space_to_depth": _space_to_depth,
    "local_response_normalization": _response_normalized,
    "lrn": _response_normalized,
    "max_pool": _pool(ops.max_pool),
    "max_pool2d": _pool(ops.max_pool),
    "avg_pool": _pool(ops.average_pool),
    "avg_pool2d": _pool(ops.average_pool),
    "conv2d": _convolution(ops.conv),
    "depthwise_conv2d": _convolution(ops.depthwise_conv),
}
