"""One clear line for every file that is no model: what it is, where that can be told, and the way out."""

from __future__ import annotations

import pickle
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from generator.errors import ModelError
from generator.models import files
from generator.models.load import load
from tests.models import nets
from tests.models.conftest import MakeEntry
from tests.models.written import entry

Make = Callable[[Path], object]


def writing(content: bytes) -> Make:
    """Return a function that writes this content to a path."""
    return lambda path: path.write_bytes(content)


def truncated(path: Path) -> None:
    nets.plain().save(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def flipped(path: Path) -> None:
    nets.plain().save(path)
    content = bytearray(path.read_bytes())
    middle = len(content) // 4
    content[middle : middle + 400] = bytes(400)
    path.write_bytes(bytes(content))


def zipped(*names: str) -> Make:
    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, "no model")

    return make


def folder(path: Path) -> None:
    path.mkdir()
    (path / "something.txt").write_text("else")


def saved_model(path: Path) -> None:
    path.mkdir()
    (path / "saved_model.pb").write_bytes(b"")


def picture(path: Path) -> None:
    Image.new("RGB", (4, 4)).save(path, "PNG")


def arrays(path: Path) -> None:
    with path.open("wb") as opened:
        np.savez(opened, a=np.zeros(3))


def weights_alone(path: Path) -> None:
    nets.plain().save_weights(path)


def other_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as opened:
        opened["measurements"] = np.zeros(3)


def renamed(suffix: str) -> Make:
    def make(path: Path) -> None:
        nets.plain().save(path.with_suffix(suffix))
        path.with_suffix(suffix).rename(path)

    return make


PICKLE = pickle.dumps({"weights": [1.0, 2.0]})
GARBAGE = b"\x00\x01\xfe these are no weights at all"
SAVE = "Save it with model.save('name.keras')"
CONVERT = "TensorFlow up to 2.15 or tf_keras: load_model(folder).save('model.h5'); Keras 3 opens that"

NO_MODELS: list[tuple[str, str, Make, str, str]] = [
    ("garbage", "m.keras", writing(GARBAGE), "not a .keras model: it is a file of another kind", SAVE),
    ("garbage", "m.h5", writing(GARBAGE), "not a .h5 model: it is a file of another kind", SAVE),
    ("garbage", "model", writing(GARBAGE), "not a model that Keras 3 opens: it is a file of another kind", SAVE),
    ("empty", "m.keras", writing(b""), "not a .keras model: it is empty", "Copy or download it again"),
    ("empty", "m.h5", writing(b""), "not a .h5 model: it is empty", "Copy or download it again"),
    ("truncated", "m.keras", truncated, "Keras cannot load it: it is a damaged zip archive, perhaps cut short", SAVE),
    ("truncated", "m.h5", truncated, "a damaged HDF5 file: ", "Copy it again"),
    ("flipped", "m.keras", flipped, "Keras cannot load it: ", SAVE),
    (
        "pickle",
        "m.keras",
        writing(PICKLE),
        "not a .keras model: it is a Python pickle",
        "Unpickle it where it was made",
    ),
    ("pickle", "m.pkl", writing(PICKLE), "not a model that Keras 3 opens: it is a Python pickle", "Unpickle it"),
    ("old torch", "m.pth", writing(PICKLE), "it is a PyTorch file", "Rebuild the network in Keras"),
    ("torch", "m.pt", zipped("m/data.pkl", "m/data/0"), "it is a PyTorch file", "Rebuild the network in Keras"),
    ("onnx", "m.onnx", writing(b"\x08\x07\x12\x07pytorch"), "it is an ONNX model", "Rebuild the network in Keras"),
    (
        "tflite",
        "m.tflite",
        writing(b"\x1c\x00\x00\x00TFL3\x00"),
        "it is a TensorFlow Lite model",
        "Rebuild the network",
    ),
    ("text", "m.keras", writing("Gewichte für später\n".encode()), "not a .keras model: it is a text file", SAVE),
    ("text", "m.txt", writing(b"layers: 3"), "it is a text file", SAVE),
    ("picture", "m.png", picture, "it is a picture", ""),
    ("picture", "m.h5", picture, "not a .h5 model: it is a picture", ""),
    ("download", "m.h5", writing(b"<!DOCTYPE html><p>404"), "it is a web page", "Download it again"),
    ("lfs", "m.keras", writing(b"version https://git-lfs.github.com/spec/v1\n"), "a Git LFS pointer", "git lfs pull"),
    ("zip", "m.keras", zipped("hello.txt"), "not a .keras model: it is a zip archive without a Keras model", SAVE),
    ("arrays", "m.npz", arrays, "it is an archive of NumPy arrays", SAVE),
    ("other hdf5", "m.h5", other_hdf5, "an HDF5 file without a Keras model", SAVE),
    ("weights", "m.weights.h5", weights_alone, "holds weights only", "`weights: m.weights.h5`"),
    ("weights", "m.weights.h5", weights_alone, "holds weights only", "`source: VGG16` or `source: net.json`"),
    ("folder", "m.keras", folder, "a folder, not a model", SAVE),
    ("saved model", "m", saved_model, "a TensorFlow SavedModel, whose layers Keras 3 cannot open", CONVERT),
    ("zipped saved model", "m.zip", zipped("m/saved_model.pb"), "a zipped TensorFlow SavedModel", CONVERT),
    ("renamed", "m.bin", renamed(".keras"), "a .keras file by its content", "Rename it so that it ends in .keras"),
    ("renamed", "m.keras", renamed(".h5"), "an HDF5 file by its content", "Rename it so that it ends in .h5"),
    ("renamed", "m.h5", renamed(".keras"), "a .keras file by its content", "Rename it so that it ends in .keras"),
]


