"""Which lane each node of a drawn graph stands in, as `git log --graph` has it."""

from __future__ import annotations

from collections.abc import Sequence

from generator.pages.diagram.folded_graph import last_uses

FAN = 4
"""How many lanes a first branch leaves at most to those that come after it."""


def lane_layout(inputs: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Return a lane, from 0, for each node; ``inputs`` are the places of those that feed it, all before it.

    A node holds its lane down to the last node that it feeds, which goes on in it: of several lanes that end there, in
    the first. A shortcut so runs straight, and the branch beside it. The first of several branches goes outermost, and
    crosses none of the others.
    """
    last = last_uses(inputs)
    branches = [0] * len(inputs)  # that each node has yet to begin in other lanes than its own
    for node, given in enumerate(inputs):
        if len(given) == 1 and last[given[0]] != node:
            branches[given[0]] += 1
    held_to: list[int] = []
    lane: list[int] = []
    for node, given in enumerate(inputs):
        ending = [lane[source] for source in given if last[source] == node]
        if ending:
            place = min(ending)
        else:
            wanted = 0
            if given:
                wanted = lane[given[0]] + max(1, min(branches[given[0]], FAN))
            while len(held_to) <= wanted:
                held_to.append(-1)
            free = [one for one, until in enumerate(held_to) if until < node] or [len(held_to)]
            place = min(free, key=lambda one: (abs(one - wanted), one))
            if place == len(held_to):
                held_to.append(-1)
        if len(given) == 1 and last[given[0]] != node:
            branches[given[0]] -= 1
        held_to[place] = last[node]
        lane.append(place)
    rank = {used: number for number, used in enumerate(sorted(set(lane)))}
    return tuple(rank[one] for one in lane)
