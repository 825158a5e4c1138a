"""Pictures of networks that take other channels than red, green and blue: which are shown, and how all are stored.

A file holds one channel or three. Where that is not the whole picture, every channel is stored too, as one gray tile
each, in one file: the score is that of what the files hold.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Bands = tuple[int, ...]


def show_all(channels: int, bands: Bands) -> bool:
    """Tell whether the shown bands are all channels of the network's input."""
    return sorted(bands) == list(range(channels))


def shown(pictures: Array, bands: Bands) -> Array:
    """Return of pictures (..., channels) what is shown (..., 1 or 3)."""
    return pictures[..., list(bands)]


def from_shown(pictures: Array, bands: Bands) -> Array:
    """Return the pictures (..., channels) of which all is shown (..., 1 or 3)."""
    return pictures[..., np.argsort(bands)]


def tiled(picture: Array) -> Array:
    """Return a picture (height, width, channels) as a sheet of gray tiles, row by row.

    The sheet is (height, width, 1) if the tiles fill it, else (height, width, 4), transparent where none is left.
    """
    height, width, channels = picture.shape
    down, across = sheet(channels)
    tiles = np.zeros((down * across, height, width), picture.dtype)
    tiles[:channels] = np.moveaxis(picture, -1, 0)
    gray = _grid(tiles, down, across)
    if channels == down * across:
        return gray
    filled = np.zeros_like(tiles)
    filled[:channels] = 1 if picture.dtype.kind == "f" else 255
    return np.concatenate([gray, gray, gray, _grid(filled, down, across)], axis=-1)


def _grid(tiles: Array, down: int, across: int) -> Array:
    _, height, width = tiles.shape
    return tiles.reshape(down, across, height, width).swapaxes(1, 2).reshape(down * height, across * width, 1)


def from_tiles(pixels: Array, channels: int) -> Array:
    """Return the picture (height, width, channels) of a sheet of tiles."""
    down, across = sheet(channels)
    height, width = pixels.shape[0] // down, pixels.shape[1] // across
    tiles = pixels.reshape(down, height, across, width).swapaxes(1, 2).reshape(-1, height, width)
    return np.moveaxis(tiles[:channels], 0, -1)


def sheet(channels: int) -> tuple[int, int]:
    """Return the rows and columns of a sheet: nearly square, so that hundreds of channels fit into a file."""
    across = min(channels, max(4, math.ceil(math.sqrt(channels))))
    return -(-channels // across), across