@pytest.mark.parametrize(
    ("name", "make", "message", "hint"), [row[1:] for row in NO_MODELS], ids=[f"{row[0]} {row[1]}" for row in NO_MODELS]
)
def test_what_is_no_model_is_refused_in_one_line(
    name: str, make: Make, message: str, hint: str, tmp_path: Path, entry_of: MakeEntry
) -> None:
    path = tmp_path / name
    make(path)
    with pytest.raises(ModelError) as refused:
        load(entry_of(path))
    assert message in refused.value.args[0]
    assert hint in refused.value.hint
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 600


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not JSON"),
        (b"\x80\x04", "not JSON"),
        (b'{"layers": ', "not JSON"),
        (b"[1, 2]", "JSON, but not a network's"),
        (b'{"class_name": "Sequential"}', "JSON, but not a network's"),
        (
            b'{"class_name": "Dense", "config": {"units": 2}, "module": "keras.layers"}',
            "holds a Dense, not a keras.Model",
        ),
        (b'{"class_name": "Sequential", "config": {"layers": 7}}', "Keras cannot load it"),
    ],
)
def test_json_that_is_no_architecture(content: bytes, message: str, tmp_path: Path, entry_of: MakeEntry) -> None:
    path = tmp_path / "net.json"
    path.write_bytes(content)
    with pytest.raises(ModelError) as refused:
        load(entry_of(path, weights="random"))
    assert str(refused.value).startswith(f"{path}: {message}")
    assert "\n" not in str(refused.value)


def saved_archive(path: Path) -> bytearray:
    """Save a network; return the bytes of its archive."""
    nets.plain().save(path)
    return bytearray(path.read_bytes())


COMPRESSION = {b"PK\x01\x02": 10, b"PK\x03\x04": 8}
ENCRYPTED = {b"PK\x01\x02": 8, b"PK\x03\x04": 6}


@pytest.mark.case("zip-method")
@pytest.mark.parametrize(
    ("fields", "value", "message"),
    [
        (COMPRESSION, 1, "compression method is not supported"),
        (COMPRESSION, 64, "compression method is not supported"),
        (COMPRESSION, 12, ""),  # bzip2, by which the bytes cannot be read
        (COMPRESSION, 14, ""),
        (ENCRYPTED, 1, "is encrypted"),
    ],
)
@pytest.mark.parametrize("member", [b"config.json", b"model.weights.h5"])
def test_an_archive_of_another_kind_inside_is_refused_in_one_line(
    fields: dict[bytes, int], value: int, message: str, member: bytes, tmp_path: Path, entry_of: MakeEntry
) -> None:
    path = tmp_path / "flipped.keras"
    content = saved_archive(path)
    for signature, offset in fields.items():
        length = 46 if signature == b"PK\x01\x02" else 30
        at = content.find(signature)
        while content[at + length : at + length + len(member)] != member:
            at = content.find(signature, at + 1)
        content[at + offset] = value
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"flipped\.keras: Keras cannot load it: ") as refused:
        load(entry_of(path))
    assert message in str(refused.value)
    assert refused.value.hint == files.SAVE_OR_COPY


@pytest.mark.case("temp-left")
@pytest.mark.parametrize("asset", [b"0" * 5000, b""])
def test_an_archive_that_keras_refuses_leaves_no_temporary_files(
    asset: bytes, tmp_path: Path, entry_of: MakeEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, temporary = tmp_path / "bomb.keras", tmp_path / "temporary"
    temporary.mkdir()
    saved_archive(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("assets/asset.txt", asset)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setattr("keras.src.saving.saving_lib._ZIP_EXTRACT_BOMB_FLOOR_BYTES", 1000)
    monkeypatch.setattr("keras.src.saving.saving_lib._ZIP_MEMBER_MAX_EXPANSION", 10)
    if asset:
        with pytest.raises(ModelError, match="decompression bomb"):
            load(entry_of(path))
    else:
        load(entry_of(path))
    assert list(temporary.iterdir()) == []
    assert tempfile.gettempdir() == str(temporary)


@pytest.mark.case("k2-message", "weights-way")
def test_a_file_of_keras_3_that_cannot_be_loaded_gets_advice_that_works(tmp_path: Path, entry_of: MakeEntry) -> None:
    path = tmp_path / "net.keras"
    saved_archive(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["config.json"] = members["config.json"].replace(b'"padding": "valid"', b'"padding": "sideways"')
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(ModelError, match="sideways") as refused:
        load(entry_of(path))
    assert refused.value.hint == files.OWN_FUNCTION
    assert "model.save(" not in str(refused.value)
    (tmp_path / "fgt_own_way.py").write_text(
        "import keras\nfrom keras import layers\ndef build():\n    return keras.Sequential([keras.Input((24, 24, 3)), "
        "layers.Conv2D(4, 3, activation='relu'), layers.MaxPooling2D(), layers.Conv2D(5, 3)])\n"
    )
    own = load(entry("fgt_own_way:build", tmp_path, weights=str(path)))  # as the hint says
    assert [layer.filters for layer in own.summary.layers] == [4, 5]
