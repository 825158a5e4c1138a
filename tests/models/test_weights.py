"""Weights that do not fit: the layer, what it expects and what the file has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras import layers
from keras.src.legacy.saving import legacy_h5_format

from generator.errors import ModelError
from generator.models.load import load
from tests.models import nets
from tests.models.conftest import MakeEntry
from tests.models.written import entry, save


def chain(*filters: int, units: int = 0) -> keras.Model:
    """A chain of convolutions ``c0``, ``c1`` ..., with a classifier ``top`` of so many units."""
    convolutions = [layers.Conv2D(count, 3, name=f"c{i}") for i, count in enumerate(filters)]
    top = [layers.GlobalAveragePooling2D(), layers.Dense(units, name="top")] if units else []
    return keras.Sequential([keras.Input((30, 30, 3)), *convolutions, *top])


def nested(last: int) -> keras.Model:
    inner = keras.Sequential([keras.Input((12, 12, 3)), layers.Conv2D(last, 3, name="deep")], name="inner")
    return keras.Sequential([keras.Input((12, 12, 3)), layers.Conv2D(3, 1, name="stem"), inner])


def save_weights(model: keras.Model, path: Path) -> Path:
    if path.name == "older.h5":
        with h5py.File(path, "w") as opened:
            legacy_h5_format.save_weights_to_hdf5_group(opened, model)
    elif path.suffix == ".keras" or path.name == "whole.h5":
        model.save(path)
    else:
        model.save_weights(path)
    return path


NEWER, OLDER = ("w.weights.h5", "whole.keras"), ("older.h5", "whole.h5")
SHAPES = "expected (3, 3, 4, 5) and (5,), found (3, 3, 4, 6) and (6,)"
MISFITS = [
    (NEWER + OLDER, lambda: chain(4, 5, 7), lambda: chain(4, 6, 7), f"layer `c1`: {SHAPES}"),
    (NEWER + OLDER, lambda: chain(4, 5), lambda: chain(4, 6, units=2), f"layer `c1`: {SHAPES}"),
    (NEWER, lambda: chain(4, 5), lambda: chain(4), "layer `c1`: expected (3, 3, 4, 5) and (5,), found nothing"),
    (
        OLDER,
        lambda: chain(4, 5),
        lambda: chain(4),
        "the file has 1 layers with weights, the network 2; the file ends before layer `c1`: expected (3, 3, 4, 5) and "
        "(5,), found nothing. With or without the classifier on top? See `include_top`",
    ),
    (
        OLDER,
        lambda: chain(4),
        lambda: chain(4, units=2),
        "the file has 2 layers with weights, the network 1; `top` (4, 2) and (2,) is too much. With or without the "
        "classifier on top? See `include_top`",
    ),
    (NEWER, lambda: nested(4), lambda: nested(5), "layer `deep`: expected (3, 3, 3, 4) and (4,), found (3, 3, 3, 5)"),
    (OLDER, lambda: nested(4), lambda: nested(5), "layer `inner`: expected (3, 3, 3, 4) and (4,), found (3, 3, 3, 5)"),
]


@pytest.mark.parametrize(
    ("name", "network", "other", "message"), [(name, *row[1:]) for row in MISFITS for name in row[0]]
)
def test_the_first_layer_that_differs_is_told_with_its_shapes(
    name: str, network: Callable[[], keras.Model], other: Callable[[], keras.Model], message: str, tmp_path: Path
) -> None:
    weights = save_weights(other(), tmp_path / name)
    with pytest.raises(ModelError) as refused:
        load(entry(save(network(), tmp_path / "net.json"), tmp_path, weights=str(weights)))
    assert str(refused.value).startswith(f"{weights}: not weights of net.json: {message}")
    assert "\n" not in str(refused.value)


def test_the_layers_order_in_the_network_decides_which_is_first(tmp_path: Path) -> None:
    """By their paths in the file, ``conv2d_10`` would come before ``conv2d_2``."""
    weights = save_weights(chain(*[2] * 12), tmp_path / "w.weights.h5")
    with pytest.raises(ModelError, match=r"layer `c2`: expected \(3, 3, 2, 3\)"):
        load(entry(save(chain(2, 2, *[3] * 10), tmp_path / "net.json"), tmp_path, weights=str(weights)))


def test_older_layers_of_other_names_are_told_by_both(tmp_path: Path) -> None:
    weights = save_weights(nets.plain(), tmp_path / "older.h5")
    with pytest.raises(ModelError, match=r"layer `c1` \(`second` in the file\): expected .*, found \(3, 3, 4, 5\)"):
        load(entry(save(chain(4, 6), tmp_path / "net.json"), tmp_path, weights=str(weights)))


def test_older_weights_may_have_the_newer_name(tmp_path: Path) -> None:
    """Keras 2 wrote its own format under any name."""
    model = chain(4, 5)
    weights = save_weights(model, tmp_path / "older.h5").rename(tmp_path / "w.weights.h5")
    loaded = load(entry(save(model, tmp_path / "net.json"), tmp_path, weights=str(weights)))
    for actual, expected in zip(loaded.keras_model.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(actual, expected)


def as_text(path: Path) -> None:
    path.write_text("no weights")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    save_weights(nets.plain(), path.with_name("whole.weights.h5"))
    path.write_bytes(path.with_name("whole.weights.h5").read_bytes()[:3000])


def newer(path: Path) -> None:
    save_weights(nets.plain(), path.with_name("w.weights.h5")).rename(path)


def newer_whole(path: Path) -> None:
    save_weights(nets.plain(), path.with_name("w.keras")).rename(path)


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("w.weights.h5", as_text, "not a file of weights: it is a text file"),
        ("w.weights.h5", empty, "not a file of weights: it is empty"),
        ("w.weights.h5", cut, "a damaged HDF5 file: "),
        ("w.weights.h5", Path.mkdir, "a folder, not a file of weights"),
        ("gone.weights.h5", lambda path: None, "No such file or directory"),
        ("w.h5", newer, "Keras reads such weights only by their name. Let the name end in .weights.h5"),
        ("w.bin", newer_whole, "a .keras file by its content. Rename it so that it ends in .keras"),
    ],
)
@pytest.mark.parametrize("source", ["application", "architecture"])
def test_what_holds_no_weights_is_refused_in_one_line(
    source: str, name: str, make: Callable[[Path], None], message: str, tmp_path: Path, entry_of: MakeEntry
) -> None:
    path = tmp_path / name
    make(path)
    if source == "application":
        own = entry_of("MobileNet", weights=str(path), input_shape=(32, 32, 3))
    else:
        own = entry(save(nets.plain(), tmp_path / "net.json"), tmp_path, weights=str(path))
    with pytest.raises(ModelError) as refused:
        load(own)
    assert str(refused.value).startswith(f"{path}: {message}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("w.weights.h5", "layer `conv1`: expected (3, 3, 3, 32), found (3, 3, 3, 4) and (4,)"),
        ("older.h5", "layer `conv1` (`first` in the file): expected (3, 3, 3, 32), found (3, 3, 3, 4) and (4,)"),
    ],
)
def test_wrong_weights_of_an_application(name: str, message: str, tmp_path: Path, entry_of: MakeEntry) -> None:
    weights = save_weights(nets.plain(), tmp_path / name)
    with pytest.raises(ModelError) as refused:
        load(entry_of("MobileNet", weights=str(weights), input_shape=(32, 32, 3)))
    assert str(refused.value) == f"{weights}: not weights of MobileNet: {message}"
