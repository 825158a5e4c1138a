"""A site's own colour, made readable.

Contrast is WCAG 2.2's, of relative luminances. Lightness is moved in OKLCH (Björn Ottosson, "A perceptual color space
for image processing", 2020), where that keeps the hue.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

GROUNDS = {"light": ("#f6f4ef", "#fffdf9"), "dark": ("#131316", "#1c1c21")}
"""``--wall`` and ``--raised`` of site.css: what links and lines stand on."""

CONTRAST = 4.5
"""WCAG 2.2, success criterion 1.4.3 (AA), for text of any size."""

STEPS = 400
"""Lightnesses that are tried, from black to white: finer than eight bits can tell."""

Triple = tuple[float, float, float]


def accent_css(accent: str) -> str:
    """Return the rules that give a site its accent (``#rrggbb``) in both themes."""
    light, dark = (readable(accent, GROUNDS[theme]) for theme in ("light", "dark"))
    return f":root{{--accent:{light}}}\n@media(prefers-color-scheme:dark){{:root{{--accent:{dark}}}}}\n"


def readable(colour: str, grounds: Sequence[str]) -> str:
    """Return the colour (``#rrggbb``) of the nearest lightness whose contrast to all the grounds is at least 4.5:1."""
    if _contrast(colour, grounds) >= CONTRAST:
        return colour
    lightness, a, b = _oklab(colour)
    tried = sorted((step / STEPS for step in range(STEPS + 1)), key=lambda one: abs(one - lightness))
    found = (_in_gamut(one, a, b) for one in tried)
    return next(one for one in found if _contrast(one, grounds) >= CONTRAST)


def _contrast(colour: str, grounds: Sequence[str]) -> float:
    """Return the lowest contrast of a colour to any ground."""
    own = _luminance(colour)
    pairs = (sorted((own, _luminance(ground))) for ground in grounds)
    return min((high + 0.05) / (low + 0.05) for low, high in pairs)


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: str) -> Triple:
    """Return the light of each channel of ``#rrggbb``, 0 to 1."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _light(red), _light(green), _light(blue)


def _light(value: float) -> float:
    return float(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)


def _oklab(colour: str) -> Triple:
    red, green, blue = _linear(colour)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _in_gamut(lightness: float, a: float, b: float) -> str:
    """Return the colour of a lightness and hue, with as much of its chroma as a screen can show at that lightness."""
    low, high = 0.0, 1.0
    if _is_shown(_rgb(lightness, a, b)):
        low = high
    while (high - low) * hypot(a, b) > 1e-3:
        middle = (low + high) / 2
        low, high = (middle, high) if _is_shown(_rgb(lightness, middle * a, middle * b)) else (low, middle)
    red, green, blue = (_byte(value) for value in _rgb(lightness, low * a, low * b))
    return f"#{red:02x}{green:02x}{blue:02x}"


def _rgb(lightness: float, a: float, b: float) -> Triple:
    """Return the light of each channel of a colour in OKLab."""
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _is_shown(light: Triple) -> bool:
    return all(-1e-4 <= value <= 1 + 1e-4 for value in light)


def _byte(light: float) -> int:
    value = min(max(light, 0.0), 1.0)
    return round(255 * (12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055))
