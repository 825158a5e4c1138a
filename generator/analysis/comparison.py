"""How far apart filters of two layers are, by their feature maps on the photos that both were shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generator.analysis.correlation import correlations, pooled_matrix
from generator.analysis.records import FeatureMap

Maps = Sequence[Sequence[FeatureMap]]
"""The feature maps of some filters, each filter's own."""

_BLOCK = 256
"""Filters that are compared at a time: no layer needs a whole table of pairs in memory."""

_ACTIVE = 0.5
"""The correlation of a filter's maps with themselves is 1, or 0 where they are the same everywhere."""


def distances(a: Maps, b: Maps) -> list[float | None]:
    """Return 1 minus the correlation of each filter with the one at the same place of the other list.

    None where neither varies over the places of the photos.
    """
    first, second = _pooled(a, b)
    likeness = _row_by_row(first, second)
    flat = (_row_by_row(first, first) < _ACTIVE) & (_row_by_row(second, second) < _ACTIVE)
    return [None if still else 1 - value for value, still in zip(likeness.tolist(), flat.tolist(), strict=True)]


def most_alike(a: Maps, b: Maps) -> list[tuple[int, float] | None]:
    """Return for each filter the place of the one in ``b`` whose maps correlate most with its own, and the distance.

    None where none correlates above zero.
    """
    first, second = _pooled(a, b)
    nearest: list[tuple[int, float] | None] = []
    for begin in range(0, len(first), _BLOCK):
        for row in correlations(first[begin : begin + _BLOCK], second):
            place = int(row.argmax())
            best = float(row[place])
            nearest.append((place, 1 - best) if best > 0 else None)
    return nearest


def alike_by_chance(a: Maps, b: Maps) -> float | None:
    """Return the mean of the largest correlations of filters with maps of another photo; None if there is but one."""
    photos = _shared_photos(a, b)
    if len(photos) < 2:
        return None
    first, second = pooled_matrix(a, photos), pooled_matrix(b, [*photos[1:], photos[0]])
    first = first[_row_by_row(first, first) > _ACTIVE]
    best = [correlations(first[i : i + _BLOCK], second).max(axis=1) for i in range(0, len(first), _BLOCK)]
    return float(np.concatenate(best).mean()) if best else None


def _shared_photos(a: Maps, b: Maps) -> list[str]:
    """Return the photos that all filters of both lists were shown."""
    shown = [{m.photo for m in maps if m.pooled_map} for maps in (*a, *b)]
    return [m.photo for maps in a[:1] for m in maps if all(m.photo in own for own in shown)]


def _pooled(a: Maps, b: Maps) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    photos = _shared_photos(a, b)
    return pooled_matrix(a, photos), pooled_matrix(b, photos)


def _row_by_row(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the correlation of each row with that of the same place; 0 if one of them is the same everywhere."""
    blocks = [correlations(a[i : i + _BLOCK], b[i : i + _BLOCK]).diagonal() for i in range(0, len(a), _BLOCK)]
    return np.concatenate([np.zeros(0, np.float32), *blocks])
