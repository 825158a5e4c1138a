"""The arguments of a notebook's call, checked as a configuration is: the model, how it is fed, and the settings."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from generator.config.entries import entry_named
from generator.config.lines import describe
from generator.config.schema import ModelPart, PreprocessPart
from generator.config.values import ModelEntry, PreprocessChoice
from generator.errors import ConfigError, UsageError
from generator.models.start import start_keras
from generator.names import slug

if TYPE_CHECKING:
    import keras

Named = str | os.PathLike[str]
Preprocessing = str | Mapping[str, Any]


def settings_of(**values: Any) -> Mapping[str, object]:
    """Return the settings of one picture that are not left to the method, which is what None does.

    Raises ConfigError for values that ``render:`` would not take.
    """
    part = _checked({"render": {key: value for key, value in values.items() if value is not None}}).render
    if part.sign == "both" or len(part.objective or ()) > 1:
        raise UsageError("a picture has one sign and one objective", "Call it once for each")
    return part.chosen()


def _checked(values: Mapping[str, Any]) -> ModelPart:
    try:
        return ModelPart.model_validate({"source": "demo", **values})
    except ValidationError as error:
        raise ConfigError(describe(each).removeprefix("render.") for each in error.errors()) from None


def entry_of(
    model: keras.Model | Named, preprocess: Preprocessing, bands: int | Sequence[int] | None
) -> tuple[ModelEntry, keras.Model | None]:
    """Return the entry of the model that a user means, and the model itself if it is in memory.

    Raises UsageError if there is none of that name, or it has no input shape, and ConfigError for wrong values.
    """
    values: dict[str, Any] = {"preprocess": dict(preprocess) if isinstance(preprocess, Mapping) else preprocess}
    if bands is not None:
        values["bands"] = bands if isinstance(bands, int) else list(bands)
    part = _checked(values)
    own = part.preprocess
    choice = own.choice() if isinstance(own, PreprocessPart) else PreprocessChoice(own)
    start_keras()
    import keras

    if keras.backend.backend() != "tensorflow":
        text = f"Keras runs on {keras.backend.backend()} here, and pictures are made with TensorFlow"
        raise UsageError(text, "Set KERAS_BACKEND=tensorflow before Keras is imported")
    if isinstance(model, str | os.PathLike):
        return replace(entry_named(os.fspath(model), {}), preprocess=choice, bands=part.bands), None
    if not isinstance(model, keras.Model):
        raise UsageError(f"expected a keras.Model, a name or a path, got a {type(model).__name__}")
    if isinstance(model, keras.Sequential) and not model.built:
        text = "the model has no input shape yet"
        raise UsageError(text, "Begin it with keras.Input, or call model.build((None, height, width, channels))")
    name = model.name or "model"
    return ModelEntry(name, slug(name), "callable", name, weights="", preprocess=choice, bands=part.bands), model
