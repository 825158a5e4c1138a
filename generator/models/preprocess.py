"""What a network expects of its input, as one affine map from the values of a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generator.config.values import PreprocessChoice
from generator.errors import ModelError

Matrix = tuple[tuple[float, ...], ...]

TORCH_MEAN, TORCH_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CAFFE_MEAN = (103.939, 116.779, 123.68)


@dataclass(frozen=True)
class Preprocess:
    """``network input = picture @ matrix + offset``, for a picture with values from 0 to 255 in RGB or gray.

    ``matrix`` is (channels shown, channels of the input), ``offset`` (channels of the input,). ``label`` is a few words
    on where the map comes from.
    """

    label: str
    matrix: Matrix
    offset: tuple[float, ...]

    def __call__(self, picture: NDArray[np.generic]) -> NDArray[np.float64]:
        """Map pictures (..., channels shown) to what the network takes."""
        mapped: NDArray[np.float64] = picture.astype(np.float64) @ np.array(self.matrix) + np.array(self.offset)
        return mapped


def named(style: str, channels: int, label: str = "") -> Preprocess:
    """Return one of the styles ``none``, ``caffe``, ``tf`` and ``torch`` (the modes of keras.applications).

    Raises ModelError for a style that is defined for three channels only.
    """
    label = label or style
    if style == "none":
        return _scaled(label, [1.0] * channels, [0.0] * channels)
    if style == "tf":
        return _scaled(label, [1 / 127.5] * channels, [-1.0] * channels)
    if channels != 3:
        raise ModelError(f"preprocess: {style} is for three channels, the network takes {channels}")
    if style == "torch":
        return _scaled(
            label, [1 / 255 / s for s in TORCH_STD], [-m / s for m, s in zip(TORCH_MEAN, TORCH_STD, strict=True)]
        )
    if style == "caffe":
        return _scaled(label, [1.0] * 3, [-m for m in CAFFE_MEAN], reverse=True)
    raise ValueError(style)


def custom(choice: PreprocessChoice, channels: int) -> Preprocess:
    """Return the user's own map ``(value * scale - mean) / std``, its channels in the order that they chose.

    Raises ModelError if the number of means or deviations is neither one nor the number of channels.
    """
    for key, values in (("mean", choice.mean), ("std", choice.std)):
        if len(values) not in (1, channels):
            raise ModelError(f"preprocess.{key}: {len(values)} numbers for a network of {channels} channels")
    mean, std = np.resize(choice.mean, channels), np.resize(choice.std, channels)
    reverse = choice.order == "bgr" and channels == 3
    return _scaled("custom", list(choice.scale / std), list(-mean / std), reverse)


def measured(label: str, black: NDArray[np.generic], units: NDArray[np.generic]) -> Preprocess:
    """Return the affine map that a preprocessing function was seen to apply.

    ``black`` is the result for a black pixel (channels,), ``units`` those for the pixels that are 1 in one channel and
    0 elsewhere (channels shown, channels).
    """
    offset = black.astype(np.float64)
    matrix = units.astype(np.float64) - offset
    return Preprocess(label, tuple(map(tuple, matrix.tolist())), tuple(offset.tolist()))


def _scaled(label: str, scale: list[float], offset: list[float], reverse: bool = False) -> Preprocess:
    matrix = np.diag(np.array(scale, np.float64))
    if reverse:
        matrix = matrix[::-1]
    return Preprocess(label, tuple(map(tuple, matrix.tolist())), tuple(float(o) for o in offset))
