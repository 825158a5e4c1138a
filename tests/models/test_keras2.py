"""Models that Keras 2 saved, each written by it (tf_keras) for these tests: they open, and compute what it computed.

The names of the tests hold those of the table of inputs from the world (k2-...).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from generator.assets import photo_path
from generator.errors import ModelError
from generator.models.describe import is_convolution
from generator.models.load import LoadedModel, load
from tests.models.written import entry
from tests.once import once

SCRIPT = Path(__file__).with_name("keras2_nets.py")
FAST = (
    *("depthwise", "nested", "augmentation", "squeeze_excite", "operators", "any_size", "functions", "synchronised"),
    *("activations", "mixed", "shared", "video", "subclass", "built_later", "local", "code"),
    *("odd_function", "odd_argument", "transfer"),
)
SLOW = ("mobilenet", "efficientnet", "mobilenet_v3", "resnet")


def written(factory: pytest.TempPathFactory, name: str, networks: tuple[str, ...]) -> Path:
    def make(folder: Path) -> None:
        command = [sys.executable, str(SCRIPT), str(folder), str(photo_path("chelsea")), *networks]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]

    return once(factory, name, make)


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory, "keras2", FAST)


@pytest.fixture(scope="session")
def saved_large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory, "keras2-large", SLOW)


def opened(path: Path, trust: bool = False, **fields: object) -> LoadedModel:
    return load(entry(path, path.parent, **fields), trust)


def activations(loaded: LoadedModel, picture: np.ndarray) -> dict[str, np.ndarray]:
    """Return what each convolution of the graph gives, by its own name and the number of its call."""
    values: dict[int, Any] = {loaded.graph.input: picture}
    results, calls = {}, Counter[str]()
    for call in loaded.graph.calls:
        call(values)
        if is_convolution(call.op):
            name = call.name.rpartition("/")[2] if call.name.count("/") < 2 else call.name
            calls[name] += 1
            results[f"{name} {calls[name]}"] = np.asarray(values[call.outputs[0]], np.float32)
    return results


def assert_same(loaded: LoadedModel, reference: Path, left_out: int = 0) -> None:
    """Compare the activations of every convolution with those that Keras 2 computed, to 1e-4 of the largest."""
    with np.load(reference) as stored:
        expected = {name: stored[name] for name in stored.files}
    picture = expected.pop("picture")
    own = activations(loaded, picture)
    assert len(own) == len(expected) - left_out
    assert len(loaded.summary.layers) == len(own)
    named = dict(expected)
    for name, values in own.items():
        match = next(other for other in named if name.endswith(other.replace("|", "/")))
        theirs = named.pop(match)
        assert values.shape == theirs.shape, name
        assert np.ptp(theirs) > 1e-6, f"{name} would be the same whatever it computed"
        np.testing.assert_allclose(values, theirs, rtol=1e-4, atol=1e-4 * np.abs(theirs).max(), err_msg=name)


@pytest.mark.parametrize(
    ("name", "convolutions"),
    [
        ("depthwise.h5", 2),  # k2-depthwise-groups
        ("nested.h5", 2),  # k2-bn-axis-list
        ("transfer.h5", 52),  # k2-transfer
        ("augmentation.h5", 1),  # k2-augmentation
        ("augmentation.keras", 1),
        ("squeeze_excite.h5", 3),  # k2-efficientnet, its parts
        ("squeeze_excite.keras", 3),
        ("operators.h5", 3),  # k2-operators
        ("functions.h5", 3),
        ("functions.keras", 3),
        ("any_size.h5", 4),
        ("any_size.keras", 4),
        ("depthwise.keras", 2),  # k2-keras-format
        ("nested.keras", 2),
        ("synchronised.h5", 2),  # k2-syncbn
        ("synchronised.keras", 2),
        ("activations.h5", 13),
        ("activations.keras", 13),
        ("mixed.h5", 2),
        ("shared.h5", 9),
        ("shared.keras", 9),
        ("subclass.h5", 1),
        ("subclass.keras", 1),
        ("built_later.h5", 1),
    ],
)
def test_k2_opens_and_computes_the_same(name: str, convolutions: int, saved: Path) -> None:
    loaded = opened(saved / name)
    assert_same(loaded, (saved / name).with_suffix(".npz"))
    assert len(loaded.summary.layers) == convolutions
