"""What became of a filter's picture."""

from __future__ import annotations

from collections.abc import Sequence

CONVERGED, WEAK, DEAD = "converged", "weak", "dead"


def verdict(score: float, reached: float, photos: Sequence[float]) -> str:
    """Return ``converged``, ``weak`` (a photo excites the filter more) or ``dead`` (nothing ever did).

    ``reached`` is the largest response seen from the start to the end, ``photos`` are the responses to the photos.
    """
    if max(score, reached, *photos) <= 0:
        return DEAD
    return WEAK if score <= 0 or (photos and score < max(photos)) else CONVERGED
