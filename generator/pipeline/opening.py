"""A network that is open for a while, and its layers by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from generator.config.values import ModelEntry
from generator.errors import UsageError, nearest
from generator.models.start import start_keras
from generator.models.summary import ConvLayer, ModelSummary

if TYPE_CHECKING:
    import keras

    from generator.models.load import LoadedModel


@contextmanager
def opened(entry: ModelEntry, model: keras.Model | None = None, trust: bool = False) -> Iterator[LoadedModel]:
    """Open the network of an entry while the block runs; ``model`` is one in memory, used in place of its source.

    A model in memory has its layers' names back afterwards. Raises ModelError if it has nothing to show.
    """
    start_keras()
    from generator.models import load

    if model is None:
        yield load.load(entry, trust)
        return
    names = [(layer, layer.name) for layer in model._flatten_layers()]
    try:
        yield load.loaded(entry, model)
    finally:
        for layer, name in names:
            if layer.name != name:
                layer.name = name


def layer_of(summary: ModelSummary, layer: str | int, model: str, hint: str = "") -> ConvLayer:
    """Return the convolutional layer of a name, or of an index from 1 as ``filter-gallery layers`` counts them.

    Raises UsageError if there is none, with the nearest name, else with the ``hint``, else with the first names.
    """
    match = next((each for each in summary.layers if layer in (each.name, each.title, each.index)), None)
    if match is None:
        titles = [each.title for each in summary.layers]
        names = f"It has: {', '.join(titles[:8])}{', ...' if len(titles) > 8 else ''}"
        raise UsageError(f"{model}: no convolutional layer {layer!r}", nearest(str(layer), titles) or hint or names)
    return match
