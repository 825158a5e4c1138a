"""Slugs: names of models and users made safe for paths. In pages they are shown as they are, escaped."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

MAX_SLUG_LENGTH = 48
_WINDOWS_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}


def slug(name: str) -> str:
    """Return a lower-case ASCII name of letters, digits and single hyphens, never empty, at most 48 long."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9_]+", "-", ascii_only.lower()).strip("-_")[:MAX_SLUG_LENGTH].strip("-_")
    return f"{words}-x" if words in _WINDOWS_DEVICES else words or "x"


def unique_slugs(names: Sequence[str], taken: Iterable[str] = ()) -> list[str]:
    """Return a slug for each name; where two would be equal, the later ones get a number."""
    seen, slugs = set(taken), []
    numbers: dict[str, int] = {}  # the next to try for a slug; all below it are taken
    for name in names:
        base = slug(name)
        candidate, number = base, numbers.get(base, 2)
        while candidate in seen:
            candidate, number = f"{base}-{number}", number + 1
        numbers[base] = number
        seen.add(candidate)
        slugs.append(candidate)
    return slugs
