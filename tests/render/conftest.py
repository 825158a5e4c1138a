"""Small networks whose filters' favourite pictures are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import pytest

from generator.config.entries import entry_for_source
from generator.models.load import LoadedModel, load

Loader = Callable[[keras.Model], LoadedModel]


@pytest.fixture
def loaded(tmp_path: Path) -> Loader:
    """Save a model, and load it as the program does."""

    def save_and_load(model: keras.Model) -> LoadedModel:
        path = tmp_path / f"{model.name}.keras"
        model.save(path)
        entry = entry_for_source(str(path), Path())
        assert entry is not None
        return load(entry)

    return save_and_load


@pytest.fixture
def two_layers(loaded: Loader) -> LoadedModel:
    """Two convolutions of three and five filters on colour pictures, with a Rescaling of their own."""
    keras.utils.set_random_seed(1)
    x = inputs = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 255)(x)
    x = keras.layers.Conv2D(3, 5, padding="same", activation="relu", name="first")(x)
    x = keras.layers.MaxPooling2D()(x)
    x = keras.layers.Conv2D(5, 3, padding="same", name="second")(x)
    x = keras.layers.BatchNormalization(name="second_bn")(x)
    x = keras.layers.ReLU(name="second_relu")(x)
    return loaded(keras.Model(inputs, x, name="two_layers"))


@pytest.fixture
def in_float64() -> Iterator[None]:
    """Let Keras compute in float64, where runs do not drift apart."""
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx(before)
    keras.config.set_dtype_policy(before)
