"""The pairs of models that ``compare:`` names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from generator.config.lines import Problem
from generator.config.types.texts import Pair
from generator.errors import nearest


def check_pairs(pairs: Iterable[tuple[int, Pair]], models: Sequence[str]) -> Iterator[Problem]:
    """Yield place and problem of what is wrong in pairs, each with its place in the list; ``models`` are those named.

    A pair is the same in either order: both say which filters changed.
    """
    seen: set[frozenset[str]] = set()
    for index, pair in pairs:
        place, unknown = f"compare[{index}]", [name for name in pair if name not in models]
        for name in dict.fromkeys(unknown):
            hint = nearest(name, models) or f"It has: {', '.join(models)}"
            yield ("compare", index, pair.index(name)), f"{place}: no model {name!r} in the configuration. {hint}"
        if unknown:
            continue
        if pair[0] == pair[1]:
            yield ("compare", index), f"{place}: {pair[0]!r} is compared with itself. Name two models"
        elif frozenset(pair) in seen:
            yield ("compare", index), f"{place}: {pair[0]!r} and {pair[1]!r} are compared already. Leave one pair out"
        seen.add(frozenset(pair))
