"""The network that a user means: one in memory, as it is, or one by its name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from generator.config.entries import entry_named
from generator.config.lines import describe
from generator.config.schema import ModelPart, PreprocessPart
from generator.config.values import ModelEntry, PreprocessChoice, RenderSettings, complete_settings
from generator.errors import ConfigError, UsageError, nearest
from generator.models.start import start_keras
from generator.models.summary import ConvLayer, ModelSummary
from generator.names import slug

if TYPE_CHECKING:
    import keras

    from generator.models.load import LoadedModel

Named = str | os.PathLike[str]
Preprocessing = str | Mapping[str, Any]


def settings_of(**chosen: Any) -> RenderSettings:
    """Return complete settings of one picture; what is None comes from the method.

    Raises ConfigError for values that ``render:`` would not take.
    """
    said = _checked({"render": {key: value for key, value in chosen.items() if value is not None}}).render
    if said.sign == "both" or len(said.objective or ()) > 1:
        raise UsageError("a picture has one sign and one objective", "Call it once for each")
    return complete_settings(said.chosen())


def _checked(values: Mapping[str, Any]) -> ModelPart:
    try:
        return ModelPart.model_validate({"source": "demo", **values})
    except ValidationError as error:
        raise ConfigError(describe(each).removeprefix("render.") for each in error.errors()) from None


@contextmanager
def opened(
    model: keras.Model | Named, preprocess: Preprocessing, bands: int | Sequence[int] | None, trust: bool
) -> Iterator[tuple[str, LoadedModel]]:
    """Open a network while the block runs; the value is its name and the network.

    A model in memory is used as it is, and is afterwards as it was.
    Raises UsageError if there is none of that name, ModelError if it has nothing to show.
    """
    said: dict[str, Any] = {"preprocess": dict(preprocess) if isinstance(preprocess, Mapping) else preprocess}
    part = _checked(said if bands is None else {**said, "bands": bands if isinstance(bands, int) else list(bands)})
    own = part.preprocess
    choice = own.choice() if isinstance(own, PreprocessPart) else PreprocessChoice(own)
    start_keras()
    import keras

    if keras.backend.backend() != "tensorflow":
        text = f"Keras runs on {keras.backend.backend()} here, and pictures are made with TensorFlow"
        raise UsageError(text, "Set KERAS_BACKEND=tensorflow before Keras is imported")
    from generator.models import load

    if isinstance(model, str | os.PathLike):
        entry = replace(entry_named(os.fspath(model), {}), preprocess=choice, bands=part.bands)
        yield entry.name, load.load(entry, trust)
        return
    if not isinstance(model, keras.Model):
        raise UsageError(f"expected a keras.Model, a name or a path, got a {type(model).__name__}")
    if isinstance(model, keras.Sequential) and not model.built:
        text = "the model has no input shape yet"
        raise UsageError(text, "Begin it with keras.Input, or call model.build((None, height, width, channels))")
    name = model.name or "model"
    entry = ModelEntry(name, slug(name), "callable", name, weights="", preprocess=choice, bands=part.bands)
    names = [(layer, layer.name) for layer in model._flatten_layers()]
    try:
        yield name, load.loaded(entry, model)
    finally:
        for layer, before in names:
            if layer.name != before:
                layer.name = before


def layer_of(summary: ModelSummary, layer: str | int, model: str) -> ConvLayer:
    """Return the convolutional layer of a name, or of an index from 1 as ``filter-gallery layers`` counts them.

    Raises UsageError, with the nearest name, if there is none.
    """
    found = next((each for each in summary.layers if layer in (each.name, each.title, each.index)), None)
    if found is None:
        titles = [each.title for each in summary.layers]
        hint = nearest(str(layer), titles) or f"It has: {', '.join(titles[:8])}{', ...' if len(titles) > 8 else ''}"
        raise UsageError(f"{model}: no convolutional layer {layer!r}", hint)
    return found
