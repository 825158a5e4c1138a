"""The activation distance of filters of two layers: by their feature maps on the photos that both were fed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generator.analysis.correlation import correlations, pooled_matrix
from generator.analysis.filter_views import FeatureMapView

Maps = Sequence[Sequence[FeatureMapView]]
"""The feature maps of some filters, each filter's own."""

_BLOCK = 256
"""Filters that are compared at a time, so that no table of all pairs is held in memory."""

_VARIES = 0.5
"""A filter's maps vary if their correlation with themselves is above this: it is 1, or 0 if they are constant."""


def distances(a: Maps, b: Maps) -> list[float | None]:
    """Return 1 minus the correlation of each filter with that at the same position of the other list.

    None where neither varies over the positions of the photos.
    """
    first, second = _pooled(a, b)
    correlation = _row_by_row(first, second)
    constant = (_row_by_row(first, first) < _VARIES) & (_row_by_row(second, second) < _VARIES)
    return [None if c else 1 - value for value, c in zip(correlation.tolist(), constant.tolist(), strict=True)]


def most_correlated(a: Maps, b: Maps) -> list[tuple[int, float] | None]:
    """Return for each filter the position in ``b`` of that whose maps correlate most with its own, and the distance.

    None where none correlates above zero.
    """
    first, second = _pooled(a, b)
    nearest: list[tuple[int, float] | None] = []
    for begin in range(0, len(first), _BLOCK):
        for row in correlations(first[begin : begin + _BLOCK], second):
            position = int(row.argmax())
            best = float(row[position])
            nearest.append((position, 1 - best) if best > 0 else None)
    return nearest


def chance_correlation(a: Maps, b: Maps) -> float | None:
    """Return the mean of the filters' largest correlations if the maps of ``b`` are of other photos; None of one photo.

    This is what the choice of the best of many gives by chance.
    """
    photos = _shared_photos(a, b)
    if len(photos) < 2:
        return None
    first, second = pooled_matrix(a, photos), pooled_matrix(b, [*photos[1:], photos[0]])
    first = first[_row_by_row(first, first) > _VARIES]
    best = [correlations(first[i : i + _BLOCK], second).max(axis=1) for i in range(0, len(first), _BLOCK)]
    return float(np.concatenate(best).mean()) if best else None


def _shared_photos(a: Maps, b: Maps) -> list[str]:
    """Return the photos of which all filters of both lists have a pooled map."""
    photos_of_filters = [{m.photo for m in maps if m.pooled_map} for maps in (*a, *b)]
    return [m.photo for maps in a[:1] for m in maps if all(m.photo in own for own in photos_of_filters)]


def _pooled(a: Maps, b: Maps) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    photos = _shared_photos(a, b)
    return pooled_matrix(a, photos), pooled_matrix(b, photos)


def _row_by_row(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the correlation of each row with that at the same position; 0 if one of them is constant."""
    blocks = [correlations(a[i : i + _BLOCK], b[i : i + _BLOCK]).diagonal() for i in range(0, len(a), _BLOCK)]
    return np.concatenate([np.zeros(0, np.float32), *blocks])
