"""How the feature maps of filters correlate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generator.analysis.filter_views import FeatureMapView

Array = NDArray[np.float32]

CELLS = 64
"""Cells of a pooled map: 8 x 8."""


def pooled_matrix(maps: Sequence[Sequence[FeatureMapView]], photos: Sequence[str] | None = None) -> Array:
    """Return the pooled feature maps of filters, one filter a row: (filters, CELLS x photos).

    ``maps`` are each filter's. ``photos`` names those to take, in that order; without it they are those of which every
    filter has a pooled map, in the order of the first filter's.

    Raises KeyError if a filter has no pooled map of a photo that is named.
    """
    by_photo = [{m.photo: m.pooled_map for m in own if m.pooled_map} for own in maps]
    if photos is None:
        photos = [photo for photo in (by_photo[0] if by_photo else ()) if all(photo in own for own in by_photo)]
    pooled_maps = [own[photo] for own in by_photo for photo in photos]
    cells = np.frombuffer(b"".join(pooled.cells for pooled in pooled_maps), np.uint8).reshape(-1, CELLS)
    low = np.array([pooled.low for pooled in pooled_maps], np.float32)[:, None]
    high = np.array([pooled.high for pooled in pooled_maps], np.float32)[:, None]
    return (low + cells * ((high - low) / np.float32(255))).reshape(len(maps), CELLS * len(photos))


def correlations(a: Array, b: Array) -> Array:
    """Return Pearson's correlation of every row of ``a`` with every row of ``b``: (rows of a, rows of b).

    A row that is the same everywhere correlates with nothing: 0.
    """
    table: Array = np.clip(_standardised(a) @ _standardised(b).T, -1, 1)
    return table


def _standardised(rows: Array) -> Array:
    """Return rows minus their means, each of length 1, or of zeros if it is constant but for rounding."""
    exact = rows.astype(np.float64)
    if not exact.shape[1]:
        return rows
    centred = exact - exact.mean(axis=1, keepdims=True)
    largest = np.abs(centred).max(axis=1, keepdims=True)
    flat = largest <= 1e-6 * np.abs(exact).max(axis=1, keepdims=True)
    centred /= np.where(flat, 1, largest)  # squares of very small or large numbers would not fit
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(np.where(flat, 0, centred / np.where(flat, 1, length)), np.float32)
