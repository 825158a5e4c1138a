"""Numbers and shapes as people read them: the templates' filters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from generator.config.values import RenderSettings
from generator.models.card import WHOLE_INPUT

TIMES = "\N{MULTIPLICATION SIGN}"


def shape(value: Sequence[int | None]) -> str:
    """Return ``96 × 96 × 3``; a free side is an en dash."""
    return f" {TIMES} ".join("\N{EN DASH}" if n is None else str(n) for n in value)


def receptive_field(value: Sequence[int] | None) -> str:
    """Return ``7 × 7``, ``whole input``, or ``not known``."""
    if value is None:
        return "not known"
    return "whole input" if WHOLE_INPUT in value else shape(value)


def grouped(number: int) -> str:
    """Return a count with thin spaces between its thousands."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def significant(number: float) -> str:
    """Return three significant digits, with a true minus sign."""
    value = 0.0 if abs(number) < 5e-7 else number
    shown = f"{float(f'{value:.3g}'):g}" if 1e-3 <= abs(value) < 1e5 or value == 0 else f"{value:.1e}"
    return shown.replace("-", "\N{MINUS SIGN}")


def percent(share: float) -> str:
    """Return a share as whole percents."""
    return f"{100 * share:.0f}\N{NARROW NO-BREAK SPACE}%"


def settings(value: RenderSettings) -> list[tuple[str, str]]:
    """Return what made a picture, line by line."""
    lines = [
        (
            "Method",
            {"fourier": "Fourier spectrum, decorrelated colours", "pixel": "pixels, the reference method"}[
                value.method
            ],
        ),
        ("Steps", str(value.steps)),
        ("Learning rate", significant(value.learning_rate)),
        ("Margin", f"{value.margin} pixels at each side, cut off" if value.margin else "none"),
        ("Seed", str(value.seed)),
    ]
    return lines


FILTERS: dict[str, Callable[[Any], str]] = {
    "shape": shape,
    "receptive_field": receptive_field,
    "grouped": grouped,
    "significant": significant,
    "percent": percent,
}
