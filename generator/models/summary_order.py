"""The order of ``model.summary()`` for the calls of a network, which its graph leaves open for layers side by side."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import keras

from generator.models.recording import Recording, key


def in_summary_order(recording: Recording, layer: Any) -> Recording:
    """Return what a layer or model calls in the order of its ``summary()``, every call after those it depends on.

    That is the order of Keras's own operations for a functional model, that of the attributes for a subclassed one.
    Operations that no summary lists come as soon as they can.
    """
    places: dict[int, int] = {}
    for place, op in enumerate(_listed(layer)):
        places.setdefault(id(op), place)
    nodes = recording.nodes
    makers = {key(symbol): index for index, node in enumerate(nodes) for symbol in node.outputs}
    needs = [{makers[key(symbol)] for symbol in node.input_tensors if key(symbol) in makers} for node in nodes]
    users: list[list[int]] = [[] for _ in nodes]
    for index, needed in enumerate(needs):
        for maker in needed:
            users[maker].append(index)

    def rank(index: int) -> tuple[int, int]:
        return places.get(id(nodes[index].operation), -1), index

    ready = [rank(index) for index, needed in enumerate(needs) if not needed]
    heapq.heapify(ready)
    ordered = []
    while ready:
        *_, index = heapq.heappop(ready)
        ordered.append(nodes[index])
        for user in users[index]:
            needs[user].discard(index)
            if not needs[user]:
                heapq.heappush(ready, rank(user))
    return replace(recording, nodes=tuple(ordered))


def _listed(layer: Any, seen: frozenset[int] = frozenset()) -> Iterator[Any]:
    """Yield the operations of a model in the order of its summary, and the layers inside each after it."""
    yield from getattr(getattr(layer, "_functional", None) or layer, "_operations", ())
    seen = seen | {id(layer)}
    for inner in layer._layers if isinstance(layer, keras.Layer) else ():
        if id(inner) not in seen:
            yield inner
            yield from _listed(inner, seen)
