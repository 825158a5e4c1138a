"""The pairs of models that ``compare:`` names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from generator.config.lines import Problem
from generator.config.types.texts import Pair
from generator.errors import nearest, quoted, shortened


def check_pairs(pairs: Iterable[tuple[int, Pair]], models: Sequence[str]) -> Iterator[Problem]:
    """Yield place and problem of what is wrong in pairs, each with its place in the list; ``models`` are those named.

    A pair is the same in either order: both say which filters changed.
    """
    seen: set[frozenset[str]] = set()
    known = frozenset(models)
    for index, pair in pairs:
        place, unknown = f"compare[{index}]", [name for name in pair if name not in known]
        for name in dict.fromkeys(unknown):
            text = f"{place}: no model {quoted(name)} in the configuration."
            yield Problem(("compare", index, pair.index(name)), text, partial(_known_names, name, models))
        if unknown:
            continue
        if pair[0] == pair[1]:
            text = f"{quoted(pair[0])} is compared with itself. Name two models"
            yield Problem(("compare", index), f"{place}: {text}")
        elif frozenset(pair) in seen:
            text = f"{quoted(pair[0])} and {quoted(pair[1])} are compared already. Leave one pair out"
            yield Problem(("compare", index), f"{place}: {text}")
        seen.add(frozenset(pair))


def _known_names(name: str, models: Sequence[str]) -> str:
    return f" {nearest(name, models) or 'It has: ' + shortened(', '.join(models))}"
