"""The figures that stand for layers in the drawing of a network, as SVG paths; lengths are in pixels."""

from __future__ import annotations

from math import log2

from generator.models.summary import Shape

CHANNELS, SIDE = 2048, 512
"""Channels and height of the largest box; larger ones are drawn as large."""


def box(output: Shape, largest: tuple[float, float]) -> tuple[float, float]:
    """Return width and height, in pixels, of a box for an output (height, width, channels): both grow logarithmically.

    ``largest`` are the width and height of the largest box. Numbers without places are a map of one place.
    """
    output = output if len(output) == 3 else (1, 1, output[-1])
    side, channels = max((n for n in output[:2] if n), default=0), output[2] or 1
    wide = min(1.0, (1 + log2(channels)) / (1 + log2(CHANNELS)))
    high = min(1.0, (1 + log2(side)) / (1 + log2(SIDE))) if side else 0.5
    return max(3.0, wide * largest[0]), max(3.0, high * largest[1])


def figure(kind: str, x: float, y: float, wide: float, high: float) -> str:
    """Return the path of a layer's figure, centred at x, y; ``kind`` is that of a ``Node``."""
    left, right, top, bottom = (round(v, 1) for v in (x - wide / 2, x + wide / 2, y - high / 2, y + high / 2))
    inner = round(wide / 4, 1)
    if kind == "pool":  # narrower at the bottom: its output is smaller than its input
        return f"M{left} {top}H{right}L{right - inner:g} {bottom}H{left + inner:g}Z"
    if kind == "up":
        return f"M{left + inner:g} {top}H{right - inner:g}L{right} {bottom}H{left}Z"
    if kind in ("conv", "dense"):
        return f"M{left} {top}H{right}V{bottom}H{left}Z"
    if kind == "other":
        return f"M{x:g} {top}L{right} {y:g}L{x:g} {bottom}L{left} {y:g}Z"
    half = wide / 2
    return f"M{left} {y:g}a{half:g} {half:g} 0 0 1 {wide:g} 0a{half:g} {half:g} 0 0 1 -{wide:g} 0Z"
