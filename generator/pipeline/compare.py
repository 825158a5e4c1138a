"""How much the weights of two models of one architecture differ, filter by filter; measured once for each pair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from generator.config import Config
from generator.errors import ModelError, reason
from generator.pipeline.context import BuildContext, Prepared
from generator.pipeline.events import Failure
from generator.plan.pairs import alike, comparison_key, model_pairs
from generator.store.store import Record

if TYPE_CHECKING:  # importing this imports TensorFlow, which a build with nothing to compare goes without
    from generator.render.folded_weights import FoldedWeights

Array = NDArray[Any]


def compare_weights(
    config: Config, prepared: Sequence[Prepared], selected: set[str], context: BuildContext
) -> list[Failure]:
    """Measure what the store does not hold of the configured pairs; return what could not be compared.

    Of models of different architectures nothing is measured, nor of those of which none is ``selected`` now.
    """
    known = {model.entry.name: model for model in prepared}
    failures = []
    # Backwards, the second before the first: what was rendered last is still in memory.
    for pair in reversed(model_pairs(config, {name: model.summary for name, model in known.items()})):
        a, b = (known[name] for name in pair)
        key = comparison_key(a.summary, b.summary)
        is_new = context.store.comparison(key) is None
        if not (is_new and selected.intersection(pair) and alike(a.summary, b.summary)):
            continue
        try:
            after = _weights(b, context)
            context.store.put_comparison(key, differences(_weights(a, context), after))
        except ModelError as error:
            failures.append(context.fail(f"comparison of {pair[0]} and {pair[1]}", error))
    return failures


def _weights(prepared: Prepared, context: BuildContext) -> list[FoldedWeights]:
    name = prepared.entry.name
    model = context.models.load(prepared.entry)
    if model.summary.digest != prepared.summary.digest:
        raise ModelError(f"{name}: is another model than the one whose pages are shown", "Build it again")
    from generator.render.folded_weights import folded_weights

    try:
        return folded_weights(model)
    except Exception as error:  # a model's own layers can raise anything; the pages do without
        raise ModelError(f"{name}: its weights cannot be read: {reason(error)}") from error


def differences(a: Sequence[FoldedWeights], b: Sequence[FoldedWeights]) -> Record:
    """Return for each layer how much its weights differ, as JSON.

    ``change`` is the Euclidean norm of b - a relative to that of a, ``cosine`` that of a and b; of the layer as a
    whole, and in ``filters`` a list over all filters. None stands where there is no ratio: a is zero, or values are
    not finite. ``biases`` are a list for a and one for b, because their unit is another. ``folded`` tells whether a
    batch normalisation is folded into the weights.
    """
    return {"layers": [_difference(first, second) for first, second in zip(a, b, strict=True)]}


def _difference(a: FoldedWeights, b: FoldedWeights) -> Record:
    biases = [np.zeros(len(w.kernels)) if w.biases is None else w.biases for w in (a, b)]
    return {
        "folded": a.folded or b.folded,
        "change": _numbers(_change(*(w.kernels.reshape(1, -1) for w in (a, b))))[0],
        "filters": {
            "change": _numbers(_change(a.kernels, b.kernels)),
            "cosine": _numbers(_cosine(a.kernels, b.kernels)),
            "biases": None if a.biases is None and b.biases is None else [_numbers(values) for values in biases],
        },
    }


def _change(a: Array, b: Array) -> Array:
    moved, length = (np.linalg.norm(w, axis=1) for w in (b.astype(np.float64) - a, a.astype(np.float64)))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(moved == 0, 0.0, moved / length)


def _cosine(a: Array, b: Array) -> Array:
    first, second = a.astype(np.float64), b.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
        cosines: Array = np.clip(np.einsum("fv,fv->f", first, second) / lengths, -1, 1)
    return cosines


def _numbers(values: Array) -> list[float | None]:
    """Return eight digits of each, more than float32 holds; None for what is not finite."""
    return [float(f"{value:.8g}") if np.isfinite(value) else None for value in values.tolist()]
