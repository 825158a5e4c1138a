"""Assigns the nodes of a drawn graph to vertical lanes, as `git log --graph` does."""

from __future__ import annotations

from collections.abc import Sequence

from generator.pages.diagram.folded_graph import last_uses

FAN = 4
"""How many lanes at most are left free for the later branches of a node."""


def lane_layout(inputs: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Return a lane, from 0, for each node; ``inputs`` are the positions of the nodes that feed it, all before it.

    A node occupies its lane down to the last node that it feeds, which continues in it: of several lanes that end
    there, in the first. So a shortcut runs straight, and the branch beside it. The first of several branches takes the
    outermost lane, and crosses none of the others.
    """
    last = last_uses(inputs)
    branches = [0] * len(inputs)  # of each node: those that are still to begin in other lanes
    for node, sources in enumerate(inputs):
        if len(sources) == 1 and last[sources[0]] != node:
            branches[sources[0]] += 1
    occupied_to: list[int] = []
    lane: list[int] = []
    for node, sources in enumerate(inputs):
        ending = [lane[source] for source in sources if last[source] == node]
        if ending:
            own = min(ending)
        else:
            preferred = 0
            if sources:
                preferred = lane[sources[0]] + max(1, min(branches[sources[0]], FAN))
            while len(occupied_to) <= preferred:
                occupied_to.append(-1)
            free = [number for number, until in enumerate(occupied_to) if until < node] or [len(occupied_to)]
            own = min(free, key=lambda number: (abs(number - preferred), number))
            if own == len(occupied_to):
                occupied_to.append(-1)
        if len(sources) == 1 and last[sources[0]] != node:
            branches[sources[0]] -= 1
        occupied_to[own] = last[node]
        lane.append(own)
    rank = {used: number for number, used in enumerate(sorted(set(lane)))}
    return tuple(rank[number] for number in lane)
