"""What a file is by its first bytes, for the error where it is no model that Keras 3 opens."""

from __future__ import annotations

import zipfile
from pathlib import Path

from generator.errors import ModelError, way_out
from generator.files import open_regular
from generator.models.hdf5 import check_hdf5, open_hdf5

SAVE_IT = "Save it with model.save('name.keras')"
SAVE_OR_COPY = f"{SAVE_IT}, or copy it again"
REBUILT = "Build the network in a function of your own, and name it in config.yaml: `source: module:function`"
OWN_FUNCTION = f"{REBUILT}, with this file as `weights:`"
OWN_CLASS = "Or write one class in place of Keras 2's, of the same name: `custom_objects: [module:Class]`"
_CONVERT = (
    "Convert it where it was made, with TensorFlow up to 2.15 or tf_keras: load_model(folder).save('model.h5'); "
    "Keras 3 opens that"
)
_SAVE_THERE = "Where the network was made, save it with model.save('name.keras'), not with model.export"
_REBUILD = "Rebuild the network in Keras, or convert it, and save it with model.save('name.keras')"

_DAMAGED = "a damaged zip archive, perhaps cut short"

HDF5 = b"\x89HDF\r\n\x1a\n"
_BY_HEAD = (
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself", "Fetch it with: git lfs pull"),
    (b"\x89PNG", "a picture", ""),
    (b"\xff\xd8\xff", "a picture", ""),
    (b"GIF8", "a picture", ""),
    (b"%PDF", "a PDF document", ""),
    (b"\x1f\x8b", "a gzip archive", "Unpack it first"),
    (b"\x93NUMPY", "a NumPy array", SAVE_IT),
    (b"<!DOCTYPE", "a web page, perhaps of a download that failed", "Download it again"),
    (b"<!doctype", "a web page, perhaps of a download that failed", "Download it again"),
    (b"<html", "a web page, perhaps of a download that failed", "Download it again"),
)
_BY_SUFFIX = {
    ".pt": "a PyTorch file",
    ".pth": "a PyTorch file",
    ".ckpt": "a checkpoint",
    ".index": "a TensorFlow checkpoint",
    ".safetensors": "a safetensors file",
    ".onnx": "an ONNX model",
    ".pb": "a TensorFlow graph",
}


def refuse_what_is_no_model(path: Path) -> None:
    """Raise ModelError, with what the file is and the way out, unless it is a .keras or .h5 file of a whole model."""
    head = _head(path, "model")
    suffix = path.suffix.lower()
    if head.startswith(HDF5):
        if suffix not in (".h5", ".hdf5"):
            raise ModelError(f"{path}: an HDF5 file by its content", "Rename it so that it ends in .h5")
        check_hdf5(path)
        _refuse_weights_alone(path)
        return
    kind, hint = what_it_is(path, head)
    if kind == "a Keras model":
        if suffix != ".keras":
            raise ModelError(f"{path}: a .keras file by its content", "Rename it so that it ends in .keras")
        return
    if kind == _DAMAGED and suffix == ".keras":
        raise ModelError(f"{path}: Keras cannot load it: it is {kind}", hint)
    expected = f"not a {suffix} model" if suffix in (".keras", ".h5", ".hdf5") else "not a model that Keras 3 opens"
    raise ModelError(f"{path}: {expected}: it is {kind}", hint)


def is_hdf5(path: Path) -> bool:
    """Tell whether a file of weights is an HDF5 file, not a .keras file.

    Raises ModelError, with what it is, if it is neither, or if it is damaged.
    """
    head = _head(path, "file of weights")
    if head.startswith(HDF5):
        check_hdf5(path)
        return True
    kind, _ = what_it_is(path, head)
    if kind != "a Keras model":
        raise ModelError(f"{path}: not a file of weights: it is {kind}", "Save them with model.save_weights()")
    return False


def what_it_is(path: Path, head: bytes) -> tuple[str, str]:
    """Return in words what a file is that is no HDF5 file, and the way out."""
    if not head:
        return "empty", "Copy or download it again"
    if head.startswith(b"PK"):
        return _archive(path)
    for start, kind, hint in _BY_HEAD:
        if head.startswith(start):
            return kind, hint
    if head[4:8] == b"TFL3":
        return "a TensorFlow Lite model", _REBUILD
    if path.suffix.lower() in _BY_SUFFIX:
        return _BY_SUFFIX[path.suffix.lower()], _REBUILD
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "a Python pickle", f"Unpickle it where it was made. {SAVE_IT}"
    if _is_text(head):
        return "a text file", SAVE_IT
    return "a file of another kind", SAVE_IT


def _head(path: Path, expected: str) -> bytes:
    if (path / "saved_model.pb").is_file() or (path / "saved_model.pbtxt").is_file():
        of_export = (path / "fingerprint.pb").is_file() and not (path / "keras_metadata.pb").is_file()
        if of_export:  # TensorFlow writes the former since 2.12, Keras 2 the latter since 2.5
            raise ModelError(f"{path}: a TensorFlow SavedModel, which holds functions, not layers", _SAVE_THERE)
        raise ModelError(f"{path}: a TensorFlow SavedModel, whose layers Keras 3 cannot open", _CONVERT)
    if path.is_dir():
        raise ModelError(f"{path}: a folder, not a {expected}", SAVE_IT if expected == "model" else "")
    try:
        with open_regular(path) as opened:
            return opened.read(512)
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}", way_out(error)) from None


def _archive(path: Path) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return _DAMAGED, SAVE_OR_COPY
    if "config.json" in names and "metadata.json" in names:
        return "a Keras model", ""
    if any(name.endswith(("/data.pkl", "/constants.pkl")) for name in names):
        return "a PyTorch file", _REBUILD
    if names and all(name.endswith(".npy") for name in names):
        return "an archive of NumPy arrays", SAVE_IT
    if any(name.endswith("saved_model.pb") for name in names):
        return "a zipped TensorFlow SavedModel, whose layers Keras 3 cannot open", _CONVERT
    return "a zip archive without a Keras model", SAVE_IT


def _refuse_weights_alone(path: Path) -> None:
    with open_hdf5(path) as opened:
        if "model_config" in opened.attrs:
            return
        of_keras = {"layers", "model_weights", "vars", "top_level_model_weights"} & opened.keys()
        of_keras |= {"layer_names", "layer_names0", "keras_version"} & opened.attrs.keys()
    if of_keras:
        hint = f"Name both: `source: VGG16` or `source: net.json` (from model.to_json()), and `weights: {path.name}`"
        raise ModelError(f"{path}: holds weights only, not the network that they are for", hint)
    raise ModelError(f"{path}: an HDF5 file without a Keras model", SAVE_IT)


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # a character may have been cut at the end
            return False
        text = head[: error.start].decode()
    return all(sign.isprintable() or sign.isspace() for sign in text)
