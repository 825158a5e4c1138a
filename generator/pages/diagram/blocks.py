"""The blocks of a network, found in the names of its layers: ``block1_conv1``, ``stage2/unit1/conv``, ``mixed3``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from generator.pages.diagram.folded_graph import last_uses

_SEPARATOR = re.compile(r"[_./-]")
_DENSE = 0.5
"""The least share of the nodes from a block's first to its last that bear its name: what is scattered is no block."""

_LARGEST = 0.5
"""The share of a network's nodes above which consecutive nodes are no block: a shortcut may span nearly all of it."""


@dataclass(frozen=True)
class Block:
    """Nodes from ``first`` to ``last`` (included) that belong together."""

    name: str
    first: int
    last: int


def blocks(layers: Sequence[tuple[str, str]], inputs: Sequence[tuple[int, ...]]) -> tuple[Block, ...]:
    """Return the blocks, none of which overlap, of nodes with these names and types.

    A block's name is a prefix shared by the names of two or more neighbours, the longest of those that end in a number
    or at a slash. Between places where all is in one lane, nodes without such a prefix belong to the only block that is
    there; if there is none, and they end in a merging layer that its author named, its name is the block's.
    """
    names = _by_prefix(layers)
    last = last_uses(inputs)
    start, reach = 0, 0
    for node in range(len(layers)):
        reach = max(reach, last[node - 1]) if node else 0
        if reach <= node:  # no layer further down takes from one before this node
            inside = {name for name in names[start : node + 1] if name}
            if not inside and len(inputs[node]) > 1 and not _automatic(*layers[node]):
                inside.add(layers[node][0])
            if len(inside) == 1 and node + 1 - start <= _LARGEST * len(layers):
                names[start : node + 1] = list(inside) * (node + 1 - start)
            start = node + 1
    merged: list[Block] = []
    for node, name in enumerate(names):
        if name and merged and merged[-1].name == name and merged[-1].last == node - 1:
            merged[-1] = Block(name, merged[-1].first, node)
        elif name:
            merged.append(Block(name, node, node))
    return tuple(block for block in merged if block.last > block.first)


def _by_prefix(layers: Sequence[tuple[str, str]]) -> list[str | None]:
    prefixes = [_prefixes(*layer) for layer in layers]
    span: dict[str, tuple[int, int]] = {}
    count: Counter[str] = Counter()
    for node, own in enumerate(prefixes):
        for prefix in own:
            span[prefix] = (span.get(prefix, (node, node))[0], node)
            count[prefix] += 1
    shared = {
        prefix
        for prefix, (first, last) in span.items()
        if count[prefix] > 1 and count[prefix] > _DENSE * (last - first + 1)
    }
    names: list[str | None] = [next((prefix for prefix in own if prefix in shared), None) for own in prefixes]
    gap: list[int] = []  # nodes without a name since the last with one
    before: str | None = None
    for node, name in enumerate(names):
        if name is None:
            gap.append(node)
            continue
        if name == before and gap:
            names[gap[0] : node] = [name] * len(gap)
        gap, before = [], name
    return names


def _prefixes(name: str, kind: str) -> list[str]:
    """Return the prefixes of a layer's name that may be a block's name, the longest first."""
    if _automatic(name, kind):
        name = name[: name.rfind("/") + 1]
    prefixes, since = [], 0
    for separator in [*(m.start() for m in _SEPARATOR.finditer(name)), len(name)]:
        slash = name[separator : separator + 1] == "/"
        if separator > since and (slash or re.search(r"\d", name[since:separator])):
            prefixes.append(name[:separator])
        since = separator + 1
    return prefixes[::-1]


def _automatic(name: str, kind: str) -> bool:
    """Tell whether a name is the one that Keras gives to a layer of this type: ``max_pooling2d_3``."""
    leaf = re.sub(r"_\d+$", "", name.rpartition("/")[2])
    return leaf.replace("_", "").lower() == kind.lower()
