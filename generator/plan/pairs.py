"""Which models are compared with each other, and in which way."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from generator.config.values import Config
from generator.models.card import ModelCard
from generator.models.identity import digest

VERSION = 1
"""Raised when other things are kept of two models' weights than before."""


def model_pairs(config: Config, cards: Mapping[str, ModelCard]) -> tuple[tuple[str, str], ...]:
    """Return the names of the models that are compared, of those whose cards are known.

    Without ``compare:`` these are neighbours in the configuration that look like checkpoints of one network: the same
    architecture, and not one and the same file.
    """
    if config.compare is not None:
        return tuple(pair for pair in config.compare if cards.keys() >= {*pair})
    neighbours = pairwise(entry.name for entry in config.models)
    known = [(a, b) for a, b in neighbours if a in cards and b in cards]
    return tuple((a, b) for a, b in known if alike(cards[a], cards[b]) and cards[a].digest != cards[b].digest)


def alike(a: ModelCard, b: ModelCard) -> bool:
    """Tell whether two networks' convolutions agree in number, types and kernels' shapes, one after the other."""
    first, second = ([(layer.type, layer.call, layer.kernel_shapes) for layer in card.layers] for card in (a, b))
    return first == second


def comparison_key(a: ModelCard, b: ModelCard) -> str:
    """Return what the comparison of two models' weights is kept under."""
    return digest([VERSION, a.digest, b.digest])
