"""What became of a filter's picture."""

from __future__ import annotations

from collections.abc import Sequence

CONVERGED, WEAK, DEAD = "converged", "weak", "dead"


def verdict(score: float, start: float, trace: Sequence[float], photos: Sequence[float]) -> str:
    """Return ``converged``, ``weak`` (a photo excites the filter more) or ``dead`` (nothing ever did).

    ``trace`` is the objective over the steps, ``photos`` the responses to the photos.
    """
    if max(score, start, *trace, *photos) <= 0:
        return DEAD
    return WEAK if photos and score < max(photos) else CONVERGED
