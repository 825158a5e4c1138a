"""Damaged HDF5 files end in an error, whatever the damage does to the library that reads them."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest

from generator.errors import ModelError
from generator.models import hdf5


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    inputs = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(4, 3)(keras.layers.Conv2D(3, 3, activation="relu")(inputs))
    path = tmp_path / "model.h5"
    keras.Model(inputs, x).save(path)
    return path


def test_a_whole_file_passes(saved: Path) -> None:
    hdf5.check_hdf5(saved)


def test_a_damaged_file_is_an_error(saved: Path) -> None:
    content = saved.read_bytes()
    saved.write_bytes(content[:1500] + bytes(400) + content[1900:])
    with pytest.raises(ModelError, match=r"model\.h5: a damaged HDF5 file: .+ Copy it again"):
        hdf5.check_hdf5(saved)


def test_reading_that_does_not_end_is_an_error(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdf5, "TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(hdf5, "_READ_THROUGH", "while True: pass")
    with pytest.raises(ModelError, match=r"a damaged HDF5 file: not read to its end in 0\.5 s"):
        hdf5.check_hdf5(saved)
