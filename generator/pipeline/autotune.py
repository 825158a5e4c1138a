"""A short measurement of how pictures are optimised fastest on this machine: the precision, and how many at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from generator.config.values import RenderSettings
from generator.models.load import LoadedModel
from generator.models.summary import ConvLayer
from generator.plan.choose import choose_filters
from generator.plan.tuning import Tuning, memory_limit
from generator.render.optimize import Optimizer, scores
from generator.render.processor import multiplies_bfloat16

BATCH_SIZES = (8, 32)
STEPS, FILTERS, ROUNDS = 16, 16, 3
MIN_SPEEDUP = 1.15
"""How many times faster another choice must be: less is noise, and the next measurement would choose otherwise."""

MIN_SCORE = 0.97
"""The share of the score in float32 that an optimisation in bfloat16 must reach."""


def measure(model: LoadedModel, shown: list[tuple[ConvLayer, RenderSettings]]) -> Tuning:
    """Return the tuning for a model whose layers are rendered with those settings; it takes seconds.

    The precision is tried at the deepest convolution, which holds what the others do, the batches there and at the
    first.
    """
    shown = [pair for pair in shown if not pair[0].is_dense] or shown
    shown = [(layer, _comparable(settings)) for layer, settings in shown]
    deepest = max(shown, key=lambda pair: pair[0].macs)
    first = min(shown, key=lambda pair: pair[0].macs)
    best = Optimizer(model, deepest[0].index, deepest[1])
    precision = "float32"
    if multiplies_bfloat16() and (half := _in_half(model, deepest, best)):
        best, precision = half, "bfloat16"
    measured = [(deepest[0].floats, _batch(model, deepest, best))]
    if first[0].index != deepest[0].index:
        optimizer = Optimizer(model, first[0].index, replace(first[1], precision=precision), best.network)
        measured.append((first[0].floats, _batch(model, first, optimizer)))
    return Tuning(precision, tuple(measured))


def _comparable(settings: RenderSettings) -> RenderSettings:
    """Return settings that cost the same for each step, and show whether the optimisation succeeds."""
    return replace(settings, steps=STEPS, sign="positive", diversity=1, precision="float32")


def _in_half(model: LoadedModel, pair: tuple[ConvLayer, RenderSettings], full: Optimizer) -> Optimizer | None:
    """Return an optimizer in bfloat16 if that is plainly faster and its pictures are as good."""
    layer, settings = pair
    filters = _filters(model, pair, min(FILTERS, memory_limit(model.summary, layer, settings)))
    try:
        half = Optimizer(model, layer.index, replace(settings, precision="bfloat16"))
        if _speedup(partial(half.pace, filters), partial(full.pace, filters)) < MIN_SPEEDUP:
            return None
        # Scored by the network in float32, whichever way the pictures were made.
        exact, rough = (total_score(model, layer, settings, filters, optimizer) for optimizer in (full, half))
    except Exception:  # a layer of the model's own may not know bfloat16
        return None
    return half if exact > 0 and rough >= MIN_SCORE * exact else None


def _speedup(pace: Callable[[], float], reference: Callable[[], float]) -> float:
    """Return how many times faster a pace is than a reference, taken in turns, as others may be using the machine."""
    paces = [(pace(), reference()) for _ in range(ROUNDS)]
    return min(slower for _, slower in paces) / min(faster for faster, _ in paces)


def total_score(
    model: LoadedModel, layer: ConvLayer, settings: RenderSettings, filters: tuple[int, ...], optimizer: Optimizer
) -> float:
    """Return the sum of the scores that a short optimisation reaches."""
    pictures = optimizer.run(filters).pictures * 255.0
    return float(scores(model, layer.index, filters, pictures, settings).sum())


def _batch(model: LoadedModel, pair: tuple[ConvLayer, RenderSettings], optimizer: Optimizer) -> int:
    """Return the larger batch unless a smaller one is plainly faster for each picture."""
    layer, settings = pair
    limit = memory_limit(model.summary, layer, settings)
    sizes = sorted({min(size, limit, layer.filters) for size in BATCH_SIZES})
    if len(sizes) == 1:
        return max(BATCH_SIZES)
    few, many = (_filters(model, pair, size) for size in sizes)
    speedup = _speedup(partial(optimizer.pace, few), partial(optimizer.pace, many))
    return sizes[0] if speedup > MIN_SPEEDUP else max(BATCH_SIZES)


def _filters(model: LoadedModel, pair: tuple[ConvLayer, RenderSettings], count: int) -> tuple[int, ...]:
    return choose_filters(count, pair[0], model.summary.digest)
