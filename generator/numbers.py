"""Numbers as people read them, and the unit of sizes."""

from __future__ import annotations

MINUS = "\N{MINUS SIGN}"
MEGABYTE = 1_000_000
"""Bytes."""


def shortened(number: float, digits: int = 6) -> float:
    """Return a number with so many digits: more would depend on how what was measured was batched."""
    return float(f"{number:.{digits}g}") + 0.0


def significant(number: float) -> str:
    """Return three significant digits, with a true minus sign."""
    value = 0.0 if abs(number) < 5e-7 else number
    shown = f"{float(f'{value:.3g}'):g}" if 1e-3 <= abs(value) < 1e5 or value == 0 else f"{value:.1e}"
    return shown.replace("-", MINUS)
