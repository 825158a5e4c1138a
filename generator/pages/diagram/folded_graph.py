"""A network's graph with few nodes: layers that keep every value in its position are folded into their neighbours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from generator.models.summary import PICTURE, ArchitectureRow

INPUT = PICTURE
"""The row of the node that stands for the input."""

_PASSING = re.compile(
    "normalization|dropout|stochasticdepth|noise|^random|padding|^pad$|cropping|rescaling|layerscale|identity"
    "|flatten|reshape|permute|^transpose$|^cast$|activityregularization"
    "|activation|elu|silu|swish|sigmoid|tanh|soft(max|plus|sign)|mish"
    "|^(add|subtract|multiply|truedivide|divide)$",  # keras.ops: with one input they shift or scale by a constant
    re.IGNORECASE,
)
_KINDS = {"pool": "Pool", "up": "UpSampling|Resizing|DepthToSpace", "dense": "Dense"}


@dataclass(frozen=True)
class Node:
    """A layer that is drawn, with the layers that are folded into it.

    ``row`` is the layer's position in the summary's architecture, or INPUT; ``before`` and ``after`` are the positions
    of folded layers in their order; ``inputs`` the positions, among the nodes, of those that feed it. ``kind`` is
    ``input``, ``conv``, ``merge``, ``pool``, ``up``, ``dense`` or ``other``.
    """

    row: int
    kind: str
    inputs: tuple[int, ...]
    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()

    @property
    def rows(self) -> tuple[int, ...]:
        """Return the positions of all layers that it stands for."""
        return (*self.before, self.row, *self.after)


def folded_graph(rows: Sequence[ArchitectureRow]) -> tuple[Node, ...]:
    """Return a network's nodes so that each comes after those that feed it, and branches come one after the other.

    The first node is the input. If no row has inputs, the network's graph is not known: then all rows are nodes without
    inputs, and none stands for the input.
    """
    if not any(row.inputs for row in rows):
        return tuple(Node(position, _kind(row, 0), ()) for position, row in enumerate(rows))
    folded = _folded(rows)
    order = _ordered([node.inputs for node in folded])
    position = {node: number for number, node in enumerate(order)}
    return tuple(replace(folded[node], inputs=tuple(position[i] for i in folded[node].inputs)) for node in order)


def last_uses(inputs: Sequence[tuple[int, ...]]) -> list[int]:
    """Return for each node the last one that it feeds; itself if it feeds none."""
    last = list(range(len(inputs)))
    for node, sources in enumerate(inputs):
        for source in sources:
            last[source] = max(last[source], node)
    return last


def _folded(rows: Sequence[ArchitectureRow]) -> list[Node]:
    """Return the nodes in the order of the rows.

    A layer is folded into its source if it is the only consumer of that; else into its only consumer, if that has no
    other source. So no two paths between two layers are ever merged.
    """
    sources_of = [row.inputs or (() if row.type == "Zeros" else (INPUT,)) for row in rows]
    consumers: dict[int, list[int]] = {position: [] for position in range(INPUT, len(rows))}
    for position, sources in enumerate(sources_of):
        for source in sources:
            consumers[source].append(position)
    nodes = [Node(INPUT, "input", ())]
    owner = {INPUT: 0}  # of each row: the node that its output comes from
    waiting: dict[int, tuple[int, ...]] = {INPUT: ()}  # and what is folded on the way, to go before the next node
    for position, row in enumerate(rows):
        sources = sources_of[position]
        if len(sources) == 1 and row.conv is None and _PASSING.search(row.type):
            source = sources[0]
            own, before, consumer = owner[source], waiting[source], consumers[position]
            if not before and len(consumers[source]) == 1:
                nodes[own] = replace(nodes[own], after=(*nodes[own].after, position))
                owner[position], waiting[position] = own, ()
                continue
            if len(consumer) == 1 and len(sources_of[consumer[0]]) == 1:
                owner[position], waiting[position] = own, (*before, position)
                continue
        before = waiting[sources[0]] if len(sources) == 1 else ()
        owner[position], waiting[position] = len(nodes), ()
        nodes.append(Node(position, _kind(row, len(sources)), tuple(owner[source] for source in sources), before))
    return nodes


def _kind(row: ArchitectureRow, inputs: int) -> str:
    if row.conv is not None:
        return "conv"
    if inputs > 1:
        return "merge"
    return next((kind for kind, words in _KINDS.items() if re.search(words, row.type)), "other")


def _ordered(inputs: Sequence[tuple[int, ...]]) -> list[int]:
    """Return the nodes in an order that needs few lanes: each as late as possible, and branches one after the other.

    From the outputs backwards each node is preceded by those that feed it, the longest path first. So Sethi and Ullman,
    "The generation of optimal code for arithmetic expressions" (1970), need few registers; here these are lanes.
    """
    depth: list[int] = []
    for sources in inputs:
        depth.append(1 + max((depth[source] for source in sources), default=0))
    longest = [sorted(sources, key=lambda source: (-depth[source], source)) for sources in inputs]
    fed = {source for sources in inputs for source in sources}
    order: list[int] = []
    done: set[int] = set()
    for output in (node for node in range(len(inputs)) if node not in fed):
        path = [output]
        while path:
            missing = next((source for source in longest[path[-1]] if source not in done), None)
            if missing is None:
                done.add(path[-1])
                order.append(path.pop())
            else:
                path.append(missing)
    return order
