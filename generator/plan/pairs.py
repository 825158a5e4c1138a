"""The pairs of models that are compared with each other, and the key of a comparison."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from generator.config.values import Config
from generator.digests import digest
from generator.models.summary import ModelSummary

VERSION = 1
"""Raised when a comparison holds other numbers of two models' weights than before."""


def model_pairs(config: Config, summaries: Mapping[str, ModelSummary]) -> tuple[tuple[str, str], ...]:
    """Return the names of the models that are compared, of those whose summaries are known.

    Without ``compare:`` these are neighbours in the configuration that look like checkpoints of one network: the same
    architecture, and not one and the same file.
    """
    if config.compare is not None:
        return tuple(pair for pair in config.compare if summaries.keys() >= {*pair})
    neighbours = pairwise(entry.name for entry in config.models)
    known = [(a, b) for a, b in neighbours if a in summaries and b in summaries]
    return tuple(
        (a, b) for a, b in known if alike(summaries[a], summaries[b]) and summaries[a].digest != summaries[b].digest
    )


def alike(a: ModelSummary, b: ModelSummary) -> bool:
    """Tell whether two networks' convolutions agree in number, types and kernels' shapes, one after the other."""
    first, second = ([(layer.type, layer.call, layer.kernel_shapes) for layer in summary.layers] for summary in (a, b))
    return first == second


def comparison_key(a: ModelSummary, b: ModelSummary) -> str:
    """Return the key, in the store, of the comparison of two models' weights."""
    return digest([VERSION, a.digest, b.digest])
