"""A network that is open while a block runs, from its source or in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from generator.config.values import ModelEntry
from generator.models.start import start_keras

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
