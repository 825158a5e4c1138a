"""Does a graph compute what its model does? A ``call`` that was run once may do something else with another size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from generator.models.graph import Graph
from generator.models.recording import FIXED_SIDE, Recording
from generator.models.samples import bundled_photos
from generator.models.tf_graph.run import at_inference

_CLOSE = 1e-3


def is_faithful(graph: Graph, recording: Recording) -> bool:
    """Tell whether a graph gives what the recorded call itself gives, on photos of two sizes, or of its own alone.

    A second size is tried if the graph is for any. A call that depends on chance cannot be compared, and counts.
    """
    height, width = (side or FIXED_SIDE for side in graph.picture[:2])
    sizes = [(height, width)]
    if graph.any_size:
        more = 2.0 if max(height, width) <= FIXED_SIDE else 0.5
        sizes.append((int(height * more), int(width * more)))
    for size in sizes:
        values = {graph.input: _photos(graph, size)}
        try:
            for call in graph.calls[: graph.prepared]:
                call(values)
            given = [values[number] for number in graph.given]
            expected = _own(recording, given)
        except Exception:  # it does not take that size, or these photos
            continue
        if not _gives(graph, values, expected) and _same(expected, _own(recording, given)):
            return False
    return True


def _photos(graph: Graph, size: tuple[int, int]) -> Any:
    photos = bundled_photos(size, int(graph.picture[2] or 1)).astype(np.float32)[:2]
    return keras.ops.convert_to_tensor(photos / 127.5 - 1)


def _own(recording: Recording, given: Sequence[Any]) -> list[NDArray[Any]]:
    assert recording.own is not None
    with at_inference(), keras.StatelessScope():  # nothing that a layer assigns is kept
        results = recording.own(given)
    kept = [r for r in results if r is not None] if recording.kept is None else [results[i] for i in recording.kept]
    return [np.asarray(keras.ops.convert_to_numpy(result)) for result in kept]


def _gives(graph: Graph, values: dict[int, Any], expected: Sequence[NDArray[Any]]) -> bool:
    values = dict(values)
    try:
        for call in graph.calls[graph.prepared :]:
            call(values)
    except Exception:  # an operation does not take what the call itself takes
        return False
    return _same([np.asarray(keras.ops.convert_to_numpy(values[number])) for number in graph.outputs], expected)


def _same(first: Sequence[NDArray[Any]], second: Sequence[NDArray[Any]]) -> bool:
    """Compare results of single precision: sums may be in another order."""
    for one, other in zip(first, second, strict=True):
        if one.shape != other.shape:
            return False
        scale = np.nanmax(np.abs(other, dtype=np.float64), initial=0.0) if other.dtype.kind == "f" else 1.0
        if not np.allclose(one, other, rtol=_CLOSE, atol=_CLOSE * float(scale), equal_nan=True):
            return False
    return True
