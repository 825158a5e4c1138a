"""The accent: a site's own colour, made readable.

Contrast is WCAG 2.2's, of relative luminances. Lightness is moved in OKLab (Björn Ottosson, "A perceptual color space
for image processing", 2020), where that keeps the hue. coloraide converts the colours; importing it takes 60 ms, which
only a site with an accent pays.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import ceil, floor, hypot
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coloraide import Color

BACKGROUNDS = {"light": ("#f6f4ef", "#fffdf9"), "dark": ("#131316", "#1c1c21")}
"""``--wall`` and ``--raised`` of site.css: the backgrounds of links and lines."""

CONTRAST = 4.5
"""WCAG 2.2, success criterion 1.4.3 (AA), for text of any size."""

STEPS = 400
"""Lightnesses that are tried, from black to white: finer than eight bits can tell."""


def accent_css(accent: str) -> str:
    """Return the rules that give a site its accent (``#rrggbb``) in both themes."""
    light, dark = (readable(accent, BACKGROUNDS[theme]) for theme in ("light", "dark"))
    return f":root{{--accent:{light}}}\n@media(prefers-color-scheme:dark){{:root{{--accent:{dark}}}}}\n"


def readable(colour: str, backgrounds: Sequence[str]) -> str:
    """Return the colour (``#rrggbb``) of the nearest lightness with a contrast of at least 4.5:1 to all backgrounds."""
    from coloraide import Color

    if _contrast(colour, backgrounds) >= CONTRAST:
        return colour
    lightness, a, b = Color(colour).convert("oklab").coords()
    darker = _contrast("#000000", backgrounds) > _contrast("#ffffff", backgrounds)
    steps = range(floor(lightness * STEPS), -1, -1) if darker else range(ceil(lightness * STEPS), STEPS + 1)

    def is_readable(step: int) -> bool:
        return _contrast(_in_gamut(step / STEPS, a, b), backgrounds) >= CONTRAST

    return _in_gamut(steps[bisect_left(steps, True, key=is_readable)] / STEPS, a, b)


def _contrast(colour: str, backgrounds: Sequence[str]) -> float:
    """Return the lowest contrast of a colour to any background."""
    own = _luminance(colour)
    pairs = (sorted((own, _luminance(background))) for background in backgrounds)
    return min((high + 0.05) / (low + 0.05) for low, high in pairs)


def _luminance(colour: str) -> float:
    """Return the relative luminance with WCAG's four digits: coloraide's own has more, and can differ about 4.5:1."""
    from coloraide import Color

    red, green, blue = Color(colour).convert("srgb-linear").coords()
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _in_gamut(lightness: float, a: float, b: float) -> str:
    """Return the colour of a lightness and hue, with as much of its chroma as a screen can show at that lightness."""
    from coloraide import Color

    def with_chroma(share: float) -> Color:
        return Color("oklab", [lightness, share * a, share * b]).convert("srgb-linear")

    def is_shown(share: float) -> bool:
        return with_chroma(share).in_gamut(tolerance=1e-4)

    low, high = (1.0, 1.0) if is_shown(1.0) else (0.0, 1.0)
    while (high - low) * hypot(a, b) > 1e-3:
        middle = (low + high) / 2
        low, high = (middle, high) if is_shown(middle) else (low, middle)
    return with_chroma(low).convert("srgb").to_string(hex=True, fit="clip")
