"""The receptive fields of the units along one axis of a tensor, and how strides, windows and joins change them.

Units of one tensor need not see windows of one size: behind an upsampling by two, every second one sees another. The
windows repeat, though, so an axis is described by one period of its units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import gcd, lcm

Interval = tuple[int, int] | None
"""First and last input pixel, None for none at all."""

_REACH = {"bilinear": 1, "bicubic": 2, "lanczos3": 3, "lanczos5": 5}
"""How far from a point an interpolation looks for its neighbours."""


@dataclass(frozen=True)
class Axis:
    """What the units along one axis see: unit ``i + k * len(seen)`` sees ``seen[i]`` moved by ``k * shift`` pixels.

    ``size`` is the number of units, None if the network takes any size.
    """

    seen: tuple[Interval, ...] = ((0, 0),)
    shift: int = 1
    size: int | None = None

    def at(self, unit: int) -> Interval:
        """Return what a unit sees."""
        period, place = divmod(unit, len(self.seen))
        window = self.seen[place]
        return window and (window[0] + period * self.shift, window[1] + period * self.shift)

    @property
    def pixels(self) -> int:
        """Return how many pixels the unit that sees most sees."""
        return max((high - low + 1 for low, high in filter(None, self.seen)), default=0)


Change = Callable[[Axis], Axis]
"""What an operation makes of an axis."""


def windowing(kernel: int, stride: int, dilation: int, padding: str) -> Change:
    """Return what a convolution or a pooling does."""

    def changed(axis: Axis) -> Axis:
        reach, size, before = (kernel - 1) * dilation + 1, axis.size, 0
        if padding == "same":
            before = max(reach - ((size or stride) % stride or stride), 0) // 2
            size = size and -(-size // stride)
        else:
            size = size and (size - reach) // stride + 1
        return windowed(axis, [tap * dilation - before for tap in range(kernel)], stride, size)

    return changed


def padding(before: int, after: int) -> Change:
    """Return what padding does, or cropping where the numbers are below zero."""
    return lambda axis: windowed(axis, [-before], 1, axis.size and axis.size + before + after)


def upsampling(factor: int, interpolation: str) -> Change:
    """Return what an enlargement by a whole factor does."""

    def taps(unit: int) -> Iterable[int]:
        if interpolation == "nearest":
            return [unit // factor]
        below, off = divmod(2 * unit + 1 - factor, 2 * factor)  # the centres of the units are what is matched
        reach = _REACH[interpolation]
        return range(below - reach + 1, below + reach + 1) if off else [below]

    return lambda axis: _spread(axis, taps, factor, axis.size and axis.size * factor)


def transposing(kernel: int, stride: int, dilation: int, output_padding: int | None, padding: str) -> Change:
    """Return what a transposed convolution does.

    Unit i of its result is made of all units j with ``i + before - j * stride`` in the kernel.
    """
    reach = (kernel - 1) * dilation + 1
    if padding == "valid":
        before, extent = 0, max(reach, stride) if output_padding is None else reach + output_padding
    else:
        extent = stride if output_padding is None else reach % 2 + output_padding
        before = max(reach - extent, 0) // 2

    def taps(unit: int) -> Iterable[int]:
        places = (unit + before - tap * dilation for tap in range(kernel))
        return [place // stride for place in places if place % stride == 0]

    return lambda axis: _spread(axis, taps, stride, axis.size and (axis.size - 1) * stride + extent)


def windowed(axis: Axis, taps: Sequence[int], stride: int, size: int | None) -> Axis:
    """Let unit i see what the units ``i * stride + tap`` see."""
    period = len(axis.seen) // gcd(len(axis.seen), stride)
    seen = [_union(axis.at(unit * stride + tap) for tap in taps) for unit in range(period)]
    return _shortest(seen, axis.shift * period * stride // len(axis.seen), size)


def _spread(axis: Axis, taps: Callable[[int], Iterable[int]], factor: int, size: int | None) -> Axis:
    """Let unit i see what the units ``taps(i)`` see, where ``factor`` units stand in place of one."""
    seen = [_union(map(axis.at, taps(unit))) for unit in range(len(axis.seen) * factor)]
    return _shortest(seen, axis.shift, size)


def _shortest(seen: Sequence[Interval], shift: int, size: int | None) -> Axis:
    """Return an axis with the same windows and the shortest period."""
    for period in range(1, len(seen)):
        if len(seen) % period == 0 and shift * period % len(seen) == 0:
            short = Axis(tuple(seen[:period]), shift * period // len(seen), size)
            if all(short.at(unit) == seen[unit] for unit in range(len(seen))):
                return short
    return Axis(tuple(seen), shift, size)


def joined(first: Axis, second: Axis) -> Axis | None:
    """Return what two tensors see together, unit by unit; None if their strides or sizes differ."""
    if first.shift * len(second.seen) != second.shift * len(first.seen):
        return None
    if first.size is not None and second.size is not None and first.size != second.size:
        return None
    period = lcm(len(first.seen), len(second.seen))
    seen = [_union((first.at(unit), second.at(unit))) for unit in range(period)]
    size = first.size if first.size is not None else second.size
    return _shortest(seen, first.shift * period // len(first.seen), size)


def _union(windows: Iterable[Interval]) -> Interval:
    some = [window for window in windows if window is not None]
    return (min(low for low, _ in some), max(high for _, high in some)) if some else None
