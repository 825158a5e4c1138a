"""The networks of keras.applications, with the weights that Keras downloads or random ones."""

from __future__ import annotations

from typing import Any

import keras
from keras.src.utils import file_utils

from generator.assets.catalogue import weights_folder
from generator.config.values import ModelEntry
from generator.errors import ModelError, WeightsUnavailableError, reason
from generator.models.error_text import quiet
from generator.models.identity import RANDOM_SEED

OWN_SIZE = {"NASNetLarge": (331, 331, 3)}
"""The inputs of networks that Keras cannot build for any size: it wires their cells by sizes."""


def application(entry: ModelEntry) -> keras.Model:
    """Return the entry's network, with random weights unless the entry names ImageNet's.

    Raises ModelError if it cannot be built so, WeightsUnavailableError if its weights are neither cached nor can be
    downloaded.
    """
    build = getattr(keras.applications, entry.source)
    shape = entry.input_shape or OWN_SIZE.get(entry.source)
    arguments: dict[str, Any] = {"include_top": entry.include_top, "input_shape": shape}
    if entry.weights == "imagenet":
        return _pretrained(lambda: build(weights="imagenet", **arguments), entry.source)
    keras.utils.set_random_seed(RANDOM_SEED)
    try:
        with quiet():
            return build(weights=None, **arguments)
    except ValueError as error:
        raise ModelError(f"{entry.source}: {reason(error)}") from error


def _pretrained(build: Any, name: str) -> keras.Model:
    missing: list[str] = []
    get_file = file_utils.get_file

    def watched(fname: str | None = None, origin: str | None = None, *args: Any, **kwargs: Any) -> Any:
        missing.append(fname or str(origin).rsplit("/", 1)[-1])  # it depends on the input's size for some networks
        path = get_file(fname, origin, *args, **kwargs)
        missing.pop()
        return path

    file_utils.get_file = watched
    try:
        with quiet():
            return build()
    except Exception as error:  # urllib, ssl and Keras each raise their own
        if missing:
            looked_for = weights_folder() / missing[0]
            raise WeightsUnavailableError(
                f"{name}: the ImageNet weights could not be downloaded; Keras looked for {looked_for}",
                "Put that file there, or set `weights: random`; the model `demo` works offline",
            ) from error
        raise ModelError(f"{name}: {reason(error)}") from error
    finally:
        file_utils.get_file = get_file
