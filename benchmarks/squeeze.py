"""A network of SqueezeNet 1.1's size, without its top: 2,944 filters, random weights.

Source of the sizes: Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters", 2016, table 1, with
the earlier pooling and narrower first layer of the authors' version 1.1.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from generator.models.start import start_keras

start_keras()

import keras  # noqa: E402

MODULES = (16, 64), (16, 64), None, (32, 128), (32, 128), None, (48, 192), (48, 192), (64, 256), (64, 256)
"""After the first layer, from the input on: a fire module's squeezed and expanded channels, or a pooling."""

FIRST = 64

FILTERS = {
    "conv1": FIRST,
    **{
        f"fire{number}_{part}": filters
        for number, (squeezed, expanded) in enumerate(filter(None, MODULES), start=2)
        for part, filters in (("squeeze", squeezed), ("expand1", expanded), ("expand3", expanded))
    },
}
"""Every layer's filters."""


def network(seed: int = 0) -> Any:
    """Return the network."""
    keras.utils.set_random_seed(seed)
    image = keras.Input((None, None, 3))
    value = keras.layers.Rescaling(1 / 127.5, -1)(image)
    value = keras.layers.Conv2D(FIRST, 3, strides=2, activation="relu", name="conv1")(value)
    value = keras.layers.MaxPooling2D(3, 2)(value)
    number = 2
    for module in MODULES:
        if module is None:
            value = keras.layers.MaxPooling2D(3, 2)(value)
        else:
            value = _fire(value, number, *module)
            number += 1
    return keras.Model(image, value)


def saved(folder: Path, seed: int = 0) -> Path:
    """Save the network in a folder, and return the file's path."""
    path = folder / f"squeeze-{seed}.keras"
    network(seed).save(path)
    return path


def _fire(value: Any, number: int, squeezed: int, expanded: int) -> Any:
    def convolution(inputs: Any, filters: int, side: int, part: str) -> Any:
        layer = keras.layers.Conv2D(filters, side, padding="same", activation="relu", name=f"fire{number}_{part}")
        return layer(inputs)

    value = convolution(value, squeezed, 1, "squeeze")
    parts = [convolution(value, expanded, side, f"expand{side}") for side in (1, 3)]
    return keras.layers.Concatenate()(parts)
