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


def _later(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Let a function that looks at the sizes of its tensor run when they are known."""

    @wraps(function)
    def postponed(first: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if isinstance(first, keras.KerasTensor):
            return deferred(function, ((first, *args), kwargs))
        return function(first, *args, **kwargs)

    return postponed


def _older_resize(method: str | None) -> Callable[..., Tensor]:
    """Return TensorFlow 1's resizing, which matches the first pixels, or the corners, unless told otherwise."""

    @_later
    def resized(
        first: Tensor,
        size: Any,
        method: str = method or "bilinear",
        align_corners: bool = False,
        half_pixel_centers: bool = False,
    ) -> Tensor:
        if half_pixel_centers:
            return _resize(first, size, method)
        if method not in ("bilinear", "nearest"):
            raise UntranslatableFunction(f"method={method!r} of TensorFlow's function tf.compat.v1.image.resize")
        for axis, length in zip((1, 2), size, strict=True):
            first = _resized_along(first, axis, length, method, align_corners)
        return first

    return resized


def _resized_along(pictures: Tensor, axis: int, length: int, method: str, align_corners: bool) -> Tensor:
    count = pictures.shape[axis]
    step = (count - 1) / (length - 1) if align_corners and length > 1 else count / length
    at = np.arange(length, dtype=np.float32) * np.float32(step)
    below = np.minimum(np.floor(at + 0.5) if method == "nearest" and align_corners else at, count - 1).astype(np.int32)
    if method == "nearest":
        return ops.take(pictures, below, axis=axis)
    part = (at - below).reshape([-1 if own == axis else 1 for own in range(4)])
    above = ops.take(pictures, np.minimum(below + 1, count - 1), axis=axis)
    low = ops.take(pictures, below, axis=axis)
    return low + (above - low) * part


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
def _padded_to(first: Tensor, offset_height: int, offset_width: int, target_height: int, target_width: int) -> Tensor:
    _, height, width, _ = ops.shape(first)
    rows, columns = target_height - height - offset_height, target_width - width - offset_width
    return ops.pad(first, [[0, 0], [offset_height, rows], [offset_width, columns], [0, 0]])


@_later
def _cropped_or_padded(first: Tensor, target_height: int, target_width: int) -> Tensor:
    for axis, length in ((1, target_height), (2, target_width)):
        count = first.shape[axis]
        if count > length:
            start = (count - length) // 2
            first = first[:, start : start + length] if axis == 1 else first[:, :, start : start + length]
        before = max((length - count) // 2, 0)
        after = max(length - count - before, 0)
        first = ops.pad(first, [[before, after] if own == axis else [0, 0] for own in range(4)])
    return first


def _turned(image: Tensor, k: int = 1) -> Tensor:
    return ops.rot90(image, k=k, axes=(1, 2))


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


def _pool_of_kind(
    first: Tensor,
    window_shape: Any,
    pooling_type: str,
    strides: Any = None,
    padding: str = "VALID",
    data_format: str | None = None,
    dilations: Any = None,
    dilation_rate: Any = None,
) -> Tensor:
    if any(rate not in (None, 1, [1, 1]) for rate in (dilations, dilation_rate)):
        raise UntranslatableFunction("the argument dilations of TensorFlow's function tf.nn.pool")
    op = ops.max_pool if pooling_type == "MAX" else ops.average_pool
    return _pool(op)(first, window_shape, 1 if strides is None else strides, padding, data_format or "NHWC")


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
    "image.resize_1": _older_resize(None),
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
    "image.pad_to_bounding_box": _padded_to,
    "image.resize_with_crop_or_pad": _cropped_or_padded,
    "image.rot90": _turned,
    "image.adjust_brightness": lambda image, delta: ops.add(image, delta),
    "pool": _pool_of_kind,
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
